import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Folders whose rooms are drawn one by one; of the others the whole is one room. */
const OPENED = new Set(["nouns"]);
/** Never bundled, and started beside the house. */
const APART = new Set(["devtools"]);

/**
 * The rooms and who imports whom, as Mermaid (https://mermaid.js.org/syntax/flowchart.html), read from the
 * code's own imports. An arrow that follows from others is left out.
 *
 * @param root the repository
 */
export function drawing(root: string): string {
  const arrows = withoutShortcuts(arrowsOf(root));
  const rooms = [...new Set(arrows.flat())].sort();
  const groups = Map.groupBy(rooms, (room) => (room.includes("/") ? room.slice(0, room.indexOf("/")) : ""));
  const lines = [...groups].flatMap(([folder, inside]) => {
    const nodes = inside.map((room) => `${idOf(room)}["${room.slice(room.indexOf("/") + 1)}/"]`);
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

function arrowsOf(root: string): Arrow[] {
  const found = new Map<string, Arrow>();
  for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((each) =>
    each.endsWith(".ts"),
  )) {
    const file = join(root, "src", name);
    for (const [, path] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const [from, to] = [join("src", name), relative(root, join(dirname(file), path!))].map((each) =>
        roomOf(each.replaceAll("\\", "/")),
      );
      if (from !== undefined && to !== undefined && from !== to) found.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...found.values()].sort(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1));
}

/** `src/nouns/store/lock.ts` → `nouns/catalog`; undefined for what is no part of the house. */
function roomOf(path: string): string | undefined {
  const [, folder, room] = /^src\/([^/]+)\/(?:([^/]+)\/)?/.exec(path) ?? [];
  if (folder === undefined || APART.has(folder)) return undefined;
  return OPENED.has(folder) && room !== undefined ? `${folder}/${room}` : folder;
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
