import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { sampled, THOROUGH } from "../../support/sampling.ts";
import { eventually, runOk, scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { startSilentRelay, type Silence, type SilentRelay } from "./silent-relay.ts";

/**
 * The line to the database falls silent at one piece of all that the command line sends over it, without closing:
 * one connection of it, or all. Each run ends within its bound, says why, and leaves nothing.
 */

const SILENCE = "2s";
/**
 * Seconds: silence, twice; a login of pg_dump, which its own clock bounds; a program that is given 5 s to go; the
 * start of the process on a busy machine.
 */
const BOUND_S = 75;

const WAYS: readonly Silence[] = ["one", "all"];

const SQL = `
  CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS noise FROM generate_series(1, 20000) g;
  ALTER TABLE orders ADD PRIMARY KEY (id);
  CREATE TABLE lines AS SELECT g AS id, g AS of FROM generate_series(1, 2000) g;
  ALTER TABLE lines ADD FOREIGN KEY (of) REFERENCES orders;
  SELECT lo_from_bytea(0, '\\x00');
`;

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly seconds: number;
}

interface Run {
  readonly name: string;
  /** Arguments; files of the folder by name. */
  readonly args: readonly string[];
  /** What must be gone again, so that the next run begins where this one began. */
  readonly again: () => Promise<void>;
}

let vault: Vault;
let source: TestDatabase;
let target: TestDatabase;
let relay: SilentRelay;
let runs: Run[];

beforeAll(async () => {
  vault = await Vault.make();
  source = await createDatabase({ sql: SQL });
  target = await createDatabase();
  relay = await startSilentRelay(source.address.port);
  await vault.backup(source.url);
  const store = ["--store", vault.url];
  runs = [
    {
      name: "backup",
      args: [
        "backup",
        ...store,
        "--source",
        "swept",
        "--recipients",
        vault.recipient,
        "--database-file",
        "source",
      ],
      again: () => Promise.resolve(),
    },
    {
      name: "validate",
      args: [
        "validate",
        ...store,
        "--source",
        "shop",
        "--identity-file",
        "identity",
        "--scratch-file",
        "admin",
      ],
      again: () => Promise.resolve(),
    },
    {
      name: "restore",
      args: [
        "restore",
        ...store,
        "--source",
        "shop",
        "--identity-file",
        "identity",
        "--target-file",
        "target",
      ],
      again: async () => {
        await target.drop();
        target = await createDatabase({ name: target.name });
      },
    },
  ];
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
  await source.drop();
  await target.drop();
});

const through = (url: string): string => {
  const changed = new URL(url);
  changed.port = String(relay.port);
  return changed.href;
};

/** The command line as a process of its own, with a mark in its environment that its children inherit or not. */
async function start(run: Run, folder: string): Promise<Ended> {
  mkdirSync(join(folder, "tmp"), { recursive: true });
  writeFileSync(join(folder, "source"), through(source.url));
  writeFileSync(join(folder, "target"), through(target.url));
  writeFileSync(join(folder, "admin"), through(source.adminUrl));
  writeFileSync(join(folder, "identity"), vault.identity);
  const cli = new URL("../../../src/entry/main.ts", import.meta.url).href;
  const script = `const { runCli } = await import(${JSON.stringify(cli)}); await runCli(process.argv.slice(1));`;
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", script, "--", ...run.args],
    {
      cwd: folder,
      env: { ...process.env, TMPDIR: join(folder, "tmp"), HOLDFAST_SILENCE_LIMIT: SILENCE },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  const late = setTimeout(() => {
    said += "\nSTILL RUNNING";
    child.kill("SIGKILL");
  }, BOUND_S * 1000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(late);
  return { code, said, seconds: (performance.now() - began) / 1000 };
}

/** What must not be there after a run: its programs, its files, its sessions. */
async function expectNothingLeft(folder: string): Promise<void> {
  await eventually("programs to be gone", async () => {
    const all = await runOk("ps", ["-A", "-o", "args="]);
    return !all
      .split("\n")
      .some((line) => /pg_dump|pg_restore/.test(line) && line.includes("--format=custom"));
  });
  await eventually("the temporary folder to be empty", () => readdirSync(join(folder, "tmp")).length === 0);
  await eventually("the sessions to be gone", async () => {
    const [row] = await source.admin(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'",
    );
    return row!["n"] === 0;
  });
}

describe.each(["backup", "validate", "restore"])("%s", (name) => {
  it("ends in time wherever its connections to the database fall silent, and leaves nothing", async () => {
    const run = runs.find((each) => each.name === name)!;
    await using counted = scratchFolder("silent");
    relay.fallSilentAt(0, "one");
    const whole = await start(run, counted.path);
    expect([whole.code, whole.said]).toEqual([0, expect.any(String)]);
    await run.again();
    const places = Array.from({ length: relay.pieces }, (_, index) => index + 1);
    const every = Math.ceil(places.length / 3);
    const wrong: string[] = [];
    for (const [at, place] of sampled(`${name}: the database falls silent`, places, { every }).entries()) {
      for (const what of THOROUGH ? WAYS : [WAYS[at % WAYS.length]!]) {
        await using folder = scratchFolder("silent");
        relay.fallSilentAt(place, what);
        const { code, said, seconds } = await start(run, folder.path);
        const why = judge(code, said);
        const told = `${what} at ${place} of ${places.length}: exit ${String(code)}, ${seconds.toFixed(0)} s`;
        if (why !== undefined) wrong.push(`${told}: ${why}\n${said}`);
        relay.fallSilentAt(0, what);
        await expectNothingLeft(folder.path);
        await run.again();
      }
    }
    expect(wrong).toEqual([]);
  }, 36_000_000);
});

/**
 * A run that did its work in spite of it is no failure: what fell silent may have been a goodbye, or a question to
 * which the answer is a warning.
 */
function judge(code: number | null, said: string): string | undefined {
  if (said.includes("STILL RUNNING")) return "it hangs";
  if (code === 0) return said.includes("✔") ? undefined : "it ends well and says nothing";
  if (code !== 4) return "another exit code than 4";
  if (!said.includes("hint: ")) return "it says no way on";
  return /\(database\.(?:lost|unreachable), exit code 4\)/.test(said) ? undefined : "another reason";
}
