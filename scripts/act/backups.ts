import { strict as assert } from "node:assert";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { BlobServiceClient } from "@azure/storage-blob";
import { AZURITE_ACCOUNT, startAzurite } from "../../test/support/azurite.ts";
import { guardStore } from "../../test/support/guarded-store.ts";
import { CLIENT, startIdentityProvider, TENANT } from "../../test/support/identity-provider.ts";
import type { Cluster, TestDatabase } from "../../test/support/postgres.ts";
import { runOk } from "../../test/support/tools.ts";
import { dispatch, layOut, noSecrets, ok, telling, type Trial } from "./trial.ts";

const SHOP = `
  create table customers (id int generated always as identity primary key, name text not null);
  create table orders (id bigint primary key, customer int not null references customers,
    placed timestamptz not null, note jsonb);
  insert into customers (name) select 'customer ' || n from generate_series(1, 500) n;
  insert into orders
    select n, 1 + n % 500, timestamptz '2026-01-01' + n * interval '1 minute', jsonb_build_object('n', n)
      from generate_series(1, 5000) n;
  create view latest as select * from orders where placed > timestamptz '2026-01-03';
`;

/** Everything about the rows, in one value. */
const CONTENT = `
  select (select md5(string_agg(c::text, '|' order by id)) from customers c) as customers,
         (select md5(string_agg(o::text, '|' order by id)) from orders o) as orders,
         (select count(*)::int from latest) as latest
`;

interface Backups extends Trial {
  readonly store: string;
  readonly recipient: string;
  readonly source: TestDatabase;
  readonly target: TestDatabase;
}

/** The workflows backup.yml, validate.yml and restore.yml. */
export async function tryBackups(act: string, folder: string, cluster: Cluster): Promise<void> {
  await layOut(folder, {
    shipped: ["backup.yml", "validate.yml", "restore.yml"],
    caller: "backups.yml",
  });
  const source = await cluster.createDatabase({ name: "shop", sql: SHOP });
  const target = await cluster.createDatabase({ name: "shop_restored" });
  const store = join(folder, "store");
  mkdirSync(store);
  const { recipient, identity } = await ageKey();
  const trial = {
    act,
    folder,
    store: `file://${store}`,
    recipient,
    source,
    target,
    secrets: { DATABASE_URL: source.url, TARGET_URL: target.url, AGE_IDENTITY: identity },
  };
  const id = await calledInARow(trial);
  await damaged(trial, id, await cluster.createDatabase({ name: "shop_untouched" }));
  await withoutSecrets(trial);
  await signedIn(trial);
}

/** A new key of age's own. */
export async function ageKey(): Promise<{ readonly recipient: string; readonly identity: string }> {
  const key = await runOk("age-keygen", []);
  const recipient = /age1[0-9a-z]{58}/.exec(key)?.[0];
  const identity = /AGE-SECRET-KEY-1[0-9A-Z]+/.exec(key)?.[0];
  assert(recipient !== undefined && identity !== undefined, "age-keygen printed no key");
  return { recipient, identity };
}

function secretsOf({ secrets }: Trial): string[] {
  return [secrets["AGE_IDENTITY"]!, new URL(secrets["DATABASE_URL"]!).password];
}

/** The way of a user: three workflows called from one. Returns the id of the backup. */
async function calledInARow(trial: Backups): Promise<string> {
  const { store, recipient, source, target } = trial;
  const ran = await dispatch(trial, "caller.yml", { inputs: { store, recipients: recipient } });
  return await telling(ran, async () => {
    assert.equal(ran.code, 0, "the caller's workflow failed");
    assert(ran.needs !== undefined, "the report job did not run");
    const { backup, validate, restore } = ran.needs;
    const id = backup?.outputs["id"] ?? "";
    assert.match(id, /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.equal(validate?.outputs["verdict"], "proved");
    assert.equal(restore?.outputs["verdict"], "proved");
    assert.equal(restore.outputs["id"], id);
    assert.deepEqual(await target.query(CONTENT), await source.query(CONTENT));
    noSecrets(secretsOf(trial), ran);
    ok(
      "backup.yml, validate.yml and restore.yml, called in a row: " +
        `${id} is proved, restored, and equal row by row`,
    );
    return id;
  });
}

/** Turns one bit in the middle of the first dump. */
function damage(store: string): string {
  const path = readdirSync(store, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(".age"),
  );
  assert(path !== undefined, "the store holds no encrypted dump");
  const file = join(store, path);
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle]! ^= 1;
  writeFileSync(file, bytes);
  return path;
}

/**
 * One bit of the dump turned: validate.yml and restore.yml, started by hand, have to fail, and nothing may
 * reach the target.
 */
async function damaged(trial: Backups, id: string, target: TestDatabase): Promise<void> {
  const { store } = trial;
  const path = damage(fileURLToPath(store));
  const secrets = { ...trial.secrets, TARGET_URL: target.url };
  for (const workflow of ["validate.yml", "restore.yml"]) {
    const ran = await dispatch(trial, workflow, { inputs: { store, backup: id }, secrets });
    await telling(ran, async () => {
      assert.notEqual(ran.code, 0, `${workflow} did not notice that ${path} is damaged`);
      assert.match(ran.stdout + ran.stderr, /damaged/, `${workflow} failed for another reason`);
      assert.deepEqual(
        await target.query("select relname from pg_class where relnamespace = 'public'::regnamespace"),
        [],
      );
      noSecrets(secretsOf(trial), ran);
      ok(`${workflow} fails after one bit was turned, and the target is empty`);
    });
  }
}

/** A secret that is not there is named, before anything is asked or installed. */
async function withoutSecrets({ secrets, ...trial }: Backups): Promise<void> {
  for (const [workflow, missing] of [
    ["backup.yml", "DATABASE_URL"],
    ["restore.yml", "TARGET_URL"],
  ] as const) {
    const given = Object.fromEntries(Object.entries(secrets).filter(([name]) => name !== missing));
    const inputs = { store: trial.store, source: "shop", recipients: trial.recipient };
    const start = { inputs: workflow === "backup.yml" ? inputs : { store: trial.store }, secrets: given };
    const ran = await dispatch({ ...trial, secrets }, workflow, start);
    await telling(ran, () => {
      assert.notEqual(ran.code, 0, `${workflow} did not notice that ${missing} is missing`);
      assert.match(ran.stdout + ran.stderr, new RegExp(`The secret ${missing} is empty here`));
      ok(`${workflow} names ${missing}, which it was not passed`);
      return Promise.resolve();
    });
  }
}

/** Without azure/login and without a secret of the store: the step has the ids, and the job's own tokens. */
async function signedIn(trial: Backups): Promise<void> {
  await using provider = await startIdentityProvider({ accessTokens: 60, idTokens: 60 });
  await using azurite = await startAzurite({ oauth: true });
  await using store = await guardStore(azurite, { ...provider, blockMs: 0 });
  const { AZURE_CLIENT_ID: _, AZURE_TENANT_ID: __, ...environment } = provider.environment;
  const container = await ownContainer(azurite.connectionString, azurite.certificate ?? "");
  const ran = await dispatch(trial, "backup.yml", {
    inputs: {
      store: `azure://${AZURITE_ACCOUNT}/${container}/prod`,
      source: "shop",
      recipients: trial.recipient,
    },
    variables: { AZURE_CLIENT_ID: CLIENT, AZURE_TENANT_ID: TENANT },
    env: { ...environment, AZURE_STORAGE_BLOB_ENDPOINT: store.endpoint },
  });
  await telling(ran, () => {
    assert.equal(ran.code, 0, "backup.yml did not sign in to an azure:// store");
    assert(provider.issued > 0, "nobody asked for an access token");
    assert(store.tokens.size > 0, "nothing was written with one");
    noSecrets(secretsOf(trial), ran);
    ok("backup.yml signs in to an azure:// store by the repository's variables and the job's own tokens");
    return Promise.resolve();
  });
}

/** Made with the account's key, as its owner does. */
async function ownContainer(connectionString: string, certificate: string): Promise<string> {
  setDefaultCACertificates([...getCACertificates("default"), certificate]);
  const name = "backups";
  await BlobServiceClient.fromConnectionString(connectionString).createContainer(name);
  return name;
}
