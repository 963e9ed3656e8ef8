import { entryKey, isFunction, namesOf } from "../../../copy/artifacts/toc-names.ts";
import { leadingNames } from "../../../../nouns/platform/identity.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { nameKey } from "../archive/name-key.ts";
import type { UsersObject } from "./ground.ts";
import { standingOn } from "./standing-on.ts";

/** Entries of rows and values. */
const ROWS: ReadonlySet<string> = new Set(["TABLE DATA", "SEQUENCE SET"]);

/**
 * What is the user's on the platform's ground and stayed, because it could not be dropped. It is there
 * already, so it is neither made again nor filled: rows would be there twice. Whether it is the backup's is
 * compared at the end.
 */
export class Kept {
  readonly objects: readonly UsersObject[];
  readonly #keys: ReadonlySet<string>;
  readonly #functions: ReadonlySet<string>;
  readonly #filled: ReadonlySet<string>;

  private constructor(
    objects: readonly UsersObject[],
    keys: ReadonlySet<string>,
    functions: ReadonlySet<string>,
    filled: ReadonlySet<string>,
  ) {
    this.objects = objects;
    this.#keys = keys;
    this.#functions = functions;
    this.#filled = filled;
  }

  /** Asks what stands on the relations among them, and for the names of functions as an archive has them. */
  static async of(session: DatabaseSession, objects: readonly UsersObject[]): Promise<Kept> {
    const named = (wanted: (kind: string) => boolean): string[] =>
      objects.filter(({ kind }) => wanted(kind)).map(({ identity }) => identity);
    const keys = objects
      .filter(({ kind }) => kind !== "function")
      .map(({ kind, identity }) => nameKey(kind, identity));
    const filled = named((kind) => kind === "table" || kind === "sequence").map((identity) =>
      leadingNames(identity).join(" "),
    );
    return new Kept(
      objects,
      new Set([...keys, ...(await standingOn(session, keys))]),
      new Set(
        await archivedNames(
          session,
          named((kind) => kind === "function"),
        ),
      ),
      new Set(filled),
    );
  }

  /** Whether an entry of an archive is there already, or its rows are. */
  covers(entry: TocEntry): boolean {
    const { schema, tag } = namesOf(entry);
    const names = schema === undefined ? tag : `${schema} ${tag}`;
    if (ROWS.has(entry.type)) return this.#filled.has(names);
    // What is said of something of another role's that no schema holds, only that role may say.
    const [, ofTrigger] = entry.type === "COMMENT" ? (/^EVENT TRIGGER (.*)$/s.exec(tag) ?? []) : [];
    if (ofTrigger !== undefined) return this.has("event-trigger", ofTrigger);
    return isFunction(entry) ? this.#functions.has(names) : this.#keys.has(entryKey(entry));
  }

  /** Whether this object, as a content record names it, is among them. */
  has(kind: string, identity: string): boolean {
    return this.objects.some((one) => one.kind === kind && one.identity === identity);
  }
}

/**
 * A content record names functions with their arguments' names, an archive by the types alone
 * (`format_function_signature` of pg_dump).
 */
async function archivedNames(session: DatabaseSession, identities: readonly string[]): Promise<string[]> {
  if (identities.length === 0) return [];
  const rows = await session.query<{ name: string }>(
    `
      SELECT n.nspname || ' ' || p.proname || '('
        || coalesce((SELECT string_agg(format_type(t, NULL), ', ' ORDER BY place)
                       FROM unnest(p.proargtypes) WITH ORDINALITY AS u(t, place)),
                    '')
          || ')' AS name
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '('
         || pg_get_function_identity_arguments(p.oid) || ')' = ANY ($1)
    `,
    [[...identities]],
  );
  return rows.map(({ name }) => name);
}

/** Names told in one note. */
const TOLD_MAX = 5;

/** What stayed, for people. */
export function keptNotes({ objects }: Kept): string[] {
  if (objects.length === 0) return [];
  const more = objects.length > TOLD_MAX ? ` and ${objects.length - TOLD_MAX} more` : "";
  return [
    `could not be dropped and stays as it is at the target: ${objects
      .slice(0, TOLD_MAX)
      .map(({ title }) => title)
      .join(", ")}${more}`,
  ];
}
