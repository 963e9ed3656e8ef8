import type { DefinitionFields } from "../../nouns/content/read/definitions.ts";
import { ownerOf } from "./owner-alike.ts";
import type { SchemaState } from "./state.ts";

/** How one object differs between two states. */
export interface StateDifference {
  /** `<kind> <identity>`, such as `column app.orders.total`. */
  readonly object: string;
  readonly change: "missing" | "extra" | "changed";
  /** Of a changed one: the fields, with what they were and are; undefined for not set. */
  readonly fields: readonly FieldChange[];
  /** Everything of the object as it is now; of a missing one as it was. */
  readonly whole: DefinitionFields;
  /** Of a right: whose the object is on which it is granted, where that is known. */
  readonly owner?: string;
  /** Objects that went or came with it, and are not told by themselves. */
  readonly inside?: readonly string[];
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
 * What is not in `after` as it was in `before`, in the order of names. What goes with a table that is missing
 * or more is not told apart from it.
 */
export function compareStates(before: SchemaState, after: SchemaState): StateDifference[] {
  const found: StateDifference[] = [];
  for (const [object, fields] of before) {
    const now = after.get(object);
    if (now === undefined) {
      found.push({ object, change: "missing", fields: [], whole: fields, ...ofOwner(before, object) });
    } else {
      const changed = [...new Set([...fields.keys(), ...now.keys()])].flatMap((name): FieldChange[] => {
        const [was, is] = [fields.get(name), now.get(name)];
        return was === is || (name === COLUMN_ORDER && sameOrder(was, is)) ? [] : [{ name, was, is }];
      });
      if (changed.length > 0) {
        found.push({ object, change: "changed", fields: changed, whole: now, ...ofOwner(after, object) });
      }
    }
  }
  for (const [object, fields] of after) {
    if (before.has(object)) continue;
    found.push({ object, change: "extra", fields: [], whole: fields, ...ofOwner(after, object) });
  }
  return withoutParts(found, before, after).sort(
    (a, b) => rank(a) - rank(b) || (a.object < b.object ? -1 : 1),
  );
}

function ofOwner(state: SchemaState, object: string): Pick<StateDifference, "owner"> {
  const [, kind, name] = /^grant (\S+) (.*)$/s.exec(object) ?? [];
  const owner = kind === undefined || name === undefined ? undefined : ownerOf(state, kind, name);
  return owner === undefined ? {} : { owner };
}

/**
 * Columns that are missing or more are told themselves; a table that begins or ends to inherit has an order
 * of its own only then.
 */
function sameOrder(was: string | undefined, is: string | undefined): boolean {
  if (was === undefined || is === undefined) return true;
  const [before, after] = [columnsIn(was), columnsIn(is)];
  const common = (names: readonly string[], others: readonly string[]): string =>
    names.filter((name) => others.includes(name)).join(",");
  return common(before, after) === common(after, before);
}

/** Names as `quote_ident` writes them, with a comma between. */
function columnsIn(order: string): readonly string[] {
  return order.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
}

export function sameState(before: SchemaState, after: SchemaState): boolean {
  return compareStates(before, after).length === 0;
}

/** Whether the order of columns is all that differs. */
export function isOnlyOrder({ change, fields }: StateDifference): boolean {
  return change === "changed" && fields.every(({ name }) => name === COLUMN_ORDER);
}

/** Kinds in the order in which a reader wants them. */
const RANKS = [
  "schema",
  "extension",
  "table",
  "column",
  "constraint",
  "index",
  "row-security",
  "policy",
  "trigger",
  "view",
  "materialized-view",
  "type",
  "function",
  "sequence",
];

function rank({ object }: StateDifference): number {
  const at = RANKS.indexOf(object.slice(0, object.indexOf(" ")));
  return at === -1 ? RANKS.length : at;
}

/**
 * Kinds whose objects have others inside that carry their names. A role, function or extension that is called
 * as a schema is has nothing of it inside.
 */
const WHOLE = new Set(["schema", "table", "view", "materialized-view", "type"]);

/**
 * A table that is missing takes its columns, indexes, owner, rights and comments along: only the table is
 * told. So is a constraint with its index, and every other object with its owner, comment and rights.
 */
function withoutParts(
  found: readonly StateDifference[],
  before: SchemaState,
  after: SchemaState,
): StateDifference[] {
  const told = new Map(found.map((difference) => [difference.object, difference]));
  const wholes = new Map<StateDifference["change"], string[]>();
  for (const { object, change } of found) {
    if (change !== "changed" && WHOLE.has(kindOf(object))) {
      wholes.set(change, [...(wholes.get(change) ?? []), nameOf(object)]);
    }
  }
  const inside = new Map<string, string[]>();
  const left = found.filter((difference) => {
    const { object, change } = difference;
    if (isIndexOfConstraint(difference, told, before, after) || goesWithOwner(difference, told)) return false;
    if (change === "changed") return true;
    if (SAID_OF.has(kindOf(object)) && ofWhat(object, told)?.change === change) return false;
    const table =
      kindOf(object) === "index"
        ? tableOfIndex((change === "missing" ? before : after).get(object)?.get("definition"))
        : undefined;
    const within = (wholes.get(change) ?? []).filter(
      (whole) => table === whole || isPart(kindOf(object), nameOf(object), whole),
    );
    for (const whole of within) inside.set(whole, [...(inside.get(whole) ?? []), object]);
    return within.length === 0;
  });
  return left.map((difference) => {
    const parts = kindOf(difference.object) === "schema" ? inside.get(nameOf(difference.object)) : undefined;
    return parts === undefined || difference.change === "changed"
      ? difference
      : { ...difference, inside: parts };
  });
}

/** What a comment, owner or right is of; of all objects only extensions are called without quotes. */
function ofWhat(object: string, told: ReadonlyMap<string, StateDifference>): StateDifference | undefined {
  const of = nameOf(object);
  return told.get(of) ?? told.get(of.replace(/^extension "(.*)"$/, "extension $1"));
}

/** `column` of `column app.t.c`. */
export function kindOf(object: string): string {
  return object.slice(0, object.indexOf(" "));
}

/** `app.t.c` of `column app.t.c`. */
export function nameOf(object: string): string {
  return object.slice(object.indexOf(" ") + 1);
}

/** An object's rights name its owner, who has them all. */
function goesWithOwner(
  { object, change, fields }: StateDifference,
  told: ReadonlyMap<string, StateDifference>,
): boolean {
  if (kindOf(object) !== "grant" || change !== "changed") return false;
  const of = nameOf(object);
  const owners = [of, of.replace(/^table /, "view "), of.replace(/^table /, "materialized-view ")].flatMap(
    (name) => told.get(`owner ${name}`)?.fields ?? [],
  );
  const [owner] = owners;
  const entries = (text: string | undefined): string =>
    [...new Set((text ?? "").split(","))].sort().join(",");
  return (
    owner !== undefined &&
    fields.every(
      ({ was, is }) =>
        entries((was ?? "").replaceAll(`${owner.was ?? ""}:`, `${owner.is ?? ""}:`)) === entries(is),
    )
  );
}

/**
 * The server makes the index of a constraint with the constraint's name, and what is said of the one holds
 * for the other.
 */
function isIndexOfConstraint(
  { object, change, fields }: StateDifference,
  told: ReadonlyMap<string, StateDifference>,
  before: SchemaState,
  after: SchemaState,
): boolean {
  if (kindOf(object) !== "index") return false;
  const definition = (change === "missing" ? before : after).get(object)?.get("definition");
  const table = tableOfIndex(definition);
  if (table === undefined) return false;
  const whole = nameOf(object);
  const name = whole.slice(whole.endsWith('"') ? startOfLastQuoted(whole) : whole.lastIndexOf(".") + 1);
  const constraint = told.get(`constraint ${table}.${name}`);
  if (constraint?.change !== change) return false;
  return (
    change !== "changed" ||
    fields.every((field) => constraint.fields.some((each) => each.name === field.name))
  );
}

/** Out of `CREATE INDEX … ON app . orders USING …`, as {@link SchemaState} spells it. */
function tableOfIndex(definition: string | undefined): string | undefined {
  const [, table] = INDEX_ON.exec(definition ?? "") ?? [];
  return table?.replace(/("(?:[^"]|"")*")|\s+/g, (_, quoted: string | undefined) => quoted ?? "");
}

/** Words of the kinds that are said of others: `owner table app.t`, `comment column app.t.c`. */
const SAID_OF = new Set(["owner", "comment", "grant", "security-label"]);

function isPart(kind: string, identity: string, whole: string): boolean {
  const name = SAID_OF.has(kind) ? identity.slice(identity.indexOf(" ") + 1) : identity;
  if (name === whole && !SAID_OF.has(kind)) return kind === "row-security";
  return (
    name === whole || name.startsWith(`${whole}.`) || (SAID_OF.has(kind) && name.startsWith(`${whole} `))
  );
}

/** Where the last quoted name begins; a doubled quote is one of the name's own. */
function startOfLastQuoted(text: string): number {
  let [start, end] = [0, -1];
  for (const { index, 0: part } of text.matchAll(/"[^"]*"/g)) {
    if (index !== end) start = index;
    end = index + part.length;
  }
  return start;
}

/**
 * The table in the words of an index, as they are spelled here. A doubled quote is the end of one quoted part
 * and the beginning of the next: told apart in two ways, a name of quotes would take for ever.
 */
const INDEX_ON = /^CREATE (?:UNIQUE )?INDEX (?:"[^"]*"|[^" ])+ ON (?:ONLY )?((?:"[^"]*"|[^" ]| \. )+) USING /;
