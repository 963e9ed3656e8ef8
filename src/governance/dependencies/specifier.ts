import semver from "semver";

/** What a package.json may write behind the name of a dependency, taken apart. */
export type Specifier =
  /** Versions of a registry; `name` where it is an alias (`npm:other@^1.0.0`). */
  | { readonly kind: "range"; readonly range: string; readonly name: string | undefined }
  /** Every version: `*`, `x`, nothing. */
  | { readonly kind: "star"; readonly name: string | undefined }
  /** A tag of the registry: `latest`, `next`. */
  | { readonly kind: "tag"; readonly tag: string; readonly name: string | undefined }
  | { readonly kind: "git" | "http" | "file" | "workspace" | "patch" | "unknown" }
  /** Written elsewhere, in a catalog of that name. */
  | { readonly kind: "catalog"; readonly catalog: string };

const GIT = /^(?:git(?:\+[a-z]+)?:|ssh:|github:|gitlab:|bitbucket:|gist:|git@|[\w.-]+@[\w.-]+:)/i;
const GIT_URL = /^https?:\/\/(?:[^/]*@)?(?:github\.com|gitlab\.com|bitbucket\.org)\/|\.git(?:#.*)?$/i;
/** `user/repository`, which npm takes for one on GitHub. */
const SHORT_GIT = /^[\w.-]+\/[\w.-]+(?:#.*)?$/;

/** Longer than anything that is meant, and short enough for any pattern. */
const LENGTH_MAX = 1_000;

/** Takes apart what stands behind a name, as npm, pnpm and yarn understand it. */
export function parseSpecifier(written: string): Specifier {
  const text = written.trim();
  if (text.length > LENGTH_MAX) return { kind: "unknown" };
  if (/^workspace:/i.test(text)) return { kind: "workspace" };
  if (/^catalog:/i.test(text)) return { kind: "catalog", catalog: text.slice(8).trim() || "default" };
  if (/^npm:/i.test(text)) return ofRegistry(text.slice(4));
  if (/^(?:file|link|portal):|^(?:\.{1,2}|~)?[/\\]|^\.{1,2}$|^[a-z]:[/\\]/i.test(text)) {
    return { kind: "file" };
  }
  if (/^patch:/i.test(text)) return { kind: "patch" };
  if (GIT.test(text) || (GIT_URL.test(text) && !/\.t(?:ar\.)?gz$/i.test(text))) return { kind: "git" };
  if (/^https?:/i.test(text)) return { kind: "http" };
  if (/\.t(?:ar\.)?gz$/i.test(text)) return { kind: "file" };
  if (SHORT_GIT.test(text)) return { kind: "git" };
  return /^[a-z+]+:/i.test(text) ? { kind: "unknown" } : versions(text, undefined);
}

/** `other@^1.0.0`, `other`, or yarn's `npm:^1.0.0`. */
function ofRegistry(text: string): Specifier {
  const range = semver.validRange(text, { loose: true });
  if (range !== null) return versions(text, undefined);
  const at = text.indexOf("@", 1);
  if (at !== -1) return versions(text.slice(at + 1).trim(), text.slice(0, at));
  // yarn's `npm:latest` is a tag of the package itself, npm's `npm:other` has no range: any version.
  return { kind: "tag", tag: text, name: undefined };
}

function versions(text: string, name: string | undefined): Specifier {
  const range = semver.validRange(text, { loose: true });
  if (range === null) {
    return /^[^\s/@:%]+$/.test(text) ? { kind: "tag", tag: text, name } : { kind: "unknown" };
  }
  return range === "*" ? { kind: "star", name } : { kind: "range", range: text, name };
}

/** How far a range may reach, from nowhere to anywhere. */
export const REACHES = ["exact", "tilde", "caret", "any"] as const;

/** One of {@link REACHES}. */
export type Reach = (typeof REACHES)[number];

/**
 * How far a range really reaches, however it is written: `1.2.x` is a tilde, `>=1.2.3 <2` a caret, and
 * `^0.2.3` no more than a tilde.
 */
export function reachOf(range: string): Reach {
  const parsed = new semver.Range(range, { loose: true });
  const [first, ...more] = parsed.set;
  if (more.length === 0 && first?.length === 1 && first[0]?.operator === "" && first[0].value !== "") {
    return "exact";
  }
  const least = semver.minVersion(parsed, { loose: true });
  if (least === null) return "any";
  if (semver.subset(parsed, `~${least.version}`)) return "tilde";
  return semver.subset(parsed, `^${least.version}`) ? "caret" : "any";
}

/** Whether a locked version is one that was asked for; undefined where nobody can say. */
export function satisfies(version: string, specifier: Specifier): boolean | undefined {
  if (specifier.kind !== "range") return undefined;
  if (semver.valid(version, { loose: true }) === null) return undefined;
  return semver.satisfies(version, specifier.range, { loose: true });
}
