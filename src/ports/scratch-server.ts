import type { DatabaseAddress } from "./database.ts";

/** A throw-away PostgreSQL server; disposing stops it and removes every byte it wrote. */
export interface ScratchServer extends AsyncDisposable {
  readonly major: number;
  /** Address of a database on this server as its superuser; the database need not exist yet. */
  address(database: string): DatabaseAddress;
}

/**
 * Starts private PostgreSQL servers from local binaries: Unix socket only, in a folder only this
 * user may enter.
 */
export interface ScratchServers {
  /** The newest major that can be started here, or `undefined` with the reason when none can. */
  available(): Promise<{ major: number } | { major: undefined; reason: string }>;
  /**
   * @param majorMin the very major, or the oldest newer one that is installed; the newest of all when absent
   * @param bytesNeeded refuses with `disk.full` when the temporary folder has less room than this
   */
  start(options: { bytesNeeded: number; majorMin?: number }): Promise<ScratchServer>;
}
