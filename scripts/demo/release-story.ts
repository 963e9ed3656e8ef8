import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Holdfast } from "./holdfast.ts";
import { startPrivateSandbox, type PrivateSandbox } from "./private-sandbox.ts";
import { BrokenPromise, expectExit } from "./promise.ts";
import { BAD, commitRelease, DATABASE, GOOD, openTickets, PROJECT, type Release } from "./tickets.ts";
import type { World } from "./world.ts";

const STEPS = 4;
/** What users have. */
interface Whole {
  readonly build: string;
  readonly schema: string;
  readonly rows: string;
  readonly functions: string;
}

/** Tells how a bad release is taken back as one: app, database, functions. */
export async function tellRelease(world: World): Promise<void> {
  const { narrator, folder, cancelled, keep, onHoldfast, postgres } = world;
  narrator.chapter("A bad release is undone", STEPS);
  narrator.step(
    "An app in two slots",
    "App Service is played here, and really serves what is deployed; so are edge functions, where deno is " +
      "there.",
  );
  const repository = join(folder, "tickets");
  mkdirSync(repository);
  const sandbox = keep(await startPrivateSandbox(repository, cancelled));
  await postgres.sql("postgres", `CREATE DATABASE ${DATABASE}`);
  const holdfast = new Holdfast(
    {
      ...world.storeSecrets,
      ...sandbox.env,
      HOLDFAST_DATABASE: postgres.url("postgres", "", DATABASE),
      HOLDFAST_PG_BIN: postgres.tools.binDir,
      SUPABASE_ACCESS_TOKEN: "the-demos-own-token",
    },
    repository,
    cancelled,
  );
  onHoldfast(holdfast);
  openTickets(repository);
  const stage = { world, repository, sandbox, holdfast };
  await release(stage, GOOD);
  await postgres.sql(
    DATABASE,
    "INSERT INTO tickets SELECT n, 'seat ' || n, 20 FROM generate_series(1, 500) n",
  );
  const before = await look(stage);
  narrator.say(`production is ${before.build}, and 500 tickets are sold`);
  narrator.took("release 1.2.0");
  narrator.step(
    "A bad release",
    "1.3.0 is well by every test that there is, and sells everything for nothing: a discount of 100 %.",
  );
  await release(stage, BAD);
  const bad = await look(stage);
  narrator.bad(`production is ${bad.build}: somebody calls at three in the morning`);
  narrator.took("release 1.3.0");
  await press(stage);
  await see(stage, before);
}

/** What the story is told upon. */
interface Tickets {
  readonly world: World;
  readonly repository: string;
  readonly sandbox: PrivateSandbox;
  readonly holdfast: Holdfast;
}

async function release({ world, repository, sandbox, holdfast }: Tickets, bring: Release): Promise<void> {
  const given = { hasFunctions: sandbox.call !== undefined, soak: "3s" };
  for (const words of commitRelease(repository, bring, given)) {
    world.narrator.command(`holdfast ${words.join(" ")}`);
    expectExit(await holdfast.run(words), 0, words[0]!);
  }
}

async function press({ world: { narrator, recipient }, holdfast, sandbox }: Tickets): Promise<void> {
  narrator.step("The button", "One command. It does not put 1.2.0 on a schema that it does not run on.");
  const button = ["rollback", "--reason", "everything-is-free"];
  const along = sandbox.call === undefined ? [] : ["--project", PROJECT];
  narrator.command(`holdfast ${[...button, ...along].join(" ")}`);
  expectExit(await holdfast.run([...button, ...along]), 7, "a rollback that nobody has decided");
  const words = [...button, ...along, "--schema", "migrations", "--confirm", DATABASE];
  narrator.command(`holdfast ${words.join(" ")}`);
  const done = await holdfast.run([...words, "--recipients", recipient]);
  const { outputs, ms } = expectExit(done, 0, "the rollback");
  narrator.took("take 1.3.0 back", ms);
  if (outputs["outcome"] !== "done" || outputs["production"] !== "1.2.0") {
    throw new BrokenPromise(`production should be 1.2.0 again, and the answer is ${JSON.stringify(outputs)}`);
  }
}

async function see(stage: Tickets, before: Whole): Promise<void> {
  const { narrator } = stage.world;
  narrator.step("What users have", "Asked as they ask: the address, the rows, the functions.");
  const now = await look(stage);
  const row = (what: keyof Whole): string[] => [what, before[what], now[what]];
  narrator.table(
    ["what", "before 1.3.0", "now"],
    [row("build"), row("schema"), row("rows"), row("functions")],
  );
  if (!isDeepStrictEqual(now, before)) throw new BrokenPromise("what users have is not what it was");
  narrator.good("app, schema, rows and functions are what they were");
}

async function look({ world: { postgres }, sandbox }: Tickets): Promise<Whole> {
  const [rows] = await postgres.sql(
    DATABASE,
    "SELECT count(*) || ', ' || md5(string_agg(t::text, ';' ORDER BY id)) AS told FROM tickets t",
  );
  const [history] = await postgres.sql(
    DATABASE,
    "SELECT version || ', ' || left(split_part(fingerprint_after, ':', 2), 12) AS told FROM " +
      "holdfast.migrations ORDER BY position DESC",
  );
  return {
    build: await sandbox.production(),
    schema: history!["told"] as string,
    rows: rows!["told"] as string,
    functions: sandbox.call === undefined ? "NOT TOLD HERE: there is no deno" : await sandbox.call("prices"),
  };
}
