import { printableLine } from "../../kernel/printable.ts";
import { readJson } from "./json-places.ts";
import { folderOf, type Group } from "./lock.ts";
import { parseSpecifier } from "./specifier.ts";
import { conflictLine, isTrue, mapAt, textAt, textsOf, type PlacedMap, type Trouble } from "./placed.ts";

/** A dependency as a package.json asks for it. */
export interface Asked {
  readonly name: string;
  readonly group: Group;
  readonly range: string;
  /** Line of the name, from 1. */
  readonly line: number;
}

/** A package.json. */
export interface Manifest {
  /** Path from the repository's root. */
  readonly file: string;
  /** Its folder, `""` for the root. */
  readonly folder: string;
  readonly name: string | undefined;
  readonly asked: readonly Asked[];
  /** Names of peers that need not be there. */
  readonly optionalPeers: ReadonlySet<string>;
  /** Patterns of folders that are packages of the same repository. */
  readonly workspaces: readonly string[];
  /** Names that `overrides`, `resolutions` or `pnpm.overrides` put other versions in place of. */
  readonly overridden: ReadonlySet<string>;
  /** Names that it asks for as a folder or archive of the repository, also by an override. */
  readonly local: ReadonlySet<string>;
}

/** A package.json that was read as far as it can be. */
export interface ReadManifest {
  readonly manifest: Manifest | undefined;
  readonly troubles: readonly Trouble[];
}

const FIX = "Make the file valid JSON again; `npm pkg get name` says whether it is.";

const GROUPS: readonly (readonly [string, Group])[] = [
  ["dependencies", "runtime"],
  ["devDependencies", "dev"],
  ["optionalDependencies", "optional"],
  ["peerDependencies", "peer"],
];

/** Reads a package.json. Never throws: what cannot be read is a trouble. */
export function readManifest(file: string, text: string): ReadManifest {
  const conflict = conflictLine(text);
  if (conflict !== undefined) {
    const message = "the file still has the marks of a merge conflict";
    return { manifest: undefined, troubles: [{ line: conflict, message, fix: "Resolve the conflict." }] };
  }
  const { tree, troubles } = readJson(text, FIX);
  if (tree?.kind !== "map") {
    const no: Trouble = { line: 1, message: "the file holds no object", fix: FIX };
    return { manifest: undefined, troubles: tree === undefined ? troubles : [...troubles, no] };
  }
  const strange: Trouble[] = [];
  const asked = GROUPS.flatMap(([key, group]) => askedOf(tree, key, group, strange));
  const optional = new Set(asked.filter(({ group }) => group === "optional").map(({ name }) => name));
  return {
    manifest: {
      file,
      folder: folderOf(file),
      name: textAt(tree, "name"),
      // One that is optional too is optional, as npm, pnpm and yarn take it.
      asked: asked.filter(({ name, group }) => group !== "runtime" || !optional.has(name)),
      optionalPeers: optionalPeersOf(tree),
      workspaces: workspacesOf(tree),
      overridden: overriddenOf(tree),
      local: new Set([
        ...asked.filter(({ range }) => isLocal(range)).map(({ name }) => name),
        ...overridesOf(tree).flatMap((map) =>
          textsOf(map).flatMap(({ name, text }) => (isLocal(text) ? [overriddenName(name)] : [])),
        ),
      ]),
    },
    troubles: [...troubles, ...strange],
  };
}

function askedOf(tree: PlacedMap, key: string, group: Group, strange: Trouble[]): Asked[] {
  const entry = tree.entries.get(key);
  if (entry === undefined) return [];
  if (entry.value.kind !== "map") {
    strange.push({
      line: entry.line,
      message: `'${key}' is no object`,
      fix: "Write names with their ranges.",
    });
    return [];
  }
  return [...entry.value.entries].flatMap(([name, { line, value }]) => {
    if (value.kind === "text") return [{ name, group, range: value.value, line }];
    const message = `the range of '${printableLine(name)}' is no text`;
    strange.push({ line, message, fix: "Write it in quotes." });
    return [];
  });
}

function optionalPeersOf(tree: PlacedMap): Set<string> {
  const meta = mapAt(tree, "peerDependenciesMeta");
  return new Set([...(meta?.entries.keys() ?? [])].filter((name) => isTrue(mapAt(meta, name), "optional")));
}

/** A list, or yarn's object with a list `packages`. */
function workspacesOf(tree: PlacedMap): string[] {
  const value = mapAt(tree, "workspaces")?.entries.get("packages") ?? tree.entries.get("workspaces");
  if (value?.value.kind !== "list") return [];
  return value.value.items.flatMap((each) => (each.kind === "text" ? [each.value] : []));
}

/** Keys may say where (`parent>name`, `parent/name`) and which (`name@1`): the name is what counts here. */
function overriddenOf(tree: PlacedMap): Set<string> {
  return new Set(overridesOf(tree).flatMap((map) => [...map.entries.keys()].map(overriddenName)));
}

function overridesOf(tree: PlacedMap): PlacedMap[] {
  const maps = [
    mapAt(tree, "resolutions"),
    mapAt(tree, "overrides"),
    mapAt(mapAt(tree, "pnpm"), "overrides"),
  ];
  return maps.filter((map) => map !== undefined);
}

function isLocal(range: string): boolean {
  return ["file", "workspace", "patch", "catalog"].includes(parseSpecifier(range).kind);
}

/** Name of the package that a key of overrides is about. */
export function overriddenName(key: string): string {
  const parts = key.slice(key.lastIndexOf(">") + 1).split("/");
  const last = parts.at(-1) ?? "";
  const scope = parts.at(-2) ?? "";
  const name = scope.startsWith("@") ? `${scope}/${last}` : last;
  const version = name.indexOf("@", 1);
  return version === -1 ? name : name.slice(0, version);
}
