import { isAlias, isMap, isNode, isSeq, LineCounter, type Document, type Pair, type YAMLMap } from "yaml";
import { aliasAt, conflictAt, yamlWords } from "./plain-words.ts";
import { readYaml } from "../../kernel/yaml.ts";

/** A line and a column of the file, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong in a settings file. */
export interface SettingsProblem extends Place {
  /** Keys with dots between them; empty where it is about the file. */
  readonly key: string;
  readonly message: string;
}

/** How often what is referred to may be repeated; a file of a few bytes could fill the memory. */
const ALIASES_MAX = 100;

/** A settings file as it is written: what it says, and where. */
export class SettingsDocument {
  readonly #document: Document;
  readonly #lines = new LineCounter();
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  /** Why nothing in it can be read; then there is no content. */
  readonly broken: readonly SettingsProblem[];
  readonly content: Readonly<Record<string, unknown>>;

  constructor(text: string) {
    this.#document = readYaml(text, this.#lines);
    // A warning is of a tag, whose value would be another than is written: `!docs/**` is no pattern then.
    const { errors, warnings } = this.#document;
    const wrong = [...errors, ...warnings].map(({ pos, message }) => this.#problem(pos[0], message));
    const conflict = wrong.length === 0 ? -1 : conflictAt(text);
    const message = "a merge is not finished here: take away the lines <<<<<<<, ======= and >>>>>>>";
    if (conflict !== -1) wrong.splice(0, wrong.length, this.#problem(conflict, message));
    const content = wrong.length > 0 ? wrong : this.#contentOf(text);
    this.broken = Array.isArray(content) ? content : [];
    this.content = Array.isArray(content) ? {} : content;
  }

  /** Where the value of a path is, or else the nearest that it is in; 1:1 of what is nowhere. */
  placeOf(path: readonly PropertyKey[]): Place {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const node = this.#nodeAt(path.slice(0, depth), false);
      const start = isNode(node) ? node.range?.[0] : undefined;
      if (start !== undefined) return this.#placeAt(start);
    }
    return { line: 1, column: 1 };
  }

  /** Where a key itself is written, which for a key that is not known says more than its value. */
  keyPlaceOf(path: readonly PropertyKey[]): Place {
    const parent = path.length === 1 ? this.#document.contents : this.#nodeAt(path.slice(0, -1));
    const pair = isMap(parent) ? this.#pairOf(parent, path.at(-1)!) : undefined;
    const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    return start === undefined ? this.placeOf(path) : this.#placeAt(start);
  }

  /** Whether the file itself says something at the path, and no default. */
  has(path: readonly PropertyKey[]): boolean {
    const above = this.valueOf(path.slice(0, -1));
    if (path.length === 0) return true;
    return typeof above === "object" && above !== null && Object.hasOwn(above, path.at(-1)!);
  }

  /** What the file itself says at the path; undefined where that is nothing. */
  valueOf(path: readonly PropertyKey[]): unknown {
    let value: unknown = this.content;
    for (const key of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<PropertyKey, unknown>)[key];
    }
    return value;
  }

  /** @param follows whether what is only referred to is gone to as well */
  #nodeAt(path: readonly PropertyKey[], follows = true): unknown {
    let node: unknown = this.#document.contents;
    for (const key of path) {
      if (follows && isAlias(node)) node = node.resolve(this.#document);
      if (isMap(node)) node = this.#pairOf(node, key)?.value;
      else node = isSeq(node) && typeof key === "number" ? node.items[key] : undefined;
    }
    return follows && isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** Looked up, since as many keys may be asked for as a map has. */
  #pairOf(map: YAMLMap, key: PropertyKey): Pair | undefined {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      const named = map.items.flatMap((pair) =>
        isNode(pair.key) ? [[textOf(pair.key), pair] as const] : [],
      );
      pairs = new Map(named.reverse());
      this.#pairs.set(map, pairs);
    }
    return pairs.get(String(key));
  }

  #contentOf(text: string): Readonly<Record<string, unknown>> | SettingsProblem[] {
    let content: unknown;
    try {
      content = this.#document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {};
    } catch (error) {
      const message = error instanceof Error ? error.message : "its references cannot be followed";
      return [this.#problem(aliasAt(text, message), message)];
    }
    if (typeof content === "object" && content !== null && !Array.isArray(content)) {
      return content as Record<string, unknown>;
    }
    return [this.#problem(0, "it is no map of sections")];
  }

  #problem(offset: number, message: string): SettingsProblem {
    // The parser says the place too, and shows the line.
    const words = message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    return { key: "", ...this.#placeAt(offset), message: yamlWords(words) };
  }

  #placeAt(offset: number): Place {
    // An empty text has no line to the counter.
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function textOf(key: { toJSON(): unknown }): string {
  return String(key.toJSON());
}

/** `protection.branches[0].checks`, as people write a place in a file. */
export function keyText(path: readonly PropertyKey[]): string {
  return path
    .map((key, at) => (typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${String(key)}`))
    .join("");
}
