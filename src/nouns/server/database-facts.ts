import type { DatabaseSession } from "../../ports/database.ts";

/** What a server and a login are, as far as planning needs it. */
export interface DatabaseFacts {
  /** As people write it, for example `15.18`. */
  readonly version: string;
  /** `server_version_num`, for example 150018. */
  readonly versionNumber: number;
  readonly major: number;
  readonly database: string;
  /** The role this session works as. */
  readonly role: string;
  readonly superuser: boolean;
  readonly createDb: boolean;
  readonly replication: boolean;
  readonly bypassRls: boolean;
  /** True on a standby: it can be read, but a snapshot can be cancelled by replay. */
  readonly inRecovery: boolean;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** Bytes of the whole database on the server's disk. */
  readonly sizeBytes: number;
  /** By the server's clock. */
  readonly serverTime: Date;
}

/** Asks the server about itself and about the role of this session. */
export async function databaseFacts(session: DatabaseSession): Promise<DatabaseFacts> {
  const [row] = await session.query<
    Omit<DatabaseFacts, "serverTime" | "sizeBytes" | "major" | "version"> & {
      size: string;
      time: string;
      full: string;
    }
  >(`
    SELECT current_setting('server_version') AS full,
           current_setting('server_version_num')::int AS "versionNumber", d.datname AS database,
           current_user AS role, r.rolsuper AS superuser, r.rolcreatedb AS "createDb",
           r.rolreplication AS replication, r.rolbypassrls AS "bypassRls",
           pg_catalog.pg_is_in_recovery() AS "inRecovery",
           pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate,
           d.datctype AS ctype, pg_catalog.pg_database_size(d.oid)::text AS size,
           to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time
      FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
     WHERE d.datname = current_database() AND r.rolname = current_user
  `);
  const { size, time, full, ...facts } = row!;
  return {
    ...facts,
    // Distributions add their own package's name after a space.
    version: full.split(" ")[0]!,
    major: Math.floor(facts.versionNumber / 10_000),
    sizeBytes: Number(size),
    serverTime: new Date(time),
  };
}
