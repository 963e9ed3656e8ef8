import { printableLine } from "../../kernel/printable.ts";
import { descriptorOf } from "./descriptors.ts";
import type { Dangling, Found, Lock, LockedPackage, LockedProject, LockedRange, ReadLock } from "./lock.ts";
import { originOf } from "./origin.ts";
import { mapAt, textAt, textsOf, type PlacedMap, type Trouble } from "./placed.ts";
import { readYaml } from "./yaml-places.ts";

const AGAIN = "Write it anew with `yarn install` and commit it.";

/**
 * Reads the `yarn.lock` of yarn 2 and newer. Of a package.json it remembers the ranges without their groups,
 * of packages neither licences nor whether they run scripts.
 */
export function readBerryLock(file: string, text: string): ReadLock {
  const { documents, troubles } = readYaml(text, AGAIN);
  const [top, more] = documents;
  if (top === undefined) return { lock: undefined, troubles };
  const meta = mapAt(top, "__metadata");
  const version = textAt(meta, "version");
  if (version === undefined || more !== undefined) {
    const message = more === undefined ? "the file does not say its version" : "the file holds two documents";
    return { lock: undefined, troubles: [...troubles, { line: 1, message, fix: AGAIN }] };
  }
  const reader = new Reader(top);
  return { lock: reader.lock(file, version), troubles: [...troubles, ...reader.troubles] };
}

class Reader {
  readonly troubles: Trouble[] = [];
  readonly #top: PlacedMap;
  readonly #packages: LockedPackage[] = [];
  readonly #projects = new Map<string, LockedProject>();
  readonly #found = new Map<string, Found>();
  readonly #names = new Set<string>();
  readonly #cacheKey: string;

  constructor(top: PlacedMap) {
    this.#top = top;
    this.#cacheKey = textAt(mapAt(top, "__metadata"), "cacheKey") ?? "";
  }

  lock(file: string, formatVersion: string): Lock {
    for (const [key, { line, value }] of this.#top.entries) {
      if (key === "__metadata") continue;
      if (value.kind === "map") this.#entry(key, line, value);
      else this.#trouble(line, `the entry '${printableLine(key)}' holds nothing`);
    }
    if (!this.#projects.has("")) this.#trouble(1, "the lock file has no entry for package.json itself");
    return {
      format: "yarn-berry",
      formatVersion,
      file,
      packages: this.#packages,
      projects: this.#projects,
      listsPeers: true,
      overrides: new Map(),
      catalogs: new Map(),
      dangling: this.#dangling(),
      lookUp: (_project, name, range) => this.#lookUp(name, range),
    };
  }

  #trouble(line: number, message: string): void {
    this.troubles.push({ line, message, fix: AGAIN });
  }

  #entry(key: string, line: number, entry: PlacedMap): void {
    const version = textAt(entry, "version");
    const resolution = descriptorOf(textAt(entry, "resolution") ?? "");
    // The last thing of each entry, without which a file was cut short.
    const whole = /^(?:hard|soft)$/.test(textAt(entry, "linkType") ?? "");
    if (version === undefined || resolution === undefined || !whole) {
      this.#trouble(line, `'${printableLine(key)}' has no version, resolution and linkType`);
      return;
    }
    const { name, range: reference } = resolution;
    const workspace = /^workspace:(.*)$/.exec(reference)?.[1];
    if (workspace !== undefined) {
      this.#projects.set(workspace === "." ? "" : workspace, { line, ranges: rangesOf(entry) });
    }
    const locked =
      workspace === undefined ? this.#packageOf(key, line, entry, { name, range: reference }) : undefined;
    if (locked !== undefined) this.#packages.push(locked);
    for (const descriptor of key.split(/,\s*/)) {
      if (this.#found.has(descriptor)) this.#trouble(line, `'${printableLine(descriptor)}' is there twice`);
      // 0.0.0-use.local is what yarn writes for every package of the repository.
      const found: Found = { locked, version: locked === undefined ? null : version };
      this.#found.set(descriptor, found);
      // `a@file:./a::locator=…` says which project's `./a` is meant; package.json does not.
      const bare = descriptor.replace(/::[^:]*$/, "");
      if (!this.#found.has(bare)) this.#found.set(bare, found);
      this.#names.add(descriptorOf(descriptor)?.name ?? descriptor);
    }
  }

  #packageOf(
    key: string,
    line: number,
    entry: PlacedMap,
    { name, range }: { readonly name: string; readonly range: string },
  ): LockedPackage {
    // `npm:1.0.0::__archiveUrl=https%3A%2F%2F…` where the registry names another place for the archive.
    const bound = range.indexOf("::");
    const archive = bound === -1 ? null : new URLSearchParams(range.slice(bound + 2)).get("__archiveUrl");
    const resolved = archive ?? (/^(?:npm|patch):/.test(range) ? null : range);
    const checksum = textAt(entry, "checksum");
    return {
      key,
      name,
      version: textAt(entry, "version") ?? null,
      origin: /[#&]commit=/.test(range) ? "git" : originOf(resolved),
      resolved,
      // Yarn before 4 leaves out which of its ways to pack an archive the checksum is of.
      integrity:
        checksum === undefined || checksum.includes("/")
          ? (checksum ?? null)
          : `${this.#cacheKey}/${checksum}`,
      withoutChecksum: entry.entries.has("conditions") ? "platform" : null,
      installScript: null,
      licence: null,
      dev: null,
      optional: null,
      line,
    };
  }

  #lookUp(name: string, range: string): Found | undefined {
    return this.#found.get(`${name}@${range}`) ?? this.#found.get(`${name}@npm:${range}`);
  }

  /** `resolutions` put other ranges in place, so that a name counts as there with any. */
  #dangling(): Dangling[] {
    return [...this.#top.entries].flatMap(([by, { value }]) => {
      if (value.kind !== "map" || by === "__metadata") return [];
      const meta = mapAt(value, "dependenciesMeta");
      return textsOf(mapAt(value, "dependencies"))
        .filter(({ name }) => textAt(mapAt(meta, name), "optional") !== "true" && !this.#names.has(name))
        .map(({ name, line }) => ({ name, by, line }));
    });
  }
}

function rangesOf(entry: PlacedMap): LockedRange[] {
  const of = (key: string, group: "peer" | null): LockedRange[] =>
    textsOf(mapAt(entry, key)).map(({ name, text, line }) => ({ name, group, range: text, line }));
  return [...of("dependencies", null), ...of("peerDependencies", "peer")];
}
