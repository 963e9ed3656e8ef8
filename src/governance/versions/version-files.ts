import { isUtf8 } from "node:buffer";
import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { markedPlaces } from "./marked-lines.ts";
import { versionAtKey, type KeyPath } from "./version-at-key.ts";
import type { VersionFile } from "./version-files-setting.ts";
import type { TextPlace } from "./version-text.ts";

/** npm's own files, whose versions stand in known places. */
const PACKAGE = "package.json";
const LOCKS: ReadonlySet<string> = new Set(["package-lock.json", "npm-shrinkwrap.json"]);
const BY_KEY = /\.(?:json|ya?ml)$/i;

/** Where npm has the version of its project; a lock file of its first format has only the first. */
const VERSION: KeyPath = ["version"];
const IN_LOCK: KeyPath = ["packages", "", "version"];

/** Paths of the files that {@link withVersion} wants to see, as far as they are there. */
export function versionFilePaths(declared: readonly VersionFile[] | undefined): readonly string[] {
  return declared === undefined ? [PACKAGE, ...LOCKS] : [...new Set(declared.map(({ path }) => path))];
}

/**
 * Writes a version into files and changes no other byte of them.
 *
 * @param files those of {@link versionFilePaths} that are there
 * @param declared by the settings; by default npm's, where they are and have a version
 * @returns the files that are other than before
 * @throws source.missing where a declared file is not there; input.malformed where one has no place for it
 */
export function withVersion(
  files: ReadonlyMap<string, Buffer>,
  version: string,
  declared: readonly VersionFile[] | undefined,
): ReadonlyMap<string, Buffer> {
  if (semver.parse(version)?.version !== version) throw new Error(`'${version}' is no version to be written`);
  const changed = new Map<string, Buffer>();
  for (const path of versionFilePaths(declared)) {
    const before = files.get(path);
    if (before === undefined && declared === undefined) continue;
    if (before === undefined) throw missing(path);
    const text = textOf(before, path);
    const places =
      declared === undefined
        ? usualPlaces(path, text)
        : declared.filter((each) => each.path === path).flatMap((each) => placesOf(each, text));
    const after = Buffer.from(replaced(text, places, version));
    if (!after.equals(before)) changed.set(path, after);
  }
  return changed;
}

/** By default a file without a version is left as it is: so are packages that are never published. */
function usualPlaces(path: string, text: string): TextPlace[] {
  const keys = path === PACKAGE ? [VERSION] : [VERSION, IN_LOCK];
  return keys.flatMap((key) => versionAtKey({ path, text, key }, "may be missing") ?? []);
}

function placesOf({ path, key }: VersionFile, text: string): readonly TextPlace[] {
  if (key !== undefined) {
    if (!BY_KEY.test(path)) throw keyless(path, key);
    return [
      versionAtKey({ path, text, key: typeof key === "string" ? key.split(".") : key }, "must be there")!,
    ];
  }
  const name = path.split("/").at(-1)!;
  if (name === PACKAGE) return [versionAtKey({ path, text, key: VERSION }, "must be there")!];
  if (!LOCKS.has(name)) return markedPlaces(path, text);
  const inLock = versionAtKey({ path, text, key: IN_LOCK }, "may be missing");
  return [
    versionAtKey({ path, text, key: VERSION }, "must be there")!,
    ...(inLock === undefined ? [] : [inLock]),
  ];
}

function replaced(text: string, places: readonly TextPlace[], version: string): string {
  let result = text;
  // From the end, so that what stands before keeps its place; the same place may be declared twice.
  let next = Infinity;
  for (const { start, end } of [...places].sort((a, b) => b.start - a.start)) {
    if (start === next) continue;
    next = start;
    result = result.slice(0, start) + version + result.slice(end);
  }
  return result;
}

function textOf(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new HoldfastError("input.malformed", `the version file ${printableLine(path)} is not UTF-8`, {
    hint: "Save it as UTF-8, or take it out of release.version-files.",
  });
}

function missing(path: string): HoldfastError {
  return new HoldfastError("source.missing", `there is no version file ${printableLine(path)}`, {
    hint: "Correct its path in release.version-files, from the repository's root; a link is not followed.",
  });
}

function keyless(path: string, key: VersionFile["key"]): HoldfastError {
  const shown = printableLine([key].flat().join("."));
  return new HoldfastError(
    "input.malformed",
    `release.version-files gives ${printableLine(path)} the key '${shown}', and only JSON and YAML have keys`,
    { hint: "Leave the key out, and write x-holdfast-version in a comment on the line of the version." },
  );
}
