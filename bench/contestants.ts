import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AZURITE_ACCOUNT } from "../scripts/demo/private-azurite.ts";
import { bytesBelow, measure, type Cost } from "./measure.ts";
import { openArena, type Arena, type Setting } from "./setting.ts";

/** One run of one way of backing up. */
export interface BackupRun extends Cost {
  /** Bytes the backup takes where it is kept. */
  readonly stored: number;
}

/** A way of backing the same database up. */
export interface Contestant {
  readonly id: string;
  readonly name: string;
  /** What exactly is run, for the reader of the results. */
  readonly how: string;
  /** The shell script that is measured; `prepare` runs before it, unmeasured. */
  script(setting: Setting, arena: Arena): string;
  prepare?(arena: Arena): void;
  /** Bytes kept; what lies in the emulated store when absent. */
  stored?(arena: Arena): number;
}

const UPLOAD = fileURLToPath(new URL("upload.ts", import.meta.url));

const holdfast =
  (proof: string) =>
  ({ recipient }: Setting): string =>
    `"$NODE" "$HOLDFAST" backup --source bench --recipients ${recipient} --proof ${proof} --json`;

/** restic's repository: the emulated store if this restic can talk to it, else a folder. */
const RESTIC_STORE = "restic";

const CONTESTANTS: readonly Contestant[] = [
  {
    id: "floor",
    name: "pg_dump to nowhere (the floor)",
    how: "pg_dump -Fc -Z0 > /dev/null",
    script: () => "pg_dump -Fc -Z0 > /dev/null",
    stored: () => 0,
  },
  {
    id: "holdfast",
    name: "Holdfast, no proof",
    how: "holdfast backup --proof none",
    script: holdfast("none"),
  },
  {
    id: "holdfast-proof",
    name: "Holdfast, with content proof",
    how: "holdfast backup",
    script: holdfast("content"),
  },
  {
    id: "restic",
    name: "restic from standard input",
    how: "pg_dump -Fc -Z0 | restic backup --stdin, into an empty repository",
    prepare: prepareRestic,
    script: () => "pg_dump -Fc -Z0 | restic backup --stdin --stdin-filename bench.dump --quiet",
    stored: (arena) => bytesBelow(join(arena.folder, RESTIC_STORE)),
  },
  {
    id: "pgdump",
    name: "pg_dump -Fc to a file",
    how: "pg_dump -Fc -f bench.dump (gzip inside; not encrypted, not uploaded)",
    script: () => "pg_dump -Fc -f bench.dump",
    stored: (arena) => bytesBelow(arena.folder),
  },
  {
    id: "strategy",
    name: "pg_dump, gzip, openssl, upload",
    how: "pg_dump -f, gzip, openssl enc -aes-256-cbc -pbkdf2, upload by the Azure SDK, one after the other",
    script: () => `pg_dump -f bench.sql
gzip bench.sql
openssl enc -aes-256-cbc -pbkdf2 -salt -pass env:PASSPHRASE -in bench.sql.gz -out bench.sql.gz.enc
rm bench.sql.gz
"$NODE" "${UPLOAD}" bench.sql.gz.enc
rm bench.sql.gz.enc`,
  },
];

/** Those that can run here, the slow ones last. */
export function contestants(setting: Setting): readonly Contestant[] {
  return CONTESTANTS.filter((one) => one.id !== "restic" || setting.restic !== undefined);
}

/**
 * Where restic's repository is; the emulator at its fixed port, spoken to in plain HTTP, is built into
 * restic's older Azure library only.
 */
export type ResticStore = "emulator" | "folder";

function resticEnvironment(arena: Arena, store: ResticStore): Record<string, string> {
  return {
    RESTIC_PASSWORD: "correct horse battery staple",
    RESTIC_CACHE_DIR: join(arena.folder, "cache"),
    RESTIC_PROGRESS_FPS: "0.1",
    ...(store === "emulator"
      ? {
          RESTIC_REPOSITORY: "azure:bench:/",
          AZURE_ACCOUNT_NAME: AZURITE_ACCOUNT,
          AZURE_ACCOUNT_KEY: arena.azurite.key,
        }
      : { RESTIC_REPOSITORY: join(arena.folder, RESTIC_STORE) }),
  };
}

const chosen = new WeakMap<Arena, ResticStore>();

function prepareRestic(arena: Arena): void {
  for (const store of ["emulator", "folder"] as const) {
    if (store === "emulator" && !arena.azurite.connectionString.includes(":10000/")) continue;
    const made = spawnSync("restic", ["init", "--quiet"], {
      env: { ...arena.env, ...resticEnvironment(arena, store) },
      stdio: "ignore",
      timeout: 20_000,
    });
    if (made.status !== 0) continue;
    chosen.set(arena, store);
    return;
  }
  throw new Error("restic init failed");
}

/** One measured run in surroundings of its own. */
export async function runContestant(
  contestant: Contestant,
  setting: Setting,
  database: string,
): Promise<BackupRun & { readonly note?: string }> {
  await using arena = await openArena(setting, database);
  contestant.prepare?.(arena);
  const restic = chosen.get(arena);
  const { cost } = await measure({
    script: contestant.script(setting, arena),
    env: { ...arena.env, ...(restic === undefined ? {} : resticEnvironment(arena, restic)) },
    folder: arena.folder,
    server: setting.server,
    store: arena.azurite.pid,
    signal: setting.signal,
  });
  const stored =
    restic === "emulator" || contestant.stored === undefined
      ? await arena.storedBytes()
      : contestant.stored(arena);
  return {
    ...cost,
    stored,
    ...(restic === undefined
      ? {}
      : {
          note:
            restic === "emulator"
              ? "repository in the emulated store"
              : "repository in a local folder: this restic cannot be pointed at the emulator",
        }),
  };
}
