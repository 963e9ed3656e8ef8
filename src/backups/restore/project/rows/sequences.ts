import type { DatabaseSession } from "../../../../ports/database.ts";
import type { SequenceValue } from "../../rows/row-loader.ts";
import type { Staged } from "./staged.ts";

/**
 * Moves sequences of the platform's tables that received rows to the greater of both values, so that the next
 * row does not meet one that came back. No rollback takes a sequence's value back, so this comes last of all;
 * a number that is left out does no harm.
 */
export async function forwardSequences(
  session: DatabaseSession,
  staged: readonly Staged[],
  values: readonly SequenceValue[],
): Promise<void> {
  // Jobs get numbers of the target's own.
  const touched = new Set(
    staged.filter(({ kind }) => kind !== "job").flatMap(({ shape }) => shape?.sequences ?? []),
  );
  for (const { sql, value, called } of values.filter((one) => touched.has(one.sql))) {
    const [now] = await session.query<{ value: string; called: boolean }>(
      `SELECT last_value::text AS value, is_called AS called FROM ${sql}`,
    );
    const next = BigInt(value) + (called ? 1n : 0n);
    const current = BigInt(now!.value) + (now!.called ? 1n : 0n);
    if (next > current) {
      await session.query("SELECT setval($1::regclass, $2::int8, $3::bool)", [sql, value, called]);
    }
  }
}
