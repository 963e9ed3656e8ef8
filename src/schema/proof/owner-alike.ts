import type { SchemaState } from "./state.ts";

/** Kinds under which a relation's owner is told; what is granted on any of them is granted on a `table`. */
const RELATIONS = ["table", "view", "materialized-view", "foreign-table"];

/**
 * The same state with an object's owner called `owner` in what is granted on it. Whose an object is differs
 * between servers on which the same migrations were applied, and with it whom its rights name: as soon as
 * anything is granted or revoked the server writes down the owner's own rights too.
 * https://www.postgresql.org/docs/current/ddl-priv.html
 */
export function ownersAlike(state: SchemaState): SchemaState {
  const alike = new Map(state);
  for (const [object, fields] of state) {
    const [, kind, name] = /^grant (\S+) (.*)$/s.exec(object) ?? [];
    if (kind === undefined || name === undefined) continue;
    const owner = ownerOf(state, kind, name);
    if (owner === undefined) continue;
    const words = [...fields].map(([field, text]) => [field, renamed(text, owner)] as const);
    alike.set(object, new Map(words));
  }
  return alike;
}

/** Whose the object is on which something is granted: `grant <kind> <name>`. */
export function ownerOf(state: SchemaState, kind: string, name: string): string | undefined {
  for (const owned of ownedUnder(kind, name)) {
    const owner = state.get(`owner ${owned}`)?.get("owner");
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** What the object may be called where its owner is told. */
function ownedUnder(kind: string, name: string): readonly string[] {
  // A column is its relation's owner's; what stands behind the last point is its own name.
  const [, relation] = (kind === "column" && /^(.*)\.(?:"(?:[^"]|"")*"|[^."]+)$/s.exec(name)) || [];
  if (relation !== undefined) return RELATIONS.map((each) => `${each} ${relation}`);
  if (kind === "table") return RELATIONS.map((each) => `${each} ${name}`);
  return kind === "server" || kind === "wrapper" ? [`foreign-server ${kind} ${name}`] : [`${kind} ${name}`];
}

/** `role:RIGHT,role:RIGHT*`; a name that is quoted may hold anything, and reserved words are quoted. */
function renamed(rights: string, owner: string): string {
  const names = [`${owner}:`, `"${owner.replaceAll('"', '""')}":`];
  const words = rights.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  return words
    .map((word) => {
      const name = names.find((each) => word.startsWith(each));
      return name === undefined ? word : `owner:${word.slice(name.length)}`;
    })
    .sort()
    .join(",");
}
