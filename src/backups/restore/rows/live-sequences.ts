import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { qualifiedName } from "../../../postgres/quoting.ts";
import type { ContentRecord, SequenceRecord, TableRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { NamedTable } from "./live-tables.ts";

/** A sequence of the target, or what has its name. */
interface LiveSequence extends NamedTable {
  readonly isSequence: boolean;
  /**
   * Whether the role has the rights of its owner, without which its value cannot be put back after a failure.
   */
  readonly owned: boolean;
  /** The least and the greatest value it may have, decimal. */
  readonly least: string;
  readonly greatest: string;
}

/** The sequences whose values a restore of rows sets: all of them, or those of the named tables. */
export function sequencesToSet(
  { sequences }: ContentRecord,
  tables: readonly TableRecord[] | undefined,
): readonly SequenceRecord[] {
  if (tables === undefined) return sequences;
  const own = namesOf(tables);
  return sequences.filter(({ schema, name }) => own.has(qualifiedName(schema, name)));
}

/**
 * @param toSet sequences that are there to be set
 * @throws database.lacks, database.permission for the first that cannot be set to the backup's value
 *   and back again
 */
export async function requireSettable(
  session: DatabaseSession,
  toSet: readonly SequenceRecord[],
): Promise<void> {
  const live = new Map((await read(session, toSet)).map((one) => [qualifiedName(one.schema, one.name), one]));
  for (const sequence of toSet) {
    const name = qualifiedName(sequence.schema, sequence.name);
    requireOne(printableLine(name), sequence, live.get(name));
  }
}

function requireOne(name: string, { before, after }: SequenceRecord, live: LiveSequence | undefined): void {
  if (live?.isSequence !== true) {
    throw new HoldfastError("database.lacks", `the target has no sequence ${name} to set`, {
      hint:
        "Make it (or restore the schema first, --what schema), or restore the whole backup. " +
        "Nothing was touched.",
    });
  }
  if (!live.owned) {
    throw new HoldfastError(
      "database.permission",
      `the role may not restart sequence ${name}, so a failure could not be undone`,
      {
        hint: `Use the role that owns ${name}, or a superuser. Nothing was touched.`,
      },
    );
  }
  const fits = ({ value }: SequenceRecord["before"]): boolean =>
    BigInt(live.least) <= BigInt(value) && BigInt(value) <= BigInt(live.greatest);
  if (fits(before) || fits(after)) return;
  const range = `from ${live.least} to ${live.greatest}`;
  throw new HoldfastError(
    "database.lacks",
    `sequence ${name} goes ${range} at the target, and the backup has it at ${after.value}`,
    {
      hint:
        `Widen it (ALTER SEQUENCE ${name} MINVALUE … MAXVALUE …), or restore the whole backup. ` +
        "Nothing was touched.",
    },
  );
}

/**
 * A sequence that stands where one of a missing table is to be made would become that table's, with a value
 * others count on.
 *
 * @throws database.lacks
 */
export async function requireFree(session: DatabaseSession, missing: readonly TableRecord[]): Promise<void> {
  const names = missing.flatMap(({ schema, sequences = [] }) =>
    sequences.map((name): NamedTable => ({ schema, name })),
  );
  const [first] = await read(session, names);
  if (first === undefined) return;
  const name = printableLine(qualifiedName(first.schema, first.name));
  throw new HoldfastError(
    "database.lacks",
    `the target has ${name} already, which a missing table's sequence is to be called`,
    {
      hint: `Drop or rename ${name} if nothing needs it, then run again. Nothing was touched.`,
    },
  );
}

function namesOf(tables: readonly TableRecord[]): ReadonlySet<string> {
  return new Set(
    tables.flatMap(({ schema, sequences = [] }) => sequences.map((name) => qualifiedName(schema, name))),
  );
}

async function read(session: DatabaseSession, names: readonly NamedTable[]): Promise<LiveSequence[]> {
  if (names.length === 0) return [];
  return await session.query<LiveSequence & object>(
    `
      SELECT n.nspname AS schema, c.relname AS name, q.seqrelid IS NOT NULL AS "isSequence",
             pg_has_role(c.relowner, 'USAGE') AS owned, coalesce(q.seqmin, 0)::text AS least,
             coalesce(q.seqmax, 0)::text AS greatest
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(schema, name, place)
        JOIN pg_namespace n ON n.nspname = wanted.schema
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
        LEFT JOIN pg_sequence q ON q.seqrelid = c.oid
       ORDER BY wanted.place
    `,
    [names.map(({ schema }) => schema), names.map(({ name }) => name)],
  );
}
