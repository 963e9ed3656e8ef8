/** Finds the repository's file that a report means by a path of its own. */
export class Places {
  readonly #root: string;
  readonly #paths: ReadonlySet<string>;
  /** Last part of the path → the paths that end so. */
  readonly #byName = new Map<string, string[]>();

  /**
   * @param root of the checkout that the report may have been made in
   * @param paths that the commit has, from the repository's root
   */
  constructor(root: string, paths: readonly string[]) {
    this.#root = root.replaceAll("\\", "/").replace(/\/+$/, "");
    this.#paths = new Set(paths);
    for (const path of paths) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const namesakes = this.#byName.get(name);
      if (namesakes === undefined) this.#byName.set(name, [path]);
      else namesakes.push(path);
    }
  }

  /**
   * The path from the repository's root; undefined where the commit has no such file, or several may be
   * meant.
   */
  find(places: readonly string[]): string | undefined {
    const plain = places.map((place) => normal(place));
    for (const place of plain) {
      const below = place.startsWith(`${this.#root}/`) ? place.slice(this.#root.length + 1) : place;
      if (this.#paths.has(below)) return below;
    }
    for (const place of plain) {
      const found = this.#ending(place);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Made on another machine, or in a folder below the root: the longest common end decides, if one is. */
  #ending(place: string): string | undefined {
    const parts = place.split("/");
    // Somebody else's, whatever file of ours ends alike.
    if (parts.includes("node_modules")) return undefined;
    const rated = (this.#byName.get(parts.at(-1)!) ?? []).map((path) => ({
      path,
      common: commonEnd(path.split("/"), parts),
    }));
    const most = Math.max(0, ...rated.map(({ common }) => common));
    // Of the shorter of the two everything has to be there: x in the folder a is not x in b.
    const best = rated.filter(
      ({ path, common }) => common === most && (common === path.split("/").length || common === depth(place)),
    );
    return best.length === 1 ? best[0]!.path : undefined;
  }
}

function depth(place: string): number {
  return place.split("/").filter((part) => part !== "").length;
}

function commonEnd(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  const least = Math.min(one.length, other.length);
  while (count < least && one.at(-1 - count) === other.at(-1 - count)) count += 1;
  return count;
}

/** With `/`, and without `.` and `..`. */
function normal(place: string): string {
  const parts: string[] = [];
  for (const part of place.replace(/^file:\/\//, "").replaceAll("\\", "/").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && (part !== "" || parts.length === 0)) parts.push(part);
  }
  return parts.join("/");
}
