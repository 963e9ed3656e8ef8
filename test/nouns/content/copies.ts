import { measureContent } from "../../../src/nouns/content/rows/measure.ts";
import type { ContentRecord, ContentScope, MeasuredContent } from "../../../src/nouns/content/record.ts";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { postgresTools } from "../../../src/adapters/pg-tools/dump-tools.ts";
import type { DatabaseAddress } from "../../../src/ports/database.ts";
import type { LoadProblem } from "../../../src/ports/dump-tools.ts";

/** Everything, schema-wise. */
export const WHOLE: ContentScope = { includeSchemas: [], excludeSchemas: [] };

const OPTIONS = { proof: "content", jobs: 2, onTable: () => undefined } as const;

/** Measures a database with content proof. */
export function measure(
  address: DatabaseAddress,
  scope: ContentScope = WHOLE,
  jobs = 2,
): Promise<ContentRecord> {
  return measureContent(postgresDatabase(address), scope, {
    ...OPTIONS,
    jobs,
    signal: new AbortController().signal,
  });
}

/** Measures it as it is compared with a manifest of that kind of fingerprint. */
export function measureAs(address: DatabaseAddress, algorithm: string): Promise<MeasuredContent> {
  return measureContent(postgresDatabase(address), WHOLE, {
    ...OPTIONS,
    like: { algorithm, digests: 2 },
    signal: new AbortController().signal,
  });
}

/** Copies a database with pg_dump and pg_restore, at a snapshot of its own. */
export async function copy(
  source: DatabaseAddress,
  target: DatabaseAddress,
  scope: ContentScope = WHOLE,
): Promise<readonly LoadProblem[]> {
  const tools = postgresTools({ env: process.env });
  const [newest] = await tools.installed();
  if (newest === undefined) throw new Error("no pg_dump is installed");
  await using session = await postgresDatabase(source).connect({ purpose: "snapshot" });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  const [row] = await session.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
  const signal = new AbortController().signal;
  const archive = tools.dump({
    tools: newest,
    address: source,
    snapshot: row!.id,
    sections: "full",
    lockWaitMs: 10_000,
    signal,
    ...scope,
  });
  return await tools.load({ tools: newest, address: target, archive, jobs: 1, signal });
}
