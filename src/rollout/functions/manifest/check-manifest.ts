import semver from "semver";
import { before } from "../../../kernel/cut.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { inLevels, oneCircle, type Needs } from "./order.ts";
import type { FunctionManifest } from "./manifest.ts";
import { keyText, type ManifestProblem, type ReadManifest } from "./read-manifest.ts";

/** What a store keeps of a function. */
export interface KeptVersions {
  readonly versions: ReadonlySet<string>;
  /** Whether all of it could be read: what could not may be any other version. */
  readonly isWhole: boolean;
}

/** What a manifest is held against. */
export interface Around {
  /** Names of the folders that hold functions. */
  readonly folders: ReadonlySet<string>;
  /** Versions that can be gone back to, by function; undefined where nobody was asked. */
  readonly kept: ReadonlyMap<string, KeptVersions> | undefined;
  /** What Supabase's own `config.toml` says of them. */
  readonly config: {
    get(name: string): { readonly isEnabled: boolean; readonly verifyJwt: boolean | undefined } | undefined;
  };
}

/** A function at a version, or at a range of them: `orders@^1.2.0`. */
export interface FunctionReference {
  readonly name: string;
  readonly version: string;
}

/** Undefined where it is none. */
export function referenceIn(text: string): FunctionReference | undefined {
  const at = text.indexOf("@");
  if (at <= 0 || at === text.length - 1) return undefined;
  return { name: text.slice(0, at), version: text.slice(at + 1) };
}

/** Names that each function needs, as its manifest says; what is malformed is left out. */
export function needsOf({ functions }: FunctionManifest): Needs {
  return new Map(
    Object.entries(functions).map(([name, { dependencies }]) => [
      name,
      dependencies.flatMap((each) => referenceIn(each)?.name ?? []),
    ]),
  );
}

/** Everything that is wrong with a manifest, in the order of its lines. */
export function checkManifest(read: ReadManifest, around: Around): readonly ManifestProblem[] {
  const { manifest, problems } = read;
  if (manifest === undefined) return byLine(problems);
  const found: ManifestProblem[] = [...problems];
  const say = (path: readonly PropertyKey[], message: string): void => {
    found.push({ line: read.lineOf(path), key: keyText(path), message });
  };
  checkFolders(manifest, around, say);
  checkConfig(manifest, around, say);
  checkVersions(manifest, say);
  checkSmoke(manifest, say);
  checkDependencies(manifest, say);
  checkMatrix(manifest, say);
  checkTargets(manifest, around, say);
  return byLine(found);
}

type Say = (path: readonly PropertyKey[], message: string) => void;

function byLine(problems: readonly ManifestProblem[]): readonly ManifestProblem[] {
  return [...problems].sort((a, b) => a.line - b.line);
}

function checkFolders({ functions }: FunctionManifest, { folders }: Around, say: Say): void {
  for (const name of Object.keys(functions)) {
    if (!folders.has(name)) say(["functions", name], `there is no folder of the function ${name}`);
  }
  for (const name of [...folders].sort()) {
    if (!Object.hasOwn(functions, name)) {
      say(["functions"], `the function ${printableLine(name)} has a folder, and is not in the manifest`);
    }
  }
}

/** What two files say in two ways one of them says wrongly. */
function checkConfig({ functions }: FunctionManifest, { config }: Around, say: Say): void {
  for (const [name, { verify_jwt: verifyJwt }] of Object.entries(functions)) {
    const said = config.get(name);
    if (said?.isEnabled === false) say(["functions", name], "config.toml says that it is not enabled");
    if (verifyJwt !== undefined && said?.verifyJwt !== undefined && said.verifyJwt !== verifyJwt) {
      say(["functions", name, "verify_jwt"], `config.toml says verify_jwt = ${said.verifyJwt}`);
    }
  }
}

/** `semver` reads `v1.2.3` and ` 1.2.3` too; here a version is written in one way. */
export function isVersion(text: string): boolean {
  return semver.parse(text)?.version === before(text, "+");
}

function checkVersions({ functions }: FunctionManifest, say: Say): void {
  for (const [name, { version }] of Object.entries(functions)) {
    if (!isVersion(version)) {
      say(["functions", name, "version"], `'${printableLine(version)}' is no version such as 1.3.0`);
    }
  }
}

/** What the connection itself needs is set by whoever makes it: a request with one of these is never sent. */
const OF_CONNECTION: ReadonlySet<string> = new Set(["expect", "keep-alive", "transfer-encoding", "upgrade"]);

function checkSmoke({ functions }: FunctionManifest, say: Say): void {
  for (const [name, { smoke }] of Object.entries(functions)) {
    for (const header of Object.keys(smoke?.headers ?? {})) {
      if (!OF_CONNECTION.has(header.toLowerCase())) continue;
      say(["functions", name, "smoke", "headers", header], `'${header}' is set by the connection itself`);
    }
  }
}

function checkDependencies(manifest: FunctionManifest, say: Say): void {
  const { functions } = manifest;
  for (const [name, { dependencies }] of Object.entries(functions)) {
    for (const [index, text] of dependencies.entries()) {
      const path = ["functions", name, "dependencies", index];
      const shown = printableLine(text);
      const reference = referenceIn(text);
      if (reference === undefined) {
        say(path, `'${shown}' is not written as name@version`);
        continue;
      }
      const needed = Object.hasOwn(functions, reference.name) ? functions[reference.name] : undefined;
      if (needed === undefined) say(path, `${shown}: there is no function ${printableLine(reference.name)}`);
      else if (semver.validRange(reference.version) === null) {
        say(path, `'${shown}' has no version, and no range of versions, behind its @`);
      } else if (isVersion(needed.version) && !fitsRange(needed.version, reference.version)) {
        say(path, `${shown} is needed, and ${reference.name} has the version ${needed.version}`);
      }
    }
  }
  const needs = needsOf(manifest);
  let left = inLevels(Object.keys(functions), needs).circular;
  while (left.length > 0) {
    const circle = oneCircle(left, needs);
    say(
      ["functions", circle[0] ?? left[0]!, "dependencies"],
      `functions need each other in a circle: ${circle.join(" → ")}`,
    );
    // One problem for each circle, and none for what only hangs on it.
    const known = new Set(circle);
    const rest = left.filter((name) => !known.has(name));
    left = inLevels(rest, needs).circular;
  }
}

function fitsRange(version: string, range: string): boolean {
  return semver.satisfies(version, range, { includePrerelease: true });
}

function checkMatrix({ functions, api_versions: matrix }: FunctionManifest, say: Say): void {
  for (const [api, row] of Object.entries(matrix)) {
    for (const [name, range] of Object.entries(row)) {
      const path = ["api_versions", api, name];
      if (!Object.hasOwn(functions, name)) say(path, `there is no function ${name}`);
      if (semver.validRange(range) === null) say(path, `'${printableLine(range)}' is no range of versions`);
    }
  }
  for (const [name, { version, compatibility }] of Object.entries(functions)) {
    for (const [index, api] of compatibility.entries()) {
      const path = ["functions", name, "compatibility", index];
      const shown = printableLine(api);
      const row = Object.hasOwn(matrix, api) ? matrix[api] : undefined;
      const range = row !== undefined && Object.hasOwn(row, name) ? row[name] : undefined;
      if (row === undefined) say(path, `there is no API version ${shown} in api_versions`);
      else if (range === undefined) say(path, `api_versions.${shown} does not name ${name}`);
      else if (semver.validRange(range) !== null && isVersion(version) && !fitsRange(version, range)) {
        say(
          path,
          `api_versions.${shown} takes ${name} ${printableLine(range)}, and it has the version ${version}`,
        );
      }
    }
  }
}

function isLacking(kept: KeptVersions | undefined, version: string): boolean {
  return kept === undefined || (kept.isWhole && !kept.versions.has(version));
}

function checkTargets({ functions }: FunctionManifest, { kept }: Around, say: Say): void {
  for (const [name, { version, rollback_target: target }] of Object.entries(functions)) {
    if (target === null || target === undefined) continue;
    const path = ["functions", name, "rollback_target"];
    const shown = printableLine(target);
    const reference = referenceIn(target);
    if (reference === undefined) say(path, `'${shown}' is not written as name@version`);
    else if (reference.name !== name) say(path, `${shown} is another function than ${name}`);
    else if (!isVersion(reference.version)) say(path, `'${shown}' has no version such as 1.2.0 behind its @`);
    else if (reference.version === version) say(path, `${shown} is the version that is to be taken back`);
    else if (kept !== undefined && isLacking(kept.get(name), reference.version)) {
      say(path, `${shown} does not exist: the store keeps no sources of it`);
    }
  }
}
