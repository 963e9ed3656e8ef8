import { qualifiedName, quoteLiteral } from "../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { LeftOut } from "../left-out.ts";
import { lockingBriefly } from "../../server/lock-budget.ts";
import type { ContentScope, SequenceRecord } from "../record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "../scope.ts";

/** Sequences read by one statement. */
const BATCH = 200;

/**
 * Every sequence's present value, as both `before` and `after`. Not a part of any snapshot: sequences move
 * outside of transactions, so a backup reads them before and after its dump.
 *
 * @param session inside a transaction
 * @param leftOut those that the role may not read and need not
 */
export async function readSequences(
  session: DatabaseSession,
  scope: ContentScope,
  leftOut: readonly LeftOut[] = [],
): Promise<SequenceRecord[]> {
  const all = await session.query<Sequence>(
    `
      SELECT n.nspname AS schema, c.relname AS name, q.seqincrement < 0 AS descending, q.seqcycle AS cyclic
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence q ON q.seqrelid = c.oid
       WHERE c.relkind = 'S'
         AND ${IN_SCOPE}
         AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    `,
    scopeValues(scope),
  );
  const left = new Set(leftOut.map(displayName));
  const names = all.filter((sequence) => !left.has(displayName(sequence)));
  const records: SequenceRecord[] = [];
  for (let start = 0; start < names.length; start += BATCH) {
    records.push(
      ...(await lockingBriefly(session, () => readBatch(session, names.slice(start, start + BATCH)))),
    );
  }
  return records;
}

interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly descending: boolean;
  readonly cyclic: boolean;
}

async function readBatch(session: DatabaseSession, names: readonly Sequence[]): Promise<SequenceRecord[]> {
  const selects = names.map(
    ({ schema, name }, index) => `
      SELECT ${index} AS place, ${quoteLiteral(schema)} AS schema, ${quoteLiteral(name)} AS name,
             last_value, is_called
        FROM ${qualifiedName(schema, name)}
    `,
  );
  const rows = await session.query<{
    place: number;
    schema: string;
    name: string;
    last_value: string;
    is_called: boolean;
  }>(`${selects.join(" UNION ALL ")} ORDER BY place`);
  return rows.map((row) => {
    const reading = { value: row.last_value, called: row.is_called };
    const { descending, cyclic } = names[row.place]!;
    return {
      schema: row.schema,
      name: row.name,
      before: reading,
      after: reading,
      ...(descending ? { descending } : {}),
      ...(cyclic ? { cyclic } : {}),
    };
  });
}
