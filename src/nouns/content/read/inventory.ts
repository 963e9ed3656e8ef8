import type { DatabaseSession } from "../../../ports/database.ts";
import { readDatabaseRecord } from "./database-record.ts";
import { withoutRelations, type LeftOut } from "../left-out.ts";
import { lockingBriefly } from "../../server/lock-budget.ts";
import { requireReadableNames } from "./readable-names.ts";
import { hasRawText } from "./objects/server-text.ts";
import { readObjects } from "./objects.ts";
import { readExtensionContents } from "./extension-contents.ts";
import type { ContentRecord, ContentScope } from "../record.ts";
import { readExtensions, readRoles } from "./roles.ts";
import { IS_LITTLE_ENDIAN, rowHashOn } from "../row-hash-names.ts";
import { readSequences } from "./sequences.ts";
import { listTables } from "./tables.ts";

/** How to take an inventory. */
export interface InventoryOptions {
  readonly proof: ContentRecord["proof"];
  /**
   * Longest wait for a table that somebody else locks, in milliseconds; 0 waits for ever. Default one minute.
   */
  readonly lockWaitMs?: number;
  /**
   * The record it will be held against: rows are hashed and objects digested as there, and its extensions are
   * looked for. Default: the newest way.
   */
  readonly like?: Pick<ContentRecord, "digests" | "algorithm"> & Partial<Pick<ContentRecord, "extensions">>;
  /** Relations of which nothing is recorded, as the backup holds nothing of them. */
  readonly leaveOut?: readonly LeftOut[];
  /** Sequences that have no value here (`unloggedOnStandby`): of these only the definition is recorded. */
  readonly withoutValue?: readonly LeftOut[];
  /** Told what is worth knowing when something is looked into, such as options of unknown names. */
  readonly debug?: (text: string) => void;
}

/** Asking for a table's size waits while another session changes its schema. */
const LOCK_WAIT_MS = 60_000;

/**
 * What the database holds, as far as the system catalogs tell: everything of a {@link ContentRecord} but row
 * counts and fingerprints.
 *
 * @param session with {@link PINNED_SETTINGS}, inside the transaction whose snapshot counts
 * @throws database.lock-timeout
 */
export async function takeInventory(
  session: DatabaseSession,
  scope: ContentScope,
  options: InventoryOptions,
): Promise<ContentRecord> {
  await session.query("SELECT set_config('lock_timeout', $1, true)", [
    String(options.lockWaitMs ?? LOCK_WAIT_MS),
  ]);
  const [database] = await session.query<{
    major: number;
    encoding: string;
    collate: string;
    ctype: string;
    littleEndian: boolean;
  }>(`
    SELECT current_setting('server_version_num')::int / 10000 AS major,
           pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, datctype AS ctype,
           ${IS_LITTLE_ENDIAN} AS "littleEndian"
      FROM pg_database
     WHERE datname = current_database()
  `);
  const { major, encoding, collate, ctype, littleEndian } = database!;
  if (hasRawText({ encoding })) await requireReadableNames(session, scope);
  const tables = await listTables(session, scope);
  const digests = options.like === undefined ? 2 : options.like.digests;
  const { objects, objectExtensions, neededExtensions, unknownOptions } = await lockingBriefly(session, () =>
    readObjects(session, scope, { major, encoding }, digests),
  );
  if (unknownOptions.length > 0) {
    options.debug?.(`options of unknown names are not compared: ${unknownOptions.join(", ")}`);
  }
  // As soon as schemas are named, pg_dump writes no extension, and only those that the dumped objects need
  // concern a copy. What needs one at the source may be missing in a copy, and then nothing there needs it,
  // though it is there.
  const needed =
    scope.includeSchemas.length === 0
      ? undefined
      : new Set([
          ...neededExtensions,
          ...tables.flatMap((table) => table.extensions ?? []),
          ...(options.like?.extensions ?? []).map(({ name }) => name),
        ]);
  const leftOut = options.leaveOut ?? [];
  return withoutRelations(
    {
      algorithm: rowHashOn(littleEndian, options.like?.algorithm),
      proof: options.proof,
      serverMajor: major,
      encoding,
      collate,
      ctype,
      tables,
      sequences: await readSequences(session, scope, [...leftOut, ...(options.withoutValue ?? [])]),
      objects,
      ...(digests === undefined ? {} : { digests }),
      objectExtensions,
      database: await readDatabaseRecord(session),
      roles: await readRoles(session),
      extensions: await readExtensions(session, needed),
      extensionContents: await readExtensionContents(session, scope, options.proof),
      largeObjects: { count: await countLargeObjects(session, scope), fingerprint: null },
    },
    leftOut,
  );
}

/** pg_dump leaves large objects out as soon as schemas are named. */
async function countLargeObjects(session: DatabaseSession, scope: ContentScope): Promise<number> {
  if (scope.includeSchemas.length > 0) return 0;
  const [row] = await session.query<{ count: string }>(
    "SELECT count(*) AS count FROM pg_largeobject_metadata",
  );
  return Number(row!.count);
}
