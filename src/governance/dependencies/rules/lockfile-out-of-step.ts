import { printableLine } from "../../../kernel/printable.ts";
import { renewal, type Group, type Lock, type LockedRange } from "../lock.ts";
import { overriddenName, type Asked, type Manifest } from "../manifest.ts";
import { parseSpecifier, satisfies, type Specifier } from "../specifier.ts";
import { readable, type Hit, type Pinned, type Rule, type Scene } from "./rule.ts";

/** Names of the groups in package.json. */
const KEYS: Readonly<Record<Group, string>> = {
  runtime: "dependencies",
  dev: "devDependencies",
  optional: "optionalDependencies",
  peer: "peerDependencies",
};

/** See its texts. */
export const LOCKFILE_OUT_OF_STEP: Rule = {
  name: "lockfile-out-of-step",
  severity: "error",
  about: "state",
  problem:
    "A package.json and its lock file say different things: a range that the lock does not know, a " +
    "locked version or package that was not asked for, an entry that nobody asks for any more, or " +
    "packages that are missing. Package managers stop there or quietly install something else; `npm ci` " +
    "lets pass what still fits, and the next install then changes the lock file in a pull request about " +
    "something else.",
  solution: "Run the package manager's install after each change of package.json and commit both files.",
  find: (scene) => [
    ...scene.pinned.flatMap((pinned) => stepsOf(pinned, scene)),
    ...readable(scene.locks).flatMap((lock) => danglingOf(lock, projectsIn(scene, lock))),
  ],
};

function stepsOf(pinned: Pinned, scene: Scene): Hit[] {
  const { manifest, project } = pinned;
  const lock = pinned.lock?.read;
  if (lock === undefined) return [];
  const step = new Step(manifest, lock, project, overriddenIn(scene, lock, manifest), namesIn(scene, lock));
  return [...step.hits(), ...(pinned.strays ?? []).map((file) => strayOf(file, lock))];
}

function strayOf(file: string, lock: Lock): Hit {
  const message = `is read by nobody: its package.json is a workspace, for which ${lock.file} counts`;
  return { subject: file, file, line: 1, message, fix: `Remove ${file}.`, severity: "note" };
}

/**
 * Names that other versions are put in place of: only pnpm and yarn let a project's own dependencies
 * differ.
 */
function overriddenIn({ manifests }: Scene, lock: Lock, manifest: Manifest): ReadonlySet<string> {
  if (lock.format === "npm") return new Set();
  const folder = lock.file.slice(0, Math.max(0, lock.file.lastIndexOf("/")));
  const root = manifests.find(({ read }) => read?.folder === folder)?.read;
  return new Set([
    ...manifest.overridden,
    ...(root?.overridden ?? []),
    ...[...lock.overrides.keys()].map(overriddenName),
  ]);
}

/** Names of the packages of the repository that the lock file is for as well. */
function namesIn({ pinned }: Scene, lock: Lock): ReadonlySet<string> {
  const members = pinned.filter((each) => each.lock?.read === lock);
  return new Set(members.flatMap(({ manifest: { name } }) => name ?? []));
}

/** One package.json held against its lock. */
class Step {
  readonly #manifest: Manifest;
  readonly #lock: Lock;
  readonly #project: string;
  readonly #overridden: ReadonlySet<string>;
  readonly #own: ReadonlySet<string>;

  constructor(
    manifest: Manifest,
    lock: Lock,
    project: string,
    overridden: ReadonlySet<string>,
    own: ReadonlySet<string>,
  ) {
    this.#manifest = manifest;
    this.#lock = lock;
    this.#project = project;
    this.#overridden = overridden;
    this.#own = own;
  }

  hits(): Hit[] {
    const { asked } = this.#manifest;
    const known = this.#lock.projects?.get(this.#project);
    if (this.#lock.projects !== null && known === undefined) {
      const message = `${this.#lock.file} does not know this package.json`;
      return asked.length === 0 ? [] : [this.#hit(this.#manifest.file, asked[0] as Asked, message)];
    }
    const ranges = known?.ranges;
    return [
      ...asked.flatMap((each) => {
        const message = this.#otherRange(each, ranges) ?? this.#otherVersion(each);
        return message === undefined ? [] : [this.#hit(this.#manifest.file, each, message)];
      }),
      ...(ranges ?? [])
        .filter(({ name }) => !asked.some((each) => each.name === name))
        .map((each) => {
          const called = `'${printableLine(each.name)}'`;
          const message = `${this.#lock.file} has ${called}, which package.json does not ask for`;
          return this.#hit(this.#lock.file, each, message);
        }),
    ];
  }

  #hit(file: string, { name, line }: { name: string; line: number }, message: string): Hit {
    const place = this.#lock.file.includes("/") ? ` beside ${this.#lock.file}` : "";
    const fix = `Run \`${renewal(this.#lock.file)}\`${place} and commit ${this.#lock.file}.`;
    return { subject: name, file, line, message, fix };
  }

  /** What the lock remembers of package.json, against what that says. */
  #otherRange({ name, group, range }: Asked, ranges: readonly LockedRange[] | undefined): string | undefined {
    const { format, file, listsPeers } = this.#lock;
    if (ranges === undefined) return undefined;
    const called = `'${printableLine(name)}'`;
    const same = ranges.filter((each) => each.name === name);
    if (same.length > 0 && this.#overridden.has(name)) return undefined;
    // One that is in several groups is in one of them here.
    const several = this.#manifest.asked.filter((each) => each.name === name).length > 1;
    // pnpm lists the peers that it installs among the others, and leaves out optional ones.
    const mixed = group === "peer" && format === "pnpm";
    if (mixed && (several || !listsPeers || this.#manifest.optionalPeers.has(name))) return undefined;
    const alike = same.filter(
      (each) => mixed || each.group === group || (each.group === null && group !== "peer"),
    );
    if (alike.length === 0 && !(several && same.length > 0)) {
      const [other] = same;
      if (other === undefined) return `${file} does not know ${called}: ${quoted(range)} was asked for`;
      const groups = `${KEYS[group]} here and ${KEYS[other.group ?? "runtime"]} in ${file}`;
      return `${called} is in ${groups}`;
    }
    const candidates = alike.length > 0 && !several ? alike : same;
    if (candidates.some((each) => alikeRanges(each.range, range))) return undefined;
    return `${called} is ${quoted(range)} here and ${quoted(candidates[0]?.range ?? "")} in ${file}`;
  }

  /** What was locked, against what was asked for. */
  #otherVersion({ name, group, range }: Asked): string | undefined {
    if (this.#overridden.has(name)) return undefined;
    const specifier = this.#throughCatalog(name, parseSpecifier(range));
    const found = this.#lock.lookUp(this.#project, name, range);
    const called = `'${printableLine(name)}'`;
    if (found === undefined) {
      if (group === "peer" || this.#needsNoEntry(name, specifier)) return undefined;
      return `${this.#lock.file} has no version of ${called}: ${quoted(range)} was asked for`;
    }
    const { locked, version } = found;
    const published = "name" in specifier ? (specifier.name ?? name) : undefined;
    if (locked?.origin === "registry" && published !== undefined && locked.name !== published) {
      const other = `the package '${printableLine(locked.name)}' in place of '${printableLine(published)}'`;
      return `${this.#lock.file} has ${other}`;
    }
    if (locked === undefined || version === null || satisfies(version, specifier) !== false) {
      return locked === undefined && version !== null && satisfies(version, specifier) === false
        ? `the repository's own ${called} is ${quoted(version)}, and ${quoted(range)} was asked for`
        : undefined;
    }
    return `${this.#lock.file} has ${called} ${quoted(version)}, which ${quoted(range)} does not allow`;
  }

  /** yarn 1 has no entries for the packages of the repository itself. */
  #needsNoEntry(name: string, { kind }: Specifier): boolean {
    return (
      this.#lock.format === "yarn-classic" && (this.#own.has(name) || kind === "file" || kind === "workspace")
    );
  }

  #throughCatalog(name: string, specifier: Specifier): Specifier {
    if (specifier.kind !== "catalog") return specifier;
    const range = this.#lock.catalogs.get(specifier.catalog)?.get(name);
    return range === undefined ? specifier : parseSpecifier(range);
  }
}

/** yarn writes `npm:^1.0.0` for `^1.0.0`. */
const alikeRanges = (locked: string, asked: string): boolean =>
  locked.trim() === asked.trim() || locked.trim() === `npm:${asked.trim()}`;

const quoted = (text: string): string => `\`${printableLine(text)}\``;

/** Of what a package of the repository itself satisfies yarn 1 writes no entry. */
function projectsIn({ manifests }: Scene, { format }: Lock): ReadonlySet<string> {
  if (format !== "yarn-classic") return new Set();
  return new Set(manifests.flatMap(({ read }) => read?.name ?? []));
}

/** One finding a file: a file that was cut short lacks hundreds. */
function danglingOf({ dangling, file }: Lock, projects: ReadonlySet<string>): Hit[] {
  const [first, ...more] = dangling.filter(({ name }) => !projects.has(name));
  if (first === undefined) return [];
  const others = new Set(more.map(({ name }) => name)).size;
  return [
    {
      subject: file,
      file,
      line: first.line,
      message:
        `'${printableLine(first.by)}' needs '${printableLine(first.name)}', which the file does not have` +
        (others > 0 ? ` (and so with ${others} more)` : ""),
      fix: `Run \`${renewal(file)}\` and commit ${file}: it was cut short or edited by hand.`,
    },
  ];
}
