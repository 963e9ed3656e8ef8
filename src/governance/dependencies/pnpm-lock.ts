import { printableLine } from "../../kernel/printable.ts";
import type {
  Dangling,
  Found,
  Group,
  Lock,
  LockedPackage,
  LockedProject,
  LockedRange,
  ReadLock,
} from "./lock.ts";
import { originOf } from "./origin.ts";
import { isTrue, mapAt, textAt, textsOf, type PlacedMap, type Trouble } from "./placed.ts";
import { readYaml } from "./yaml-places.ts";

const AGAIN = "Write it anew with `pnpm install --lockfile-only` and commit it.";

const GROUPS: readonly (readonly [string, Group])[] = [
  ["dependencies", "runtime"],
  ["devDependencies", "dev"],
  ["optionalDependencies", "optional"],
];

/** What a project has of pnpm's own: in the first of two documents (https://pnpm.io/lockfile). */
const TOOLS = ["configDependencies", "packageManagerDependencies"];

/** Reads `pnpm-lock.yaml` of the versions 6 and 9 (pnpm 8 and newer). */
export function readPnpmLock(file: string, text: string): ReadLock {
  const { documents, troubles } = readYaml(text, AGAIN);
  const project = documents.at(-1);
  if (project === undefined) return { lock: undefined, troubles };
  const refused = documents.flatMap((document) => ofVersion(document) ?? []);
  if (refused.length > 0) return { lock: undefined, troubles: [...troubles, ...refused] };
  const reader = new Reader(documents);
  return { lock: reader.lock(file, project), troubles: [...troubles, ...reader.troubles] };
}

function ofVersion(document: PlacedMap): Trouble | undefined {
  const version = textAt(document, "lockfileVersion");
  const line = document.entries.get("lockfileVersion")?.line ?? 1;
  if (version === undefined) {
    return { line, message: "the file does not say its lockfileVersion", fix: AGAIN };
  }
  const major = /^(\d+)(?:\.\d+)?$/.exec(version)?.[1];
  if (major === "6" || major === "9") return undefined;
  const old = major !== undefined && Number(major) < 6;
  return {
    line,
    message: `a lock file of version ${printableLine(version)}; versions 6 and 9 are read`,
    fix: old ? "Write it anew with `pnpm install --lockfile-only` of pnpm 9 or newer and commit it." : AGAIN,
  };
}

class Reader {
  readonly troubles: Trouble[] = [];
  readonly #documents: readonly PlacedMap[];
  /** Key without the peers behind it → package. */
  readonly #packages = new Map<string, LockedPackage>();
  readonly #projects = new Map<string, LockedProject>();
  /** Folder, name → version as written, which says the key. */
  readonly #versions = new Map<string, ReadonlyMap<string, string>>();

  constructor(documents: readonly PlacedMap[]) {
    this.#documents = documents;
  }

  lock(file: string, project: PlacedMap): Lock {
    for (const document of this.#documents) this.#readPackages(document);
    const importers = mapAt(project, "importers");
    if (importers === undefined) this.#project("", 1, project);
    for (const [path, { line, value }] of importers?.entries ?? []) {
      if (value.kind === "map") this.#project(path === "." ? "" : path, line, value);
      // A project without dependencies: `.: {}`, or nothing at all.
      else this.#projects.set(path === "." ? "" : path, { line, ranges: [] });
    }
    return {
      format: "pnpm",
      formatVersion: textAt(project, "lockfileVersion") ?? "",
      file,
      packages: [...this.#packages.values()],
      projects: this.#projects,
      listsPeers: isTrue(mapAt(project, "settings"), "autoInstallPeers"),
      overrides: new Map(textsOf(mapAt(project, "overrides")).map(({ name, text }) => [name, text])),
      catalogs: catalogsOf(project),
      dangling: this.#documents.flatMap((document) => this.#dangling(document)),
      lookUp: (folder, name) => {
        const version = this.#versions.get(folder)?.get(name);
        return version === undefined ? undefined : this.#find(name, version);
      },
    };
  }

  #readPackages(document: PlacedMap): void {
    const snapshots = mapAt(document, "snapshots");
    // With peers behind their names these are many to a package; what they have in common says enough.
    const optional = new Map<string, boolean>();
    for (const [key, { value }] of snapshots?.entries ?? []) {
      const bare = withoutPeers(key);
      const so = value.kind === "map" && isTrue(value, "optional");
      optional.set(bare, (optional.get(bare) ?? true) && so);
    }
    const divided = textAt(document, "lockfileVersion")?.startsWith("9") === true;
    for (const [key, { line, value }] of mapAt(document, "packages")?.entries ?? []) {
      // Since version 9 an entry has two halves; a file that was cut short has only the first.
      if (divided && !optional.has(withoutPeers(key))) {
        const message = `'${printableLine(key)}' is in 'packages' and not in 'snapshots'`;
        this.troubles.push({ line, message, fix: AGAIN });
      }
      const entry: PlacedMap = value.kind === "map" ? value : { kind: "map", line, entries: new Map() };
      const bare = withoutPeers(key);
      if (this.#packages.has(bare)) continue;
      const read = locked(bare, line, entry, optional.get(bare));
      if (read !== undefined) this.#packages.set(bare, read);
      else {
        const message = `'${printableLine(key)}' has no name and version`;
        this.troubles.push({ line, message, fix: AGAIN });
      }
    }
  }

  #project(folder: string, line: number, project: PlacedMap): void {
    const versions = new Map<string, string>();
    const ranges = GROUPS.flatMap(([key, group]) =>
      [...(mapAt(project, key)?.entries ?? [])].flatMap(([name, each]): LockedRange[] => {
        const entry = each.value.kind === "map" ? each.value : undefined;
        const range = textAt(entry, "specifier");
        const version = textAt(entry, "version");
        if (range === undefined || version === undefined) {
          const message = `'${printableLine(name)}' has no specifier and version`;
          this.troubles.push({ line: each.line, message, fix: AGAIN });
          return [];
        }
        versions.set(name, version);
        return [{ name, group, range, line: each.line }];
      }),
    );
    this.#projects.set(folder, { line, ranges });
    this.#versions.set(folder, versions);
  }

  /** By the version that stands beside a name; a folder of the repository has no entry of its own. */
  #find(name: string, version: string): Found | undefined {
    if (/^link:/.test(version)) return { locked: undefined, version: null };
    const bare = withoutPeers(version);
    const locked = [`${name}@${bare}`, `/${name}@${bare}`, bare, `/${bare}`]
      .map((key) => this.#packages.get(key))
      .find((each) => each !== undefined);
    return locked === undefined ? undefined : { locked, version: locked.version };
  }

  #dangling(document: PlacedMap): Dangling[] {
    const holders = mapAt(document, "snapshots") ?? mapAt(document, "packages");
    const byImporters = TOOLS.flatMap((group) => [
      ...(mapAt(mapAt(mapAt(document, "importers"), "."), group)?.entries ?? []),
    ]).flatMap(([name, { line, value }]) => {
      const version = value.kind === "map" ? textAt(value, "version") : undefined;
      return version === undefined || this.#find(name, version) !== undefined
        ? []
        : [{ name, by: ".", line }];
    });
    return [
      ...byImporters,
      ...[...(holders?.entries ?? [])].flatMap(([by, { value }]) =>
        textsOf(value.kind === "map" ? mapAt(value, "dependencies") : undefined)
          .filter(({ name, text }) => this.#find(name, text) === undefined)
          .map(({ name, line }) => ({ name, by, line })),
      ),
    ];
  }
}

/** `1.0.0(react@18.2.0)(typescript@5.0.0)` → `1.0.0`. */
function withoutPeers(key: string): string {
  let bare = key;
  // From behind, one bracket with all that is in it at a time: a folder may have brackets in its name.
  while (bare.endsWith(")")) {
    let depth = 0;
    let at = bare.length;
    do {
      at -= 1;
      if (bare[at] === ")") depth += 1;
      if (bare[at] === "(") depth -= 1;
    } while (depth > 0 && at > 0);
    if (at === 0) return key;
    bare = bare.slice(0, at);
  }
  return bare;
}

function locked(
  key: string,
  line: number,
  entry: PlacedMap,
  optional: boolean | undefined,
): LockedPackage | undefined {
  const resolution = mapAt(entry, "resolution");
  const path = key.replace(/^\//, "");
  const at = path.indexOf("@", 1);
  const behind = at === -1 ? "" : path.slice(at + 1);
  const slash = path.slice(0, Math.max(0, at)).lastIndexOf("/");
  // `registry.example.org/name@1.0.0` of version 6.
  const inKey =
    /^[^@][^./]*\.[^/]*\//.test(path) && !key.startsWith("/") ? path.slice(slash + 1, at) : path.slice(0, at);
  const name = textAt(entry, "name") ?? (at === -1 ? undefined : inKey);
  const commit = textAt(resolution, "commit");
  const repository = textAt(resolution, "repo");
  const git = repository === undefined ? undefined : `${repository}#${commit ?? ""}`;
  const tarball = textAt(resolution, "tarball");
  const folder = textAt(resolution, "directory");
  const resolved = git ?? tarball ?? (folder === undefined ? undefined : `file:${folder}`);
  const version = textAt(entry, "version") ?? (/^\d/.test(behind) ? behind : undefined);
  if (name === undefined || name === "") return undefined;
  if (version === undefined && resolved === undefined) return undefined;
  const requiresBuild = entry.entries.has("requiresBuild");
  const sixth = key.startsWith("/") || entry.entries.has("dev");
  return {
    key,
    name,
    version: version ?? null,
    origin: git !== undefined ? "git" : folder !== undefined ? "local" : originOf(resolved ?? null),
    resolved: resolved ?? null,
    integrity: textAt(resolution, "integrity") ?? null,
    withoutChecksum: null,
    // Version 9 no longer tells.
    installScript: requiresBuild ? isTrue(entry, "requiresBuild") : sixth ? false : null,
    licence: null,
    dev: entry.entries.has("dev") ? isTrue(entry, "dev") : null,
    optional: optional ?? (entry.entries.has("optional") ? isTrue(entry, "optional") : null),
    line,
  };
}

function catalogsOf(project: PlacedMap): Map<string, ReadonlyMap<string, string>> {
  return new Map(
    [...(mapAt(project, "catalogs")?.entries ?? [])].flatMap(([catalog, { value }]) => {
      if (value.kind !== "map") return [];
      const ranges = [...value.entries].flatMap(([name, each]): [string, string][] => {
        const range = each.value.kind === "map" ? textAt(each.value, "specifier") : undefined;
        return range === undefined ? [] : [[name, range]];
      });
      return [[catalog, new Map(ranges)]];
    }),
  );
}
