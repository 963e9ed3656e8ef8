import { withoutTrailing } from "../../kernel/cut.ts";
/** Finds the repository's file that a report means by a path of its own. */
export class Places {
  readonly #root: string;
  readonly #paths: ReadonlySet<string>;
  /** Last part of the path → the paths that end so. */
  readonly #byName = new Map<string, { readonly path: string; readonly parts: readonly string[] }[]>();
  /** How many parts the longest path has. */
  #deepest = 0;

  /**
   * @param root of the checkout that the report may have been made in
   * @param paths that the commit has, from the repository's root
   */
  constructor(root: string, paths: readonly string[]) {
    this.#root = withoutTrailing(root.replaceAll("\\", "/"), "/");
    this.#paths = new Set(paths);
    for (const path of paths) {
      const parts = path.split("/");
      this.#deepest = Math.max(this.#deepest, parts.length);
      const namesakes = this.#byName.get(parts.at(-1)!);
      if (namesakes === undefined) this.#byName.set(parts.at(-1)!, [{ path, parts }]);
      else namesakes.push({ path, parts });
    }
  }

  /** Whether the commit has a file of this path. */
  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /**
   * The paths from the repository's root that may be meant: none where the commit has no such file, and one
   * where there is no doubt.
   *
   * @param areAlike whether none of the places is likelier than another; but for the last, which is the path
   *   alone and counts where no other does
   * @param isWhole whether only whole paths count, and no common end
   */
  find(places: readonly string[], areAlike = false, isWhole = false): readonly string[] {
    const plain = places.map((place) => normal(place));
    const found = plain
      .map((place) => (place.startsWith(`${this.#root}/`) ? place.slice(this.#root.length + 1) : place))
      .map((below) => (this.#paths.has(below) ? below : undefined));
    const likelier = found.slice(0, areAlike && found.length > 1 ? -1 : undefined);
    const exact = (likelier.some((each) => each !== undefined) ? likelier : found).filter(
      (each) => each !== undefined,
    );
    if (exact.length > 0) return areAlike ? [...new Set(exact)] : [exact[0]!];
    if (isWhole) return [];
    const ended = plain.map((place) => this.#ending(place)).filter((meant) => meant.length > 0);
    const sure = ended.filter((meant) => meant.length === 1).flat();
    if (sure.length > 0) return areAlike ? [...new Set(sure)] : [sure[0]!];
    return ended[0] ?? [];
  }

  /** Made on another machine, or in a folder below the root: the longest common end decides, if one is. */
  #ending(place: string): readonly string[] {
    const parts = place.split("/");
    // Somebody else's, whatever file of ours ends alike.
    if (parts.includes("node_modules")) return [];
    const depthOfPlace = depth(place);
    const rated = (this.#byName.get(parts.at(-1)!) ?? []).map(({ path, parts: own }) => {
      const common = commonEnd(own, parts);
      // Of the shorter of the two everything has to be there: x in the folder a is not x in b.
      return { path, common, isWhole: common === own.length || common === depthOfPlace };
    });
    const whole = rated.filter(({ isWhole }) => isWhole);
    const most = (of: typeof rated): number => Math.max(0, ...of.map(({ common }) => common));
    const best = whole.filter(({ common }) => common === most(whole));
    const longer = rated.filter(({ common }) => common > most(whole));
    if (longer.length === 0 || whole.length === 0) return best.map(({ path }) => path);
    // A package that is called as the repository: its file ends alike, and goes on otherwise.
    const doubled = this.#belowDoubled(parts);
    return doubled === undefined ? [...best, ...longer].map(({ path }) => path) : [doubled];
  }

  /** What the runner calls `…/shop/shop/src/a.ts`, by the name of the repository twice. */
  #belowDoubled(parts: readonly string[]): string | undefined {
    // What is left behind the name is no longer than a path of ours.
    for (let at = Math.max(1, parts.length - 1 - this.#deepest); at < parts.length - 1; at += 1) {
      if (parts[at] === "" || parts[at] !== parts[at - 1]) continue;
      const below = parts.slice(at + 1).join("/");
      if (this.#paths.has(below)) return below;
    }
    return undefined;
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
