import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentRecord } from "../record.ts";
import { onAbort } from "../../../kernel/on-abort.ts";

/** Bytes read of one large object at a time; a part of the fingerprint's definition. */
const CHUNK = 1024 * 1024;
/** Large objects asked for by one statement. */
const BATCH = 500;

/**
 * The fingerprint of all large objects: for each of them, and each chunk k = 0, 1, 2 … of 1 MiB of it (chunk
 * 0 even when it is empty), the sum of `hashtextextended(oid || ':' || k || ':' || encode(sha256(chunk),
 * 'hex') COLLATE "C", 0)`.
 *
 * Read through `lo_get`, which needs the right to read them and no more, in chunks, because one can
 * hold 4 TB.
 *
 * @param open gives a session inside a transaction that sees the inventory's snapshot; it is closed
 *   at the end
 */
export async function fingerprintLargeObjects(
  open: () => Promise<DatabaseSession>,
  inventory: ContentRecord,
  options: { readonly signal: AbortSignal },
): Promise<ContentRecord["largeObjects"]> {
  const { count } = inventory.largeObjects;
  if (inventory.proof !== "content") return inventory.largeObjects;
  if (count === 0) return { count, fingerprint: "0" };
  await using session = await open();
  const cancel = (): void => void session.cancel().catch(() => undefined);
  using _cancelling = onAbort(options.signal, cancel);
  try {
    options.signal.throwIfAborted();
    let sum = 0n;
    let after = "0";
    for (;;) {
      const rows = await session.query<{ oid: string }>(
        `
          SELECT oid::text AS oid FROM pg_largeobject_metadata WHERE oid > $1::text::oid ORDER BY oid LIMIT $2
        `,
        [after, BATCH],
      );
      if (rows.length === 0) return { count, fingerprint: sum.toString() };
      sum += await sumOf(
        session,
        rows.map((row) => row.oid),
        options.signal,
      );
      after = rows.at(-1)!.oid;
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  }
}

/**
 * Reads chunk after chunk of those objects that are not yet at their end: a chunk shorter than asked for
 * is the last.
 */
async function sumOf(
  session: DatabaseSession,
  oids: readonly string[],
  signal: AbortSignal,
): Promise<bigint> {
  let sum = 0n;
  let open = [...oids];
  for (let chunk = 0; open.length > 0; chunk += 1) {
    signal.throwIfAborted();
    const rows = await session.query<{ oid: string; size: number; hash: string }>(
      `
        SELECT oid, octet_length(bytes) AS size,
               hashtextextended((oid || ':' || $2::int || ':' || encode(sha256(bytes), 'hex')) COLLATE "C",
                                0)::text AS hash
          FROM (SELECT oid, lo_get(oid::oid, $2::int * ${CHUNK}::bigint, ${CHUNK}) AS bytes
                  FROM unnest($1::text[]) AS oid OFFSET 0) AS chunks
      `,
      [open, chunk],
    );
    for (const row of rows) sum += BigInt(row.hash);
    const whole = new Set(rows.filter((row) => row.size === CHUNK).map((row) => row.oid));
    open = open.filter((oid) => whole.has(oid));
  }
  return sum;
}
