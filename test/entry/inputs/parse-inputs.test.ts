import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { defineCommand, type InputSpecs } from "../../../src/commands/define.ts";
import { parseArgv } from "../../../src/entry/inputs/argv.ts";
import { actionMissingHint, inActionWords, variableName } from "../../../src/entry/inputs/missing-hint.ts";
import { parseInputs } from "../../../src/entry/inputs/parse-inputs.ts";
import { collectAction, collectCli, inputVariable } from "../../../src/entry/inputs/sources.ts";
import type { Environment } from "../../../src/entry/inputs/environment.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";

const specs = {
  database: { type: "secret", required: true, text: "x" },
  "store-secret": { type: "secret", text: "x" },
  tier: { type: "choice", choices: ["tier1", "tier2"], default: "tier2", text: "x" },
  kinds: { type: "list", choices: ["schema", "data", "full"], text: "x" },
  schemas: { type: "list", text: "x" },
  jobs: { type: "integer", min: 1, max: 32, default: 2, text: "x" },
  wait: { type: "duration", default: "60s", text: "x" },
  before: { type: "instant", text: "x" },
  "dry-run": { type: "boolean", default: false, text: "x" },
  "safety-backup": { type: "boolean", default: true, text: "x" },
  "no-owner": { type: "boolean", default: false, text: "x" },
  "install-client": { type: "boolean", default: false, only: "action", text: "x" },
  source: { type: "string", pattern: /^[a-z]+$/, accepts: "lower-case letters", text: "x" },
  which: {
    type: "string",
    pattern: /^(latest|\d+)$/,
    accepts: "a number or latest",
    words: ["latest"],
    text: "x",
  },
} as const satisfies InputSpecs;

const noFile = (): Promise<string> => Promise.reject(Object.assign(new Error("no"), { code: "ENOENT" }));

async function fromCli(
  args: readonly string[],
  env: Environment = {},
  readFile: (path: string) => Promise<string> = noFile,
) {
  const { given, problems } = await collectCli(specs, parseArgv(specs, args), env, readFile);
  return parseInputs(specs, given, (name) => `--${name}`, problems);
}

async function fromAction(given: Record<string, string>, env: Environment = {}) {
  const variables = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [inputVariable(name), value]),
  );
  const collected = await collectAction(specs, { ...env, ...variables }, noFile);
  return parseInputs(
    specs,
    collected.given,
    (name) => `input '${name}'`,
    collected.problems,
    actionMissingHint,
  );
}

async function failure(parsing: Promise<unknown>): Promise<HoldfastError> {
  const error = await parsing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HoldfastError)) throw new Error(`expected a HoldfastError, got ${String(error)}`);
  return error;
}

describe("an action's words", () => {
  it("for a secret that is empty name the input and why it may be, and no option", async () => {
    for (const given of [{}, { database: "" }, { database: "  \n" }]) {
      const { code, message, hint } = await failure(fromAction(given));
      expect([code, message]).toEqual(["input.missing", "input 'database' is required and was not given"]);
      expect(hint).toMatch(
        /'with: database:'.*does not exist.*environment.*caller did not pass it.*'inherit'/,
      );
      expect(hint).not.toMatch(/--|HOLDFAST_/);
    }
  });

  it.each([
    ["Give a lower --jobs.", "Give a lower input 'jobs'."],
    [
      "Give it with --database-file or --store-secret.",
      "Give it with input 'database' or input 'store-secret'.",
    ],
    ["pg_dump --lock-wait-timeout=1 and --dbname", "pg_dump --lock-wait-timeout=1 and --dbname"],
    [
      "--database is no URL; a word--jobs and ---jobs stay",
      "input 'database' is no URL; a word--jobs and ---jobs stay",
    ],
    [
      "Then `holdfast list --source x` says it; not so --source.",
      "Then `holdfast list --source x` says it; not so input 'source'.",
    ],
    [
      "holdfast migrate-rollback --source b brings it back. --source",
      "holdfast migrate-rollback --source b brings it back. input 'source'",
    ],
    ["Holdfast made it; give --tier", "Holdfast made it; give input 'tier'"],
    ["--constructor", "--constructor"],
  ])("for %s", (text, told) => {
    expect(inActionWords(text, specs)).toBe(told);
  });
});

describe("a list of one value a line", () => {
  const lines = { gaps: { type: "list", oneALine: true, text: "x" } } as const satisfies InputSpecs;

  it("keeps commas, and is repeated or given with line feeds of any kind", () => {
    const parse = (...texts: string[]): readonly string[] =>
      parseInputs(lines, new Map([["gaps", { texts, origin: "--gaps" }]]), (name) => `--${name}`).gaps;
    expect(parse("function app.f(integer, text)", "extension pg_net")).toEqual([
      "function app.f(integer, text)",
      "extension pg_net",
    ]);
    expect(parse("extension a\r\n  extension b \n\n")).toEqual(["extension a", "extension b"]);
  });
});

describe("inputs on the command line", () => {
  it("are typed and frozen, with camel-case names and defaults", async () => {
    const inputs = await fromCli([
      "--database",
      "url",
      "--wait=90s",
      "--kinds",
      "schema,data",
      "--schemas",
      "a",
      "--schemas",
      "b",
      "--dry-run",
    ]);
    expect(inputs.database).toBeInstanceOf(Secret);
    expect(inputs.database.reveal()).toBe("url");
    expect(inputs).toMatchObject({
      tier: "tier2",
      jobs: 2,
      wait: 90_000,
      kinds: ["schema", "data"],
      schemas: ["a", "b"],
      dryRun: true,
      safetyBackup: true,
    });
    expect(inputs.before).toBeUndefined();
    expect(Object.isFrozen(inputs)).toBe(true);
  });

  it("negate switches with --no-, and know a switch whose own name begins with no-", async () => {
    const inputs = await fromCli(["--database", "u", "--no-safety-backup", "--no-owner", "--dry-run=false"]);
    expect(inputs).toMatchObject({ safetyBackup: false, noOwner: true, dryRun: false });
    expect(await fromCli(["--database", "u", "--no-no-owner"])).toMatchObject({ noOwner: false });
  });

  it("report every problem together", async () => {
    const error = await failure(
      fromCli([
        "--tire",
        "tier1",
        "--tier",
        "tier9",
        "--jobs",
        "0",
        "--wait",
        "5",
        "--before",
        "2026-02-30",
        "--source",
        "A",
        "stray",
      ]),
    );
    expect(error.exitCode).toBe(2);
    for (const text of [
      "no option --tire; did you mean --tier?",
      "--database is required",
      "--tier is 'tier9'",
      "--jobs is '0'",
      "--wait is '5'",
      "--before is '2026-02-30'",
      "--source is 'A'",
      "unexpected argument 'stray'",
    ]) {
      expect(error.message).toContain(text);
    }
  });

  it("keep the code and hint of a problem that stands alone", async () => {
    const error = await failure(fromCli([]));
    expect(error.code).toBe("input.missing");
    expect(error.hint).toContain("HOLDFAST_DATABASE");
  });

  it.each([
    [["--database", "u", "--tier"], "--tier needs a value"],
    [["--database", "u", "--tier", "--dry-run"], "--tier needs a value"],
    [["--database", "u", "--tier", "tier1", "--tier", "tier2"], "--tier is given more than once"],
    [["--database", "u", "--kinds", "full,ful"], "did you mean full?"],
    [["--database", "u", "--which", "latst"], "which is not a number or latest (did you mean latest?)"],
    [["--database", "u", "--json=yes"], "--json takes no value"],
    [["--database", "u", "--no-dry-run=true"], "--no-dry-run takes no value"],
    [["--database", "u", "--install-client"], "there is no option --install-client"],
    [["--database", "u", "--before", "yesterday"], "a day (2026-11-22)"],
    [["--database", "u", "--before", "2026-11-22T10:00:00"], "with a time zone"],
    [["--database", "u", "--database-file", "f"], "both given"],
    [["--database-file", "f"], "cannot be read (ENOENT)"],
    [["--database-file", "-", "--store-secret-file", "-"], "both want standard input"],
  ])("refuse %j", async (args, message) => {
    expect(
      (await failure(fromCli(args, {}, (path) => (path === "-" ? Promise.resolve("x") : noFile())))).message,
    ).toContain(message);
  });

  it.each([
    ["ENOENT", /No file has that name.*folder where/],
    ["EACCES", /may not read it/],
    ["EISDIR", /folder/],
    ["EIO", /Check the file/],
  ])("say what to do about a file that cannot be read: %s", async (code, hint) => {
    const broken = (): Promise<string> => Promise.reject(Object.assign(new Error("no"), { code }));
    expect((await failure(fromCli(["--database-file", "f"], {}, broken))).hint).toMatch(hint);
  });

  it("never repeat what may be a secret in the wrong place", async () => {
    const secret = "postgresql://me:pa/ss@host/db";
    for (const args of [
      [secret],
      ["--source", secret],
      ["--tier", secret],
      ["--kinds", secret],
      ["--recipents", secret],
      ["--wait", `AGE-SECRET-KEY-1QQQQQ`],
      ["--before", "AccountKey=abcdefgh=="],
    ]) {
      const { message, hint } = await failure(fromCli(["--database", "u", ...args]));
      expect(`${message} ${hint}`).not.toMatch(/pa\/ss|SECRET-KEY-1Q|abcdefgh/);
    }
  });

  it("read a secret from a file without the newline at its end, and say so when it is empty", async () => {
    expect(
      (await fromCli(["--database-file", "f"], {}, () => Promise.resolve("url\r\n"))).database.reveal(),
    ).toBe("url");
    expect(
      (await failure(fromCli(["--database-file", "f"], {}, () => Promise.resolve(" \n")))).message,
    ).toContain("the file 'f' is empty");
  });

  it("come before the environment, which comes before the default", async () => {
    const env = { HOLDFAST_TIER: "tier1", HOLDFAST_DATABASE: "from-env", HOLDFAST_DRY_RUN: "true" };
    expect(await fromCli([], env)).toMatchObject({ tier: "tier1", dryRun: true });
    expect(await fromCli(["--tier", "tier2", "--no-dry-run"], env)).toMatchObject({
      tier: "tier2",
      dryRun: false,
    });
    expect((await failure(fromCli([], { ...env, HOLDFAST_TIER: "hot" }))).message).toContain(
      "HOLDFAST_TIER is 'hot'",
    );
  });

  it("are never taken from the environment where they guard something: that is refused", async () => {
    const guarded = {
      confirm: { type: "string", explicit: true, text: "x" },
      "allow-gaps": { type: "boolean", default: false, explicit: true, text: "x" },
    } as const satisfies InputSpecs;
    const env = { HOLDFAST_CONFIRM: "shop", HOLDFAST_ALLOW_GAPS: "true" };
    const cli = async (args: readonly string[]) => {
      const { given, problems } = await collectCli(guarded, parseArgv(guarded, args), env, noFile);
      return parseInputs(guarded, given, (name) => `--${name}`, problems);
    };
    const { code, exitCode, message } = await failure(cli([]));
    expect([code, exitCode]).toEqual(["input.conflict", 2]);
    expect(message).toContain("HOLDFAST_CONFIRM is set, and 'confirm' is never taken from the environment");
    expect(message).toContain("HOLDFAST_ALLOW_GAPS");
    expect(await cli(["--confirm", "blog", "--no-allow-gaps"])).toEqual({
      confirm: "blog",
      allowGaps: false,
    });
    expect((await collectAction(guarded, env, noFile)).given.size).toBe(0);
  });

  it("are not taken from the environment where the surface does not have them", async () => {
    expect(await fromCli(["--database", "u"], { HOLDFAST_INSTALL_CLIENT: "true" })).toMatchObject({
      installClient: false,
    });
    expect(await fromAction({ database: "u" }, { HOLDFAST_INSTALL_CLIENT: "true" })).toMatchObject({
      installClient: true,
    });
    const own = { colour: { type: "string", only: "cli", text: "x" } } as const satisfies InputSpecs;
    expect(
      (await collectAction(own, { HOLDFAST_COLOUR: "red", INPUT_COLOUR: "red" }, noFile)).given.size,
    ).toBe(0);
  });

  it("take a day as its end, so that it includes its backups", async () => {
    const { before } = await fromCli(["--database", "u", "--before", "2026-11-22"]);
    expect(before?.toISOString()).toBe("2026-11-22T23:59:59.999Z");
    expect(
      (await fromCli(["--database", "u", "--before", "2026-11-22T10:00:00+02:00"])).before?.toISOString(),
    ).toBe("2026-11-22T08:00:00.000Z");
  });

  it("never crash on arbitrary arguments: they parse or are input errors", async () => {
    const word = fc.oneof(
      fc.constantFrom(
        "--tier",
        "--jobs",
        "--database",
        "--no-owner",
        "--",
        "-",
        "--=",
        "--json",
        "--kinds=",
        "--no-",
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (args) => {
        await fromCli(args).catch((error: unknown) => {
          expect(error).toBeInstanceOf(HoldfastError);
          expect((error as HoldfastError).exitCode).toBe(2);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("take back every valid value that was written, whatever the way", async () => {
    const values = fc.record({
      jobs: fc.integer({ min: 1, max: 32 }),
      tier: fc.constantFrom("tier1" as const, "tier2" as const),
      schemas: fc.uniqueArray(
        fc
          .stringMatching(/^[a-zé "]{1,8}$/)
          .map((text) => text.trim())
          .filter((text) => text !== ""),
        { maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(values, async ({ jobs, tier, schemas }) => {
        const args = [
          "--database=u",
          `--jobs=${jobs}`,
          `--tier`,
          tier,
          ...schemas.map((schema) => `--schemas=${schema}`),
        ];
        const viaAction = await fromAction({
          database: "u",
          jobs: String(jobs),
          tier,
          schemas: schemas.join("\n"),
        });
        expect(await fromCli(args)).toEqual(viaAction);
        expect(viaAction).toMatchObject({ jobs, tier, schemas });
      }),
    );
  });
});

describe("inputs of an action", () => {
  it("are read as the runner passes them, with dashes kept and empty ones as not given", async () => {
    expect(inputVariable("store-secret")).toBe("INPUT_STORE-SECRET");
    const inputs = await fromAction({
      database: "u",
      "store-secret": "s",
      tier: "",
      "dry-run": "True",
      "install-client": "true",
      schemas: "a, b\n c\n",
    });
    expect(inputs.storeSecret?.reveal()).toBe("s");
    expect(inputs).toMatchObject({
      tier: "tier2",
      dryRun: true,
      installClient: true,
      schemas: ["a", "b", "c"],
    });
  });

  it.each(["yes", "1", "on", "y"])("refuse '%s' where true or false is meant", async (text) => {
    expect((await failure(fromAction({ database: "u", "dry-run": text }))).message).toBe(
      `input 'dry-run' is '${text}', which is not true or false`,
    );
  });

  it("refuse a mistyped input, and leave alone what is none of theirs", async () => {
    expect((await failure(fromAction({ database: "u", schema: "a" }))).message).toContain(
      "did you mean 'schemas'?",
    );
    await expect(fromAction({ database: "u", "some-parent-input": "a" })).resolves.toMatchObject({
      tier: "tier2",
    });
  });

  it("take secrets from the environment of the step", async () => {
    expect((await fromAction({ database: "" }, { HOLDFAST_DATABASE: "u" })).database.reveal()).toBe("u");
    expect(variableName("store-secret")).toBe("HOLDFAST_STORE_SECRET");
  });
});

it("types make a command's run see what its inputs promise", () => {
  const command = defineCommand({
    name: "x",
    wing: "backups",
    summary: "x",
    description: "x",
    branding: { icon: "x", color: "x" },
    inputs: specs,
    outputs: {},
    exits: {},
    examples: { cli: [], workflow: "" },
    run: (inputs) => {
      const tier: "tier1" | "tier2" = inputs.tier;
      const before: Date | undefined = inputs.before;
      return Promise.resolve({
        exit: 0,
        outputs: { tier, before: before?.toISOString() ?? null },
        report: { good: true, headline: "", tables: [], notes: [] },
      });
    },
  });
  expect(command.inputs).toBe(specs);
});
