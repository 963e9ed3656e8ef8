import { printableLine } from "../../kernel/printable.ts";
import { readJson } from "./json-places.ts";
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
import { isTrue, mapAt, textAt, textsOf, writtenAt, type PlacedMap, type Trouble } from "./placed.ts";

const AGAIN = "Write it anew with `npm install --package-lock-only` and commit it.";

/** Keys of a package.json, as an entry of the lock has them too. */
const GROUPS: readonly (readonly [string, Group])[] = [
  ["dependencies", "runtime"],
  ["devDependencies", "dev"],
  ["optionalDependencies", "optional"],
  ["peerDependencies", "peer"],
];

/** Name of a package: `name` or `@scope/name`. */
const NAME = /^(?:@[^/@\s]+\/)?[^/@\s][^/\s]*$/;

/** Longer than any system has paths. */
const PATH_MAX = 4_096;

/**
 * Reads `package-lock.json` and `npm-shrinkwrap.json` of the versions 2 and 3:
 * https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
 */
export function readNpmLock(file: string, text: string): ReadLock {
  const { tree, troubles } = readJson(text, AGAIN);
  if (tree === undefined) return { lock: undefined, troubles };
  const top = tree.kind === "map" ? tree : undefined;
  const version = writtenAt(top, "lockfileVersion");
  const refused = top === undefined ? noLock("the file is no lock file of npm") : ofVersion(top, version);
  if (top === undefined || version === undefined || refused !== undefined) {
    return { lock: undefined, troubles: [...troubles, ...(refused === undefined ? [] : [refused])] };
  }
  const reader = new Reader(mapAt(top, "packages") as PlacedMap);
  return { lock: reader.lock(file, version), troubles: [...troubles, ...reader.troubles] };
}

const noLock = (message: string): Trouble => ({ line: 1, message, fix: AGAIN });

function ofVersion(top: PlacedMap, version: string | undefined): Trouble | undefined {
  const line = top.entries.get("lockfileVersion")?.line ?? 1;
  if (version === "1" || (version === undefined && mapAt(top, "dependencies") !== undefined)) {
    return {
      line,
      message: "a lock file of version 1 (npm 6 and older), which does not hold what package.json asked for",
      fix:
        "Raise it with `npm install --package-lock-only --lockfile-version 3` of npm 7 or newer and " +
        "commit it.",
    };
  }
  if (version !== "2" && version !== "3") {
    return {
      line,
      message:
        version === undefined
          ? "the file does not say its lockfileVersion"
          : `a lock file of version ${printableLine(version)}; versions 2 and 3 are read`,
      fix: AGAIN,
    };
  }
  return mapAt(top, "packages") === undefined ? noLock("the file has no 'packages'") : undefined;
}

class Reader {
  readonly troubles: Trouble[] = [];
  readonly #entries: PlacedMap;
  readonly #packages = new Map<string, LockedPackage>();
  readonly #projects = new Map<string, LockedProject>();
  /** `node_modules` path → folder of the repository that lies there by a link. */
  readonly #links = new Map<string, string>();

  constructor(entries: PlacedMap) {
    this.#entries = entries;
  }

  lock(file: string, formatVersion: string): Lock {
    for (const [key, { line, value }] of this.#entries.entries) {
      if (value.kind === "map") this.#entry(key, line, value);
      else this.#trouble(line, `the entry '${printableLine(key)}' is no object`);
    }
    if (!this.#projects.has("")) this.#trouble(1, "the lock file has no entry for package.json itself");
    return {
      format: "npm",
      formatVersion,
      file,
      packages: [...this.#packages.values()],
      projects: this.#projects,
      listsPeers: true,
      overrides: new Map(),
      catalogs: new Map(),
      dangling: this.#dangling(),
      lookUp: (project, name) => this.#lookUp(project, name),
    };
  }

  #trouble(line: number, message: string): void {
    this.troubles.push({ line, message, fix: AGAIN });
  }

  #entry(key: string, line: number, entry: PlacedMap): void {
    const at = key.lastIndexOf("node_modules/");
    if (at === -1 || (at > 0 && key[at - 1] !== "/")) {
      this.#projects.set(key, { line, ranges: rangesOf(entry) });
      return;
    }
    const folder = key.slice(at + "node_modules/".length);
    if (!NAME.test(folder) || key.length > PATH_MAX) {
      this.#trouble(line, `'${printableLine(key.slice(0, 200))}' is no path of a package`);
      return;
    }
    const resolved = textAt(entry, "resolved") ?? null;
    if (isTrue(entry, "link")) {
      this.#links.set(key, resolved ?? "");
      return;
    }
    const version = textAt(entry, "version") ?? null;
    const optional = isTrue(entry, "optional") || isTrue(entry, "devOptional") || isTrue(entry, "peer");
    // Optional peers that nobody installed have none: https://github.com/npm/cli/pull/8800
    if (version === null && !optional) this.#trouble(line, `'${printableLine(key)}' has no version`);
    this.#packages.set(key, {
      key,
      name: textAt(entry, "name") ?? folder,
      version,
      origin: originOf(resolved),
      resolved,
      integrity: textAt(entry, "integrity") ?? null,
      withoutChecksum: isTrue(entry, "inBundle") && this.#isBelowBundler(key) ? "bundled" : null,
      installScript: isTrue(entry, "hasInstallScript"),
      licence: licenceOf(entry),
      dev: isTrue(entry, "dev") || isTrue(entry, "devOptional"),
      optional: isTrue(entry, "optional") || isTrue(entry, "devOptional"),
      line,
    });
  }

  /** npm itself goes by what the packages above say that they bundle, and not by the mark. */
  #isBelowBundler(key: string): boolean {
    for (let at = key.lastIndexOf("/node_modules/"); at > 0; at = key.lastIndexOf("/node_modules/", at - 1)) {
      const above = mapAt(this.#entries, key.slice(0, at));
      const bundled = above?.entries.get("bundleDependencies")?.value;
      const isBundler =
        bundled?.kind === "list" ? bundled.items.length > 0 : isTrue(above, "bundleDependencies");
      if (isBundler) return true;
    }
    return false;
  }

  /** As Node finds it: in the nearest folder `node_modules` upwards. */
  #lookUp(from: string, name: string): Found | undefined {
    for (let folder = from; ; folder = parent(folder)) {
      const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
      const locked = this.#packages.get(path);
      if (locked !== undefined) return { locked, version: locked.version };
      const link = this.#links.get(path);
      if (link !== undefined) return { locked: undefined, version: this.#versionOf(link) };
      if (folder === "") return undefined;
    }
  }

  #versionOf(project: string): string | null {
    return textAt(mapAt(this.#entries, project), "version") ?? null;
  }

  #dangling(): Dangling[] {
    return [...this.#packages.values()].flatMap(({ key, withoutChecksum }) => {
      const entry = mapAt(this.#entries, key);
      const optional = mapAt(entry, "optionalDependencies");
      // What came in another's archive may lack what that was packed without.
      if (withoutChecksum === "bundled") return [];
      return textsOf(mapAt(entry, "dependencies"))
        .filter(({ name }) => optional?.entries.has(name) !== true && this.#lookUp(key, name) === undefined)
        .map(({ name, line }) => ({ name, by: key, line }));
    });
  }
}

/** The folder above, past the word `node_modules` itself. */
function parent(folder: string): string {
  const up = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
  if (up === "node_modules") return "";
  return up.endsWith("/node_modules") ? up.slice(0, -"/node_modules".length) : up;
}

function rangesOf(entry: PlacedMap): LockedRange[] {
  return GROUPS.flatMap(([key, group]) =>
    textsOf(mapAt(entry, key)).map(({ name, text, line }) => ({ name, group, range: text, line })),
  );
}

/** A text, or an old list of objects with types. */
function licenceOf(entry: PlacedMap): string | null {
  const text = textAt(entry, "license") ?? textAt(mapAt(entry, "license"), "type");
  if (text !== undefined) return text;
  const list = entry.entries.get("license")?.value;
  if (list?.kind !== "list") return null;
  const types = list.items.map((each) =>
    each.kind === "text" ? each.value : each.kind === "map" ? (textAt(each, "type") ?? "?") : "?",
  );
  return types.join(" OR ");
}
