import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { formatBytes } from "../../src/kernel/bytes.ts";
import { formatDuration } from "../../src/kernel/duration.ts";
import { readDocument } from "../../src/nouns/store/sealed-document.ts";
import {
  manifest as manifestSchema,
  MANIFEST_FORMATS,
  type Manifest,
} from "../../src/nouns/catalog/manifest.ts";
import { Holdfast } from "./holdfast.ts";
import { lossesSince } from "./losses.ts";
import { AZURITE_ACCOUNT, startPrivateAzurite } from "./private-azurite.ts";
import { tellMigrations } from "./migration-story.ts";
import { startPrivatePostgres } from "./private-postgres.ts";
import { tellRelease } from "./release-story.ts";
import { tellProject } from "./project-story.ts";
import { BrokenPromise, expectExit, requireProved } from "./promise.ts";
import { buildShop, digests, disaster, SHOP, type Digest } from "./shop.ts";
import type { Stage, World } from "./world.ts";

/** Headings of the first chapter. */
const STEPS = 9;

const CONTAINER = "backups";
const STORE = `azure://${AZURITE_ACCOUNT}/${CONTAINER}/demo`;

/** The world as the first chapter finds it; the key is made in it. */
interface Shop extends Omit<World, "recipient"> {
  readonly holdfast: Holdfast;
  /** Of the shop's owner. */
  readonly password: string;
}

/** Tells the whole story; throws BrokenPromise at the first thing that is not as promised. */
export async function tell(stage: Stage): Promise<void> {
  const { narrator } = stage;
  const began = performance.now();
  narrator.chapter("A shop loses its orders", STEPS);
  const world = await startWorld(stage);
  const before = await openShop(world);
  const recipient = await makeKey(world);
  const { id, manifest } = await backUp(world, recipient);
  narrator.step(
    "What is in the store",
    "A backup is listed as verified only once somebody has proved it; so far nobody has.",
  );
  await list(world, id, "unverified", 1);
  await prove(world, id);
  await breakThings(world, before);
  await seeLosses(world, id, manifest);
  await bringBack(world, before);
  // The second one is what the damaged database held, taken by restore itself.
  await list(world, id, "verified", 2);
  await tellProject({ ...world, recipient });
  await tellMigrations({ ...world, recipient });
  await tellRelease({ ...world, recipient });
  narrator.say("");
  narrator.table(
    ["what", "time"],
    narrator.times.map(({ what, ms }) => [what, formatDuration(ms)]),
    ["time"],
  );
  narrator.say("");
  narrator.good(`the whole demo took ${formatDuration(performance.now() - began)}`);
}

async function startWorld(stage: Stage): Promise<Shop> {
  const { narrator, cancelled } = stage;
  narrator.step(
    "Servers of our own",
    "A PostgreSQL server and Microsoft's emulator of Azure Blob Storage start here; both vanish at the end.",
  );
  const postgres = stage.keep(await startPrivatePostgres(process.env));
  cancelled.throwIfAborted();
  const azurite = stage.keep(await startPrivateAzurite());
  await azurite.container(CONTAINER).create();
  cancelled.throwIfAborted();
  narrator.say(`PostgreSQL ${postgres.tools.version} and Azurite are up; the store is ${STORE}`);
  narrator.took("start PostgreSQL and Azurite");
  const password = randomBytes(12).toString("hex");
  const url = postgres.url(SHOP.owner, password, SHOP.database);
  const storeSecrets = { HOLDFAST_STORE: STORE, HOLDFAST_STORE_SECRET: azurite.connectionString };
  const holdfast = new Holdfast(
    {
      ...storeSecrets,
      HOLDFAST_DATABASE: url,
      HOLDFAST_TARGET: url,
      HOLDFAST_IDENTITY_FILE: join(stage.folder, "identity.txt"),
    },
    stage.folder,
    cancelled,
  );
  stage.onHoldfast(holdfast);
  return { ...stage, postgres, azurite, storeSecrets, holdfast, password };
}

async function openShop({ narrator, postgres, cancelled, password }: Shop): Promise<Digest[]> {
  narrator.step(
    "A shop opens",
    "Generated customers, products and orders, with keys, a view, a trigger, a policy and grants: " +
      "what real databases are made of.",
  );
  await buildShop(postgres, password);
  cancelled.throwIfAborted();
  const found = await digests(postgres);
  narrator.table(
    ["table", "rows"],
    found.map(({ table, rows }) => [`shop.${table}`, rows.toLocaleString("en-US")]),
    ["rows"],
  );
  narrator.took("generate the shop");
  return found;
}

async function makeKey({ narrator, holdfast }: Shop): Promise<string> {
  narrator.step(
    "A key",
    "Backups are encrypted to the public half; only the identity, kept away from database and store, " +
      "opens them again.",
  );
  narrator.command("holdfast keygen --output identity.txt --kit recovery-kit.md");
  const run = expectExit(
    await holdfast.run(["keygen", "--output", "identity.txt", "--kit", "recovery-kit.md"]),
    0,
    "keygen",
  );
  return String(run.outputs["recipient"]);
}

async function backUp(
  { narrator, holdfast, azurite }: Shop,
  recipient: string,
): Promise<{ id: string; manifest: Manifest }> {
  narrator.step(
    "A backup",
    "One snapshot for the dump and a fingerprint of every row; compressed, encrypted and uploaded " +
      "as a stream, nothing on the disk.",
  );
  narrator.say(
    "(database, store and credentials come from the variables HOLDFAST_DATABASE, HOLDFAST_STORE, " +
      "HOLDFAST_STORE_SECRET)",
  );
  narrator.command(`holdfast backup --source shop --recipients ${recipient.slice(0, 12)}…`);
  const run = expectExit(
    await holdfast.run(["backup", "--source", "shop", "--recipients", recipient]),
    0,
    "backup",
  );
  narrator.took("back up", run.ms);
  const blob = azurite.container(CONTAINER).getBlobClient(`demo/${String(run.outputs["manifest"])}`);
  const { value: manifest } = readDocument(
    await blob.downloadToBuffer(),
    manifestSchema,
    MANIFEST_FORMATS,
    "the manifest",
  );
  narrator.say(
    `pg_dump wrote ${formatBytes(Number(run.outputs["plain-bytes"]))}, ` +
      `the store holds ${formatBytes(Number(run.outputs["stored-bytes"]))}, ` +
      `${Number(run.outputs["rows"]).toLocaleString("en-US")} rows are on record`,
  );
  return { id: String(run.outputs["id"]), manifest };
}

async function list({ narrator, holdfast }: Shop, id: string, state: string, count: number): Promise<void> {
  narrator.command("holdfast list");
  const run = expectExit(await holdfast.run(["list"]), 0, "list");
  const backups = run.outputs["backups"] as readonly { readonly id: string; readonly state: string }[];
  if (backups.length === count && backups.some((one) => one.id === id && one.state === state)) return;
  throw new BrokenPromise(
    `list should show ${count} backup(s), ${id} among them as ${state}, and shows ${JSON.stringify(backups)}`,
  );
}

async function prove({ narrator, holdfast }: Shop, id: string): Promise<void> {
  narrator.step(
    "The proof",
    "The backup is restored into a throw-away server and compared, row by row, with what the source held " +
      "at the snapshot.",
  );
  narrator.command("holdfast validate --depth restored");
  const run = expectExit(await holdfast.run(["validate", "--depth", "restored"]), 0, "validate");
  requireProved(run, id);
  narrator.took("prove the backup", run.ms);
}

async function breakThings(
  { narrator, postgres, cancelled }: Shop,
  before: readonly Digest[],
): Promise<void> {
  narrator.step(
    "The disaster",
    "A repair script with a wrong condition changes rows, a migration drops a table; " +
      "nothing raises an error.",
  );
  await disaster(postgres);
  cancelled.throwIfAborted();
  const after = await digests(postgres);
  const untouched = before.filter((then) =>
    after.some((now) => now.table === then.table && now.md5 === then.md5),
  );
  if (untouched.length === before.length) throw new BrokenPromise("the disaster did not happen");
  narrator.say(
    "UPDATE shop.orders SET total = round(total * 0.9, 2) WHERE id % 7 = 0;\nUPDATE shop.products SET " +
      "attributes = attributes - 'weight_g' WHERE id % 11 = 0;\nDROP TABLE shop.order_items CASCADE;",
  );
}

async function seeLosses(
  { narrator, holdfast, postgres, cancelled }: Shop,
  id: string,
  manifest: Manifest,
): Promise<void> {
  narrator.step(
    "Is the backup still good, and what is lost?",
    "The store is proved again, and the live database is measured against the backup's manifest.",
  );
  narrator.command("holdfast validate --depth restored");
  const run = expectExit(
    await holdfast.run(["validate", "--depth", "restored"]),
    0,
    "validate after the disaster",
  );
  requireProved(run, id);
  const losses = await lossesSince(manifest, postgres.address(SHOP.database), cancelled);
  narrator.say("");
  narrator.table(["table", "in the backup", "now", "verdict"], losses.tables, ["in the backup", "now"]);
  narrator.say("");
  if (losses.others.length > 0) {
    narrator.say(`and with them:\n${losses.others.map((line) => `- ${line}`).join("\n")}\n`);
  }
  // Two tables with changed rows, one dropped, and the materialized view over it.
  if (losses.harmed !== 4) {
    throw new BrokenPromise(`the comparison should find 4 harmed tables, and finds ${losses.harmed}`);
  }
  narrator.bad(
    `${losses.harmed} of ${losses.tables.length} tables are not as they were; ` +
      "row counts alone would have missed two of them",
  );
}

async function bringBack({ narrator, holdfast, postgres }: Shop, before: readonly Digest[]): Promise<void> {
  narrator.step(
    "The way back",
    "A database that holds anything is only replaced when its name is given; " +
      "what it holds is backed up first.",
  );
  narrator.command("holdfast restore --backup latest-verified");
  expectExit(
    await holdfast.run(["restore", "--backup", "latest-verified"]),
    7,
    "restore without confirmation",
  );
  narrator.say("refused, as it should be. With the name:\n");
  narrator.command("holdfast restore --backup latest-verified --confirm shop");
  const run = expectExit(
    await holdfast.run(["restore", "--backup", "latest-verified", "--confirm", SHOP.database]),
    0,
    "restore",
  );
  if (run.outputs["verdict"] !== "proved") {
    throw new BrokenPromise(`the restore should be proved, and is ${String(run.outputs["verdict"])}`);
  }
  narrator.took("restore, from the command to a proved database (RTO)", run.ms);
  narrator.say(
    "\nAnd without taking Holdfast's word for it, an MD5 over all rows of each table, before the disaster " +
      "and now, by PostgreSQL alone:\n",
  );
  const after = await digests(postgres);
  const rows = before.map((then) => {
    const now = after.find((one) => one.table === then.table);
    return [
      `shop.${then.table}`,
      then.rows.toLocaleString("en-US"),
      then.md5.slice(0, 12),
      now?.md5.slice(0, 12) ?? "gone",
      now?.md5 === then.md5 ? "✔ as it was" : "✘ DIFFERS",
    ];
  });
  narrator.table(["table", "rows", "before", "now", ""], rows, ["rows"]);
  narrator.say("");
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    throw new BrokenPromise("the restored tables are not as they were");
  }
  narrator.good("every table is as it was");
  narrator.say("");
}
