import { printableLine } from "../../../kernel/printable.ts";
import { fits } from "../../../kernel/path-pattern.ts";
import type { Asked, Manifest } from "../manifest.ts";
import { parseSpecifier, REACHES, reachOf, type Reach, type Specifier } from "../specifier.ts";
import type { Hit, Pinned, Rule, Scene } from "./rule.ts";

type Kind = Exclude<Specifier["kind"], "range" | "unknown">;

/** What stands in place of versions, for people. */
const KINDS: Readonly<Record<Kind, string>> = {
  star: "any version at all",
  tag: "a tag, which means another version tomorrow",
  git: "a git repository, past the registry",
  http: "an archive at an address, past the registry",
  file: "a file or folder",
  patch: "a package with a patch",
  workspace: "a package of this repository",
  catalog: "a range that is written elsewhere",
};

const MARKS: Readonly<Record<Reach, string>> = { exact: "", tilde: "~", caret: "^", any: "^" };

/** See its texts. */
export const DEPENDENCY_RANGE: Rule = {
  name: "dependency-range",
  severity: "error",
  about: "state",
  problem:
    "A range in package.json lets in more versions than the policy of its group or name allows, or is " +
    "no range at all: a tag, any version, a git repository, an archive. The next update of the lock " +
    "then brings what nobody decided on.",
  solution:
    "Narrow the range, or widen `dependencies.ranges` for the name. What a range means counts: `1.2.x` " +
    "is as good as `~1.2.0`. A peer may be `*` where its group may be `any`.",
  find: (scene) =>
    scene.manifests.flatMap(({ read }) => {
      if (read === undefined) return [];
      const pinned = scene.pinned.filter(({ manifest }) => manifest === read);
      return read.asked.flatMap((asked) => judged(asked, read, pinned, scene) ?? []);
    }),
};

function judged(asked: Asked, { file }: Manifest, pinned: readonly Pinned[], scene: Scene): Hit | undefined {
  const { ranges } = scene.settings;
  const { name, group, range, line } = asked;
  const hit = (message: string, fix: string): Hit => ({ subject: name, file, line, message, fix });
  const called = `'${printableLine(name)}' is \`${printableLine(range)}\``;
  const written = parseSpecifier(range);
  const specifier = throughCatalog(name, written, pinned);
  const limit = limitOf(asked, specifier, scene);
  if (specifier.kind === "unknown") {
    return hit(`${called}, which nobody can judge`, "Write a range of versions.");
  }
  // Both are to be allowed: that it stands elsewhere, and what stands there.
  for (const { kind } of written === specifier ? [specifier] : [written, specifier]) {
    if (kind === "range" || kind === "unknown" || ranges.allow.includes(kind)) continue;
    if (kind === "star" && group === "peer" && limit === "any") continue;
    return hit(
      `${called}: ${KINDS[kind]}`,
      `Write ${suggestion(asked, limit, pinned)}, or put \`${kind}\` in \`dependencies.ranges.allow\`.`,
    );
  }
  if (specifier.kind !== "range") return undefined;
  const reach = reachOf(specifier.range);
  if (REACHES.indexOf(reach) <= REACHES.indexOf(limit)) return undefined;
  const elsewhere = written === specifier ? "" : ` (\`${printableLine(specifier.range)}\` in the catalog)`;
  return hit(
    `${called}${elsewhere}, ${far(reach)}; ${a(limit)} is allowed`,
    `Write ${suggestion(asked, limit, pinned)}.`,
  );
}

const a = (reach: Reach): string =>
  reach === "exact" ? "one exact version" : reach === "any" ? "any range" : `a ${reach}`;

const far = (reach: Reach): string =>
  reach === "any" ? "which reaches further than a caret" : `which reaches as far as ${a(reach)}`;

function limitOf({ name, group }: Asked, specifier: Specifier, { settings: { ranges } }: Scene): Reach {
  if (group === "peer") return ranges.peer;
  const published = "name" in specifier ? specifier.name : undefined;
  const own = ranges.names.find(
    (each) => fits(each.name, name) || (published !== undefined && fits(each.name, published)),
  );
  return own?.range ?? ranges[group];
}

function throughCatalog(name: string, specifier: Specifier, pinned: readonly Pinned[]): Specifier {
  if (specifier.kind !== "catalog") return specifier;
  const found = pinned
    .map(({ lock }) => lock?.read?.catalogs.get(specifier.catalog)?.get(name))
    .find((range) => range !== undefined);
  return found === undefined ? specifier : parseSpecifier(found);
}

/** The locked version in the form that is allowed. */
function suggestion({ name, range }: Asked, limit: Reach, pinned: readonly Pinned[]): string {
  const version = pinned
    .map(({ lock, project }) => lock?.read?.lookUp(project, name, range)?.version)
    .find((each) => typeof each === "string");
  if (typeof version !== "string") return a(limit);
  return `\`${MARKS[limit]}${printableLine(version)}\``;
}
