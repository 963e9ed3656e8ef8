import { counted, fork, type ByteStream } from "../../kernel/streams.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { ArtifactRecord, Kind } from "../../nouns/catalog/manifest.ts";
import { displayName } from "../../postgres/display-name.ts";
import type { LeftOut } from "../../nouns/content/left-out.ts";
import type { TableRecord } from "../../nouns/content/record.ts";
import type { DumpTools, TocEntry } from "../../ports/dump-tools.ts";
import { countTypes } from "../copy/artifacts/contents.ts";
import { Sealing } from "../../nouns/seal/seal.ts";
import type { BackupPlan } from "./plan.ts";

/** What one dump needs besides the plan. */
export interface DumpContext {
  readonly tools: DumpTools;
  readonly snapshot: string;
  /** Tables whose rows the dump must hold. */
  readonly tables: readonly TableRecord[];
  /** Relations that are left out, by name. */
  readonly leftOut: readonly LeftOut[];
  /** Sequences whose definitions are dumped and whose values are not. */
  readonly withoutValue: readonly LeftOut[];
  /** Tables without rows here, by name. */
  readonly unlogged: readonly LeftOut[];
  /** Hears how many bytes more pg_dump has written. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
  /** Hears of pg_dump's warnings. */
  readonly onWarning: (text: string) => void;
}

/** An artifact in the store, and what its archive's table of contents lists. */
export interface Dumped {
  readonly artifact: ArtifactRecord;
  readonly entries: readonly TocEntry[];
}

/**
 * One dump, from pg_dump to a durable blob: `pg_dump → hash → zstd → age → hash → store`, nothing on
 * the local disk. The blob becomes visible only if pg_dump exited 0, because its stream throws otherwise
 * and the store then commits nothing. Its table of contents is read on the way and must name every table
 * of the snapshot.
 */
export async function dumpArtifact(
  plan: BackupPlan,
  dump: { kind: Kind; path: string },
  context: DumpContext,
): Promise<Dumped> {
  const { request } = plan;
  const archive = context.tools.dump({
    tools: plan.tools,
    address: request.database.address,
    snapshot: context.snapshot,
    sections: dump.kind,
    includeSchemas: request.scope.includeSchemas,
    excludeSchemas: request.scope.excludeSchemas,
    excludeRelations: context.leftOut,
    excludeValues: context.withoutValue,
    lockWaitMs: request.lockWaitMs,
    settings: plan.dumpSettings,
    signal: context.signal,
    onWarning: context.onWarning,
  });
  const { main, side, leave } = fork(counted(archive, context.onBytes));
  const contents = context.tools.listContents(plan.tools, side).finally(leave);
  // Its failure is seen where it is awaited below.
  contents.catch(() => undefined);
  // Judged before the stream ends, so that an incomplete dump is never committed.
  const sealing = new Sealing(
    gated(main, async () =>
      requireComplete(dump.kind, await contents, tablesOf(dump.kind, context), plan.facts.encoding),
    ),
    {
      level: request.level,
      recipients: request.recipients,
    },
  );
  try {
    await request.store.put(dump.path, sealing.content, {
      ...(request.accessTier === undefined ? {} : { accessTier: request.accessTier }),
      contentType: "application/octet-stream",
      sizeHint: Math.ceil(plan.facts.sizeBytes / 2),
    });
  } catch (error) {
    // A store that fails before it pulls never starts `main`: without this the reader of the contents would
    // wait for it for ever.
    leave();
    // It fails with the same cause; it is waited for so that nothing is left behind.
    await contents.catch(() => undefined);
    if (!isHoldfastError(error, "store.exists")) throw error;
    throw new HoldfastError("store.exists", error.message, {
      hint: "What was there is as it was, and no backup was made. Run again: the next one has another id.",
      cause: error,
    });
  }
  const artifact: ArtifactRecord = {
    path: dump.path,
    kind: dump.kind,
    ...sealing.totals,
    compression: { format: "zstd", level: request.level },
    encryption: {
      format: request.recipients.length > 0 ? "age-v1" : "none",
      recipients: [...request.recipients],
    },
    contents: countTypes(await contents),
  };
  return { artifact, entries: await contents };
}

/** Those that an archive of this kind must list. */
function tablesOf(kind: Kind, { tables, unlogged }: DumpContext): readonly TableRecord[] {
  if (kind === "schema" || unlogged.length === 0) return tables;
  const without = new Set(unlogged.map(displayName));
  return tables.filter((table) => !without.has(displayName(table)));
}

/** Passes a stream through and ends it only if `check` agrees. */
async function* gated(source: ByteStream, check: () => Promise<void>): ByteStream {
  yield* source;
  await check();
}

/**
 * Every table of the snapshot must be in the archive's table of contents: a dump that lost one (through a
 * pattern, a right, a bug) is refused.
 *
 * An archive's names are in the database's encoding, and only UTF8 is read as it is written. In any other,
 * what is beyond ASCII is held to be alike, and as many entries must be there as tables of that likeness.
 *
 * @throws dump.incomplete
 */
export function requireComplete(
  kind: Kind,
  entries: readonly TocEntry[],
  tables: readonly TableRecord[],
  encoding: string,
): void {
  const type = kind === "schema" ? "TABLE" : "TABLE DATA";
  const readable = (name: string): string =>
    encoding === "UTF8" ? name : name.replace(/[^\x00-\x7f]+/g, "?");
  const unmatched = new Map<string, number>();
  for (const entry of entries) {
    if (entry.type === type) {
      unmatched.set(readable(entry.rest), (unmatched.get(readable(entry.rest)) ?? 0) + 1);
    }
  }
  for (const table of tables) {
    // An extension's own table is made by CREATE EXTENSION; a dump holds no more of it than the rows.
    if (table.kind !== "table" || (kind === "schema" && table.ofExtension === true)) continue;
    const name = readable(tocName(table));
    const left = unmatched.get(name) ?? 0;
    if (left === 0) {
      throw new HoldfastError(
        "dump.incomplete",
        `pg_dump left out ${kind === "schema" ? "" : "the rows of "}${table.schema}.${table.name}`,
        {
          hint:
            "No backup was made. Check the schema filters; if they are right, report this " +
            "with the output of --verbose.",
        },
      );
    }
    unmatched.set(name, left - 1);
  }
}

/** `schema name owner` as pg_restore --list prints it, line breaks in names replaced by spaces. */
function tocName(table: TableRecord): string {
  return `${table.schema} ${table.name} ${table.owner}`.replace(/[\r\n]/g, " ");
}
