import { defaultsFor } from "../../nouns/content/read/objects/code-words.ts";
import type { DefinitionFields } from "../../nouns/content/read/definitions.ts";
import type { StateDifference } from "./compare-states.ts";

/** What a missing thing and one too many are said to be; each begins with `is`. */
export interface ChangeWords {
  readonly missing: string;
  readonly extra: string;
}

/** Grantee → right → whether it may be passed on. */
type Rights = Map<string, Map<string, boolean>>;

/**
 * Which right of whom is missing or more, where a list of rights differs: whoever reads it would have to hold
 * two lists against each other. Undefined where the difference is none of rights, or cannot be said so.
 */
export function toldRights(difference: StateDifference, words: ChangeWords): string | undefined {
  const [, kind, identity = ""] = /^(grant|default-privilege) (.*)$/s.exec(difference.object) ?? [];
  if (kind === undefined) return undefined;
  const on = kind === "grant" ? onWhat(identity) : ofDefaults(identity);
  const held = heldBy(difference, kind === "grant" ? difference.owner : ownerIn(identity), on);
  if (held === undefined) return undefined;
  const { was, is } = held;
  const missing = phrases(beyond(was, is), on.rights);
  const extra = phrases(beyond(is, was), on.rights);
  const told = [...said(missing, words.missing), ...said(extra, words.extra)];
  if (told.length === 0) return undefined;
  const classes = kind === "grant" ? undefined : defaultsFor(identity);
  return `${classes === undefined ? "" : `for ${classes} that will be made: `}${told.join("; ")}`;
}

/** What can be granted on something, and what holds where nobody has granted or revoked anything. */
interface Grantable {
  readonly rights: readonly string[];
  /** What everybody has by default; undefined where not even the owner's rights are written down. */
  readonly byDefault?: readonly string[];
}

const RELATION = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

/** https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE */
const GRANTABLE: Readonly<Record<string, Grantable>> = {
  table: { rights: RELATION, byDefault: [] },
  column: { rights: ["SELECT", "INSERT", "UPDATE", "REFERENCES"] },
  sequence: { rights: ["SELECT", "UPDATE", "USAGE"], byDefault: [] },
  schema: { rights: ["USAGE", "CREATE"], byDefault: [] },
  function: { rights: ["EXECUTE"], byDefault: ["EXECUTE"] },
  type: { rights: ["USAGE"], byDefault: ["USAGE"] },
  language: { rights: ["USAGE"], byDefault: ["USAGE"] },
  server: { rights: ["USAGE"], byDefault: [] },
  wrapper: { rights: ["USAGE"], byDefault: [] },
  large: { rights: ["SELECT", "UPDATE"], byDefault: [] },
  database: { rights: ["CREATE", "CONNECT", "TEMPORARY"], byDefault: ["CONNECT", "TEMPORARY"] },
};
const UNKNOWN: Grantable = { rights: [] };

function onWhat(identity: string): Grantable {
  const [kind = ""] = identity.split(" ", 1);
  return Object.hasOwn(GRANTABLE, kind) ? GRANTABLE[kind]! : UNKNOWN;
}

const OF_CLASSES: Readonly<Record<string, string>> = {
  TABLES: "table",
  SEQUENCES: "sequence",
  FUNCTIONS: "function",
  TYPES: "type",
  SCHEMAS: "schema",
  "LARGE OBJECTS": "large",
};

/** Those of one schema are added to what holds in all. */
function ofDefaults(identity: string): Grantable {
  const found = GRANTABLE[OF_CLASSES[defaultsFor(identity) ?? ""] ?? ""] ?? UNKNOWN;
  const rest = identity.slice((ownerIn(identity) ?? "").length);
  return rest.startsWith(" in ") ? { rights: found.rights } : found;
}

/** The role at the beginning of a default privilege's name. */
function ownerIn(identity: string): string | undefined {
  return /^(?:"(?:[^"]|"")*"|[^ ]+)/.exec(identity)?.[0];
}

function heldBy(
  { change, fields, whole }: StateDifference,
  owner: string | undefined,
  on: Grantable,
): { readonly was: Rights; readonly is: Rights } | undefined {
  if (change === "changed") {
    const side = (which: "was" | "is"): Rights =>
      rightsIn(
        new Map(fields.flatMap((each) => (each[which] === undefined ? [] : [[each.name, each[which]]]))),
      );
    return { was: side("was"), is: side("is") };
  }
  const held = rightsIn(whole);
  const isChangeOnly = whole.has("given") || whole.has("taken");
  const standard: Rights | undefined = isChangeOnly
    ? new Map<string, never>()
    : standardOf(held, owner ?? grantorIn(whole), on);
  if (standard === undefined) return undefined;
  return change === "missing" ? { was: held, is: standard } : { was: standard, is: held };
}

/** What holds where no list of rights is kept; undefined where nobody knows whose the object is. */
function standardOf(held: Rights, named: string | undefined, on: Grantable): Rights | undefined {
  if (on.byDefault === undefined) return new Map();
  const owners =
    named === undefined ? withAll(held, on) : [named, quoted(named)].filter((name) => held.has(name));
  if (owners.length > 1) return undefined;
  const [owner] = owners;
  // A right that came with a later version shows in the list alone.
  const all = [...on.rights, ...(held.get(owner ?? "")?.has("MAINTAIN") === true ? ["MAINTAIN"] : [])];
  const granted = (rights: readonly string[]): Map<string, boolean> =>
    new Map(rights.map((right) => [right, false]));
  return new Map([
    ...(on.byDefault.length === 0 ? [] : [["public", granted(on.byDefault)] as const]),
    ...(owner === undefined ? [] : [[owner, granted(all)] as const]),
  ]);
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Whoever has every right, as the owner does. */
function withAll(held: Rights, { rights }: Grantable): readonly string[] {
  return [...held].flatMap(([name, of]) =>
    name !== "public" && rights.every((right) => of.has(right)) ? [name] : [],
  );
}

/** What one has and the other has not: a right, or that it may be passed on. */
function beyond(one: Rights, other: Rights): Rights {
  const found: Rights = new Map();
  for (const [grantee, rights] of one) {
    const theirs = other.get(grantee);
    const more = [...rights].filter(
      ([right, passes]) => theirs?.has(right) !== true || (passes && theirs.get(right) === false),
    );
    // True: the right is there, and only the passing on is not.
    if (more.length > 0) {
      found.set(grantee, new Map(more.map(([right]) => [right, theirs?.has(right) === true])));
    }
  }
  return found;
}

function phrases(
  rights: Rights,
  all: readonly string[],
): readonly { readonly text: string; readonly count: number }[] {
  return [...rights].flatMap(([grantee, of]) => {
    const name = grantee === "public" ? "PUBLIC" : grantee;
    const plain = [...of].flatMap(([right, onlyPassing]) => (onlyPassing ? [] : [right]));
    const passing = [...of].flatMap(([right, onlyPassing]) => (onlyPassing ? [right] : []));
    const isAll = all.length > 1 && all.every((right) => plain.includes(right));
    const told = isAll ? ["ALL"] : plain;
    return [
      ...(told.length === 0 ? [] : [{ text: `${told.join(", ")} of ${name}`, count: told.length }]),
      ...(passing.length === 0
        ? []
        : [{ text: `GRANT OPTION FOR ${passing.join(", ")} of ${name}`, count: 1 }]),
    ];
  });
}

function said(
  found: readonly { readonly text: string; readonly count: number }[],
  words: string,
): readonly string[] {
  if (found.length === 0) return [];
  const many = found.length > 1 || found[0]!.count > 1;
  const text = found.map((each) => each.text).join(" and ");
  return [`${text} ${many ? words.replace(/^is /, "are ") : words}`];
}

const NAME = '(?:"(?:[^"]|"")*"|[^":= ]+)';
/** `reporting:SELECT*`, as the inventory spells it, and `reporting SELECT*` of the database. */
const SPELLED = new RegExp(`^(${NAME})[: ]([A-Z][A-Z ]*)(\\*?)$`);
/** `reporting=r*w/postgres`, as the server does: https://www.postgresql.org/docs/current/ddl-priv.html */
const ACL_ITEM = new RegExp(`^(${NAME})?=([a-zA-Z*]*)/(${NAME})$`);
const LETTERS: Readonly<Record<string, string>> = {
  r: "SELECT",
  w: "UPDATE",
  a: "INSERT",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  C: "CREATE",
  c: "CONNECT",
  T: "TEMPORARY",
  X: "EXECUTE",
  U: "USAGE",
  s: "SET",
  A: "ALTER SYSTEM",
  m: "MAINTAIN",
};

/** Fields that hold rights; what was taken away of a default is a revocation, and told as one. */
const HOLDING = ["rights", "maintain", "given"];

function rightsIn(fields: DefinitionFields): Rights {
  const found: Rights = new Map();
  const add = (grantee: string, right: string, passes: boolean): void => {
    const of = found.get(grantee) ?? new Map<string, boolean>();
    of.set(right, passes || of.get(right) === true);
    found.set(grantee, of);
  };
  const taken = (fields.get("taken") ?? "").replaceAll(":", ":REVOKE OF ");
  for (const text of [...HOLDING.map((name) => fields.get(name) ?? ""), taken]) {
    for (const entry of text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? []) {
      const [, grantee, right, star] = SPELLED.exec(entry.trim()) ?? [];
      if (grantee !== undefined && right !== undefined) add(grantee, right, star === "*");
      else for (const [right, passes, name] of itemRights(entry.trim())) add(name, right, passes);
    }
  }
  return found;
}

/** The server writes down who granted: of what nobody else may pass on, the owner. */
function grantorIn(fields: DefinitionFields): string | undefined {
  return ACL_ITEM.exec((fields.get("rights") ?? "").split(",", 1)[0]!.trim())?.[3];
}

function itemRights(entry: string): readonly (readonly [right: string, passes: boolean, grantee: string])[] {
  const [, grantee = "public", letters] = ACL_ITEM.exec(entry) ?? [];
  return [...(letters ?? "").matchAll(/([a-zA-Z])(\*?)/g)].map(
    ([, letter, star]) => [LETTERS[letter!] ?? letter!, star === "*", grantee] as const,
  );
}
