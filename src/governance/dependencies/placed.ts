/**
 * A text in JSON or YAML as a tree whose keys know their lines. Maps are Maps: a key `__proto__` is a key
 * like any other.
 */
export type Placed = PlacedMap | PlacedList | PlacedScalar;

/** Keys with what they stand for, in the order of the text. */
export interface PlacedMap {
  readonly kind: "map";
  /** From 1. */
  readonly line: number;
  readonly entries: ReadonlyMap<string, PlacedEntry>;
}

/** A list. */
export interface PlacedList {
  readonly kind: "list";
  readonly line: number;
  readonly items: readonly Placed[];
}

/** Anything else. */
export interface PlacedScalar {
  readonly kind: "text" | "other";
  readonly line: number;
  /** Of a text what it says, of anything else how it is written: `true`, `12`, `null`. */
  readonly value: string;
}

/** What stands at a key. */
export interface PlacedEntry {
  /** Line of the key, from 1. */
  readonly line: number;
  readonly value: Placed;
}

/** Why a file cannot be judged: what is wrong at which line, and what to do. */
export interface Trouble {
  readonly line: number | null;
  readonly message: string;
  readonly fix: string;
}

/** The map at a key; undefined where nothing or something else is there. */
export function mapAt(map: PlacedMap | undefined, key: string): PlacedMap | undefined {
  const value = map?.entries.get(key)?.value;
  return value?.kind === "map" ? value : undefined;
}

/** The text at a key; undefined where nothing or something else is there. */
export function textAt(map: PlacedMap | undefined, key: string): string | undefined {
  const value = map?.entries.get(key)?.value;
  return value?.kind === "text" ? value.value : undefined;
}

/** A text or number as it is written: versions of formats are either. */
export function writtenAt(map: PlacedMap | undefined, key: string): string | undefined {
  const value = map?.entries.get(key)?.value;
  return value === undefined || value.kind === "map" || value.kind === "list" ? undefined : value.value;
}

/** Whether `true` stands at a key. */
export function isTrue(map: PlacedMap | undefined, key: string): boolean {
  return writtenAt(map, key) === "true";
}

/** The keys of a map that have texts, with the lines of the keys. */
export function textsOf(
  map: PlacedMap | undefined,
): readonly { readonly name: string; readonly text: string; readonly line: number }[] {
  return [...(map?.entries ?? [])].flatMap(([name, { line, value }]) =>
    value.kind === "text" ? [{ name, text: value.value, line }] : [],
  );
}

/**
 * Marks that git leaves where two branches met: the line of the first, or undefined. `=======` alone could be
 * an underline of a text and is not looked for alone.
 */
export function conflictLine(text: string): number | undefined {
  const found = /^(?:<{7}|>{7}|\|{7})(?:[ \t\r]|$)/m.exec(text);
  return found === null ? undefined : lineAt(text, found.index);
}

/** Line of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** Without the mark that some editors put before the first character; npm and pnpm skip it too. */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
