import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** What is drawn: the folders in one. */
interface Drawn {
  readonly under: string;
  /** Folders whose rooms are drawn one by one; of the others the whole is one room. */
  readonly opened: ReadonlySet<string>;
  /** Folders that are left out. */
  readonly apart: ReadonlySet<string>;
}

/** Devtools are never bundled, and started beside the house. */
const HOUSE: Drawn = { under: "src", opened: new Set(["nouns"]), apart: new Set(["devtools"]) };

/** The rooms of a restore; its own files stand on all of them. */
const RESTORE: Drawn = {
  under: "src/backups/restore",
  opened: new Set(["project"]),
  apart: new Set(),
};

/** What is drawn in docs/architecture.md, by the names of its sections. */
export function drawings(root: string): Readonly<Record<string, string>> {
  return { rooms: drawing(root, HOUSE), "rooms-of-restore": drawing(root, RESTORE) };
}

/**
 * The rooms and who imports whom, as Mermaid (https://mermaid.js.org/syntax/flowchart.html), read from the
 * code's own imports. An arrow that follows from others is left out.
 *
 * @param root the repository
 * @param drawn the house, or a part of it
 */
function drawing(root: string, drawn: Drawn): string {
  const arrows = withoutShortcuts(arrowsOf(root, drawn));
  const rooms = [...new Set(arrows.flat())].sort();
  const folderOf = (room: string): string => room.slice(0, Math.max(room.indexOf("/"), 0));
  // A folder that is a room itself, beside those in it, cannot be drawn around them.
  const groups = Map.groupBy(rooms, (room) => (rooms.includes(folderOf(room)) ? "" : folderOf(room)));
  const lines = [...groups].flatMap(([folder, inside]) => {
    const nodes = inside.map(
      (room) => `${idOf(room)}["${folder === "" ? room : room.slice(folder.length + 1)}/"]`,
    );
    return folder === ""
      ? nodes.map((node) => `  ${node}`)
      : [`  subgraph ${folder}`, ...nodes.map((node) => `    ${node}`), "  end"];
  });
  return [
    "```mermaid",
    "flowchart TD",
    ...lines,
    ...arrows.map(([from, to]) => `  ${idOf(from)} --> ${idOf(to)}`),
    "```",
  ].join("\n");
}

type Arrow = readonly [from: string, to: string];

/** An import or a lazy one of a file of ours; how it is written, the linter sees to. */
const IMPORT = /(?:\bfrom |\bimport\()"(\.[^"]+)"/g;

function arrowsOf(root: string, drawn: Drawn): Arrow[] {
  const found = new Map<string, Arrow>();
  const names = readdirSync(join(root, drawn.under), { recursive: true, encoding: "utf8" });
  for (const name of names.filter((each) => each.endsWith(".ts"))) {
    const file = join(root, drawn.under, name);
    for (const [, path] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const [from, to] = [file, join(dirname(file), path!)].map((each) =>
        roomOf(relative(join(root, drawn.under), each).replaceAll("\\", "/"), drawn),
      );
      if (from !== undefined && to !== undefined && from !== to) found.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...found.values()].sort(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1));
}

/** `nouns/store/lock.ts` → `nouns/store`; undefined for what is no part of the house. */
function roomOf(path: string, { opened, apart }: Drawn): string | undefined {
  const [, folder, room] = /^([^/]+)\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (folder === undefined || folder === ".." || apart.has(folder)) return undefined;
  return opened.has(folder) && room !== undefined ? `${folder}/${room}` : folder;
}

/** Without arrows whose end is reached by way of another room. */
function withoutShortcuts(arrows: readonly Arrow[]): Arrow[] {
  const below = Map.groupBy(arrows, ([from]) => from);
  const reaches = (from: string, to: string): boolean =>
    (below.get(from) ?? []).some(([, next]) => next === to || reaches(next, to));
  return arrows.filter(
    ([from, to]) => !(below.get(from) ?? []).some(([, next]) => next !== to && reaches(next, to)),
  );
}

function idOf(room: string): string {
  return room.replaceAll("/", "_");
}
