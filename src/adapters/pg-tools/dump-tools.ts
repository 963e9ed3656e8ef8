import type { Disk } from "../../ports/disk.ts";
import type { DumpTools, ToolSet } from "../../ports/dump-tools.ts";
import { findInstallations } from "./discovery.ts";
import { listDatabase } from "./database-entries.ts";
import { dump } from "./dump.ts";
import type { BaseEnvironment } from "./environment.ts";
import { listContents } from "./list.ts";
import { load } from "./load.ts";
import type { Guard } from "./program.ts";
import { PROGRAM_BOUNDS, type ProgramBounds } from "./program-silence.ts";
import { script } from "./script.ts";

/**
 * What the adapters here take from our own environment: PATH, HOME, TMPDIR, and HOLDFAST_PG_BIN, the only
 * folder to look into.
 */
export interface ToolsOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What running the programs needs besides. */
export interface RunningOptions extends ToolsOptions {
  /**
   * For the lists of entries pg_restore wants in a file; without it the system's temporary folder is
   * used directly.
   */
  readonly disk?: Pick<Disk, "privateFolder" | "write">;
  /** Ends the programs when we are gone. */
  readonly guard?: Guard;
  /** What ends the wait for a program that has gone silent. */
  readonly bounds?: ProgramBounds;
}

/** PostgreSQL's own pg_dump and pg_restore, as installed on this machine. */
export function postgresTools(options: RunningOptions): DumpTools {
  const base = baseEnvironment(options);
  const { disk, guard, bounds = PROGRAM_BOUNDS } = options;
  const host = { base, guard, bounds };
  return {
    // Looked for anew each time: another one may have been installed in between.
    installed: () => findInstallations(base, explicitFolder(options), ["pg_dump", "pg_restore"]),
    dump: (request) => dump(host, request),
    listContents: (tools, archive) => listContents(host, tools, archive),
    listDatabase,
    load: (request) => load({ ...host, disk }, request),
    script: (request) => script({ ...host, disk }, request),
  };
}

/**
 * Every installed PostgreSQL server, newest first: folders with both `postgres` and `initdb`. For
 * `localScratchServers`.
 */
export function serverInstallations(options: ToolsOptions): Promise<readonly ToolSet[]> {
  return findInstallations(baseEnvironment(options), explicitFolder(options), ["postgres", "initdb"]);
}

function baseEnvironment({ env }: ToolsOptions): BaseEnvironment {
  return { path: env["PATH"], home: env["HOME"], tmpdir: env["TMPDIR"] };
}

function explicitFolder({ env }: ToolsOptions): string | undefined {
  const folder = env["HOLDFAST_PG_BIN"]?.trim();
  return folder === undefined || folder === "" ? undefined : folder;
}
