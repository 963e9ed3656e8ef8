import type { SchemaState } from "./state.ts";

/** How one object differs between two states. */
export interface StateDifference {
  /** `<kind> <identity>`, such as `column app.orders.total`. */
  readonly object: string;
  readonly change: "missing" | "extra" | "changed";
  /** Of a changed one: the fields, with what they were and are; undefined for not set. */
  readonly fields: readonly FieldChange[];
}

/** One field that changed. */
export interface FieldChange {
  readonly name: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** The field of a table that holds the order of its columns. */
export const COLUMN_ORDER = "column-order";

/**
 * What is not in `after` as it was in `before`, in the order of names. What goes with a table that is missing or more is not told apart from it.
 */
export function compareStates(before: SchemaState, after: SchemaState): StateDifference[] {
  const found: StateDifference[] = [];
  for (const [object, fields] of before) {
    const now = after.get(object);
    if (now === undefined) found.push({ object, change: "missing", fields: [] });
    else {
      const changed = [...new Set([...fields.keys(), ...now.keys()])].flatMap((name): FieldChange[] => {
        const [was, is] = [fields.get(name), now.get(name)];
        return was === is ? [] : [{ name, was, is }];
      });
      if (changed.length > 0) found.push({ object, change: "changed", fields: changed });
    }
  }
  for (const object of after.keys()) if (!before.has(object)) found.push({ object, change: "extra", fields: [] });
  return withoutParts(found).sort((a, b) => rank(a) - rank(b) || (a.object < b.object ? -1 : 1));
}

export function sameState(before: SchemaState, after: SchemaState): boolean {
  return compareStates(before, after).length === 0;
}

/** Whether the order of columns is all that differs. */
export function isOnlyOrder({ change, fields }: StateDifference): boolean {
  return change === "changed" && fields.every(({ name }) => name === COLUMN_ORDER);
}

/** Kinds in the order in which a reader wants them. */
const RANKS = ["schema", "extension", "table", "column", "constraint", "index", "row-security", "policy", "trigger", "view", "materialized-view", "type", "function", "sequence"];

function rank({ object }: StateDifference): number {
  const at = RANKS.indexOf(object.slice(0, object.indexOf(" ")));
  return at === -1 ? RANKS.length : at;
}

/** Kinds whose objects have others inside that carry their names. */
const WHOLE = new Set(["schema", "table", "view", "materialized-view", "type", "function", "sequence", "extension", "role"]);

/** A table that is missing takes its columns, indexes, owner, rights and comments along: only the table is told. */
function withoutParts(found: readonly StateDifference[]): StateDifference[] {
  const wholes = new Map<StateDifference["change"], Set<string>>();
  const name = (object: string): string => object.slice(object.indexOf(" ") + 1);
  const kind = (object: string): string => object.slice(0, object.indexOf(" "));
  for (const { object, change } of found) {
    if (change !== "changed" && WHOLE.has(kind(object))) wholes.set(change, (wholes.get(change) ?? new Set()).add(name(object)));
  }
  return found.filter(({ object, change }) => {
    const here = wholes.get(change);
    if (here === undefined || change === "changed") return true;
    return ![...here].some((whole) => isPart(kind(object), name(object), whole));
  });
}

/** Words of the kinds that are said of others: `owner table app.t`, `comment column app.t.c`. */
const SAID_OF = new Set(["owner", "comment", "grant", "security-label"]);

function isPart(kind: string, identity: string, whole: string): boolean {
  const name = SAID_OF.has(kind) ? identity.slice(identity.indexOf(" ") + 1) : identity;
  if (name === whole && !SAID_OF.has(kind)) return kind === "row-security";
  return name === whole || name.startsWith(`${whole}.`) || (SAID_OF.has(kind) && name.startsWith(`${whole} `));
}

/** The difference in words, with the values where they are short enough to be read. */
export function describeDifference({ change, fields }: StateDifference, words: { readonly missing: string; readonly extra: string }): string {
  if (change === "missing") return words.missing;
  if (change === "extra") return words.extra;
  return fields.map(({ name, was, is }) => `${name.replaceAll("-", " ")} was ${shown(was)} and is ${shown(is)}`).join("; ");
}

const SHOWN_MAX = 160;

function shown(text: string | undefined): string {
  if (text === undefined) return "not set";
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX)}…` : line;
}
