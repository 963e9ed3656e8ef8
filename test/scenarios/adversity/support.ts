import { createHash } from "node:crypto";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { takeSafetyBackup } from "../../../src/backups/backup/safety.ts";
import { runBackup } from "../../../src/backups/backup/run.ts";
import type { BackupInputs } from "../../../src/backups/backup/request.ts";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import { collect } from "../../../src/kernel/streams.ts";
import { HoldfastError, type ExitCode } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { postgresTools } from "../../../src/adapters/pg-tools/dump-tools.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { Database } from "../../../src/ports/database.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { runRestore } from "../../../src/backups/restore/run.ts";
import type { RestoreInputs } from "../../../src/backups/restore/request/request.ts";
import { runValidate } from "../../../src/backups/validate/run.ts";
import type { ValidateInputs } from "../../../src/backups/validate/request.ts";
import { laterStore } from "./later-store.ts";
import { secret, testPorts, type TestPorts } from "../../support/test-ports.ts";

/** The one store of these tests; what stands behind it is given as an object. */
export const STORE = "file:///adversity";

/** Two small tables with what a restore may stumble over: a foreign key, an index, a view, a sequence. */
export const SMALL_SHOP = `
  create table customers (id int primary key, name text not null);
  create table orders (id serial primary key, customer int not null references customers, total numeric);
  insert into customers select i, 'customer ' || i from generate_series(1, 20) i;
  insert into orders (customer, total) select i, i * 1.5 from generate_series(1, 20) i;
  create index on orders (customer);
  create view totals as select customer, sum(total) from orders group by 1
`;

/** The smallest database whose loss would be noticed. */
export const ONE_TABLE =
  "create table t (id int primary key, v text); insert into t values (1, 'one'), (2, 'two')";

/** One key pair for a test file. */
export interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
}

export async function newKeys(): Promise<KeyPair> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

// The machine is searched for programs once, not once per run.
const tools = postgresTools({ env: process.env });

/** What stands around one run. */
export interface Around {
  readonly store: BlobStore;
  readonly database?: (database: Database) => Database;
  /** Milliseconds by which the clocks, also the store's, are ahead; makes locks look old. */
  readonly aheadMs?: number;
  readonly cancelled?: AbortSignal;
}

/** Real PostgreSQL and programs, the given store as it is: no retries, so a fault is seen the first time. */
export function portsAround(around: Around): TestPorts {
  const { aheadMs = 0 } = around;
  const ports = testPorts({
    store: () => (aheadMs === 0 ? around.store : laterStore(around.store, aheadMs)),
    tools: () => tools,
    ...(around.database ? { database: around.database } : {}),
    ...(around.cancelled ? { cancelled: around.cancelled } : {}),
  });
  return { ...ports, clock: clockAhead(aheadMs) };
}

export function clockAhead(ms: number): Clock {
  return { ...systemClock, now: () => new Date(systemClock.now().getTime() + ms) };
}

export function backupInputs(
  url: string,
  recipient: string | undefined,
  more: Partial<BackupInputs> = {},
): BackupInputs {
  return {
    database: secret(url),
    store: STORE,
    storeSecret: undefined,
    source: "shop",
    tier: "tier2",
    kinds: [],
    recipients: recipient === undefined ? [] : [recipient],
    allowUnencrypted: recipient === undefined,
    proof: "content",
    schemas: [],
    excludeSchemas: [],
    jobs: 1,
    compressionLevel: 1,
    accessTier: undefined,
    lockWait: 60_000,
    snapshotLimit: 600_000,
    installClient: false,
    dryRun: false,
    ...more,
  };
}

export function validateInputs(
  identity: string | undefined,
  more: Partial<ValidateInputs> = {},
): ValidateInputs {
  return {
    store: STORE,
    storeSecret: undefined,
    backup: "latest",
    since: undefined,
    source: undefined,
    tier: undefined,
    depth: "opened",
    scratch: undefined,
    identity: identity === undefined ? undefined : secret(identity),
    jobs: 1,
    acceptGaps: [],
    installClient: false,
    dryRun: false,
    ...more,
  };
}

export function restoreInputs(
  url: string,
  identity: string | undefined,
  more: Partial<RestoreInputs> = {},
): RestoreInputs {
  return {
    store: STORE,
    storeSecret: undefined,
    backup: "latest",
    before: undefined,
    source: undefined,
    tier: undefined,
    target: secret(url),
    identity: identity === undefined ? undefined : secret(identity),
    what: "whole",
    tables: [],
    mode: "auto",
    into: "auto",
    withSessions: false,
    confirm: undefined,
    safetyBackup: false,
    allowGaps: false,
    allowEmptyViews: false,
    noOwner: false,
    noPrivileges: false,
    createRoles: false,
    jobs: 1,
    snapshotLimit: 600_000,
    recipients: [],
    allowUnencrypted: identity === undefined,
    installClient: false,
    dryRun: false,
    ...more,
  };
}

export function backup(
  url: string,
  recipient: string | undefined,
  around: Around,
  more: Partial<BackupInputs> = {},
): Promise<Outcome> {
  return runBackup(backupInputs(url, recipient, more), portsAround(around));
}

export function validate(
  identity: string | undefined,
  around: Around,
  more: Partial<ValidateInputs> = {},
): Promise<Outcome> {
  return runValidate(validateInputs(identity, more), portsAround(around));
}

/** As the command does it: a safety backup goes to the same store, for the same recipients. */
export function restore(
  url: string,
  identity: string | undefined,
  around: Around,
  more: Partial<RestoreInputs> = {},
): Promise<Outcome> {
  const ports = portsAround(around);
  return runRestore(restoreInputs(url, identity, more), ports, ({ request, safetyRecipients }) =>
    takeSafetyBackup(
      {
        database: request.target,
        store: request.catalog.store,
        recipients: safetyRecipients,
        jobs: 1,
        snapshotLimitMs: request.snapshotLimitMs,
      },
      ports,
    ),
  );
}

/** How a run ended: an outcome, or the error it threw. */
export interface Ended {
  readonly exit: ExitCode;
  readonly outcome: Outcome | undefined;
  readonly error: HoldfastError | undefined;
}

/** Any error that is not a HoldfastError is a bug in Holdfast, and thrown on. */
export async function ended(run: Promise<Outcome>): Promise<Ended> {
  try {
    const outcome = await run;
    return { exit: outcome.exit, outcome, error: undefined };
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      throw new Error(`a run ended with an error that is not a HoldfastError: ${String(error)}`, {
        cause: error,
      });
    }
    return { exit: error.exitCode, outcome: undefined, error };
  }
}

/** Paths under a prefix. */
export async function paths(store: BlobStore, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of store.list(prefix)) found.push(path);
  return found;
}

/** All bytes of a blob. */
export async function bytesOf(store: BlobStore, path: string): Promise<Buffer> {
  return collect((await store.get(path)).content, 64 * 1024 * 1024);
}

/**
 * The store's laws, checked with nothing of ours but the path of the manifests: every manifest is a whole
 * document, and every artifact it names is there with the promised size and hash.
 *
 * @returns ids of the backups that exist
 */
export async function requireLaws(store: BlobStore): Promise<string[]> {
  const ids: string[] = [];
  for (const path of await paths(store, "manifests/")) {
    const text = (await bytesOf(store, path)).toString("utf8");
    const body = text.slice(0, text.lastIndexOf('  "sha256"'));
    const document = JSON.parse(text) as {
      id: string;
      sha256: string;
      artifacts: { path: string; stored: { size: number; sha256: string } }[];
    };
    if (sha256(body) !== document.sha256) throw new Error(`${path} has a wrong checksum`);
    if (document.artifacts.length === 0) throw new Error(`${path} names no artifact`);
    for (const artifact of document.artifacts) {
      const bytes = await bytesOf(store, artifact.path);
      if (bytes.length !== artifact.stored.size || sha256(bytes) !== artifact.stored.sha256) {
        throw new Error(`${path} exists, but ${artifact.path} is not whole`);
      }
    }
    ids.push(document.id);
  }
  // And as Holdfast reads them.
  const catalog = new Catalog(store);
  const keys = await catalog.keys();
  for (const key of keys) await catalog.read(key);
  if (keys.length !== ids.length) {
    throw new Error(`the catalog sees ${keys.length} of ${ids.length} manifests`);
  }
  return ids.sort();
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
