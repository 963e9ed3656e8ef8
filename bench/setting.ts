import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { CLI, plainEnvironment } from "../scripts/demo/holdfast.ts";
import {
  answers,
  AZURITE_ACCOUNT,
  startPrivateAzurite,
  type PrivateAzurite,
} from "../scripts/demo/private-azurite.ts";
import type { PrivatePostgres } from "../scripts/demo/private-postgres.ts";

export const CONTAINER = "bench";
export const STORE = `azure://${AZURITE_ACCOUNT}/${CONTAINER}`;
/** The port restic looks for the emulator at; it cannot be told another. */
const EMULATOR_PORT = 10_000;

/** What all contestants share. */
export interface Setting {
  readonly postgres: PrivatePostgres;
  /** Process id of the server. */
  readonly server: number;
  /** Folder of the whole benchmark; every run gets a fresh one below it. */
  readonly folder: string;
  readonly identity: string;
  readonly recipient: string;
  /** Version of restic, or undefined where it is not installed. */
  readonly restic: string | undefined;
  readonly signal: AbortSignal;
}

export async function makeSetting(
  postgres: PrivatePostgres,
  signal: AbortSignal,
): Promise<Setting & Disposable> {
  const identity = await generateX25519Identity();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const asked = spawnSync("restic", ["version"], { encoding: "utf8" });
  return {
    postgres,
    server: Number(readFileSync(join(postgres.folder, "data/postmaster.pid"), "utf8").split("\n")[0]),
    folder,
    identity,
    recipient: await identityToRecipient(identity),
    restic: asked.status === 0 ? /restic ([\d.]+)/.exec(asked.stdout)?.[1] : undefined,
    signal,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * One run's surroundings: an empty folder, a store that has just been started, an environment. Gone at the
 * end of the block.
 */
export interface Arena extends AsyncDisposable {
  readonly folder: string;
  readonly azurite: PrivateAzurite;
  readonly env: Readonly<Record<string, string>>;
  /** Bytes of all blobs in the store. */
  storedBytes(): Promise<number>;
}

/**
 * @param database the one to be backed up; PostgreSQL's programs find it through PGDATABASE, Holdfast through
 *   HOLDFAST_DATABASE
 */
export async function openArena(setting: Setting, database: string): Promise<Arena> {
  const { postgres, identity } = setting;
  const folder = mkdtempSync(join(setting.folder, "run-"));
  mkdirSync(join(folder, "tmp"));
  // As root a private server runs as another user, who must be able to come here.
  for (const each of [setting.folder, folder, join(folder, "tmp")]) chmodSync(each, 0o711);
  const azurite = await startPrivateAzurite((await answers(EMULATOR_PORT)) ? undefined : EMULATOR_PORT);
  const container = azurite.container(CONTAINER);
  await container.create();
  const plain = plainEnvironment();
  const env = {
    ...plain,
    PATH: `${postgres.tools.binDir}:${plain["PATH"] ?? "/usr/bin:/bin"}`,
    TMPDIR: join(folder, "tmp"),
    PGHOST: postgres.folder,
    PGUSER: "postgres",
    PGDATABASE: database,
    NODE: process.execPath,
    HOLDFAST: CLI,
    PASSPHRASE: "correct horse battery staple",
    HOLDFAST_DATABASE: postgres.url("postgres", "", database),
    HOLDFAST_STORE: STORE,
    HOLDFAST_STORE_SECRET: azurite.connectionString,
    HOLDFAST_IDENTITY: identity,
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
  };
  return {
    folder,
    azurite,
    env,
    async storedBytes() {
      let bytes = 0;
      for await (const blob of container.listBlobsFlat()) bytes += blob.properties.contentLength ?? 0;
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      await azurite[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
