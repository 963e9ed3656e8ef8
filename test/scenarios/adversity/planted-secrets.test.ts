import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli, Job, type StepResult } from "../../e2e/runner.ts";
import { AZURITE_ACCOUNT, startAzurite, type Azurite } from "../../support/azurite.ts";
import { createDatabase, query, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { scratchFolder } from "../../support/tools.ts";
import { newKeys, SMALL_SHOP, type KeyPair } from "./support.ts";
import { Detector, ProcessWatch } from "./planted.ts";

/** Not to be mistaken for anything else, and full of what URLs, shells and JSON treat specially. */
const PASSWORD = `Pl4nted/p@ss?w%rd#&="${randomBytes(6).toString("hex")}'$x`;
const ROLE_PASSWORD = `role-secret-${randomBytes(9).toString("hex")}`;
const SAS_SIGNATURE = `${randomBytes(24).toString("base64url")}+/planted==`;
const ACCOUNT_KEY = randomBytes(64).toString("base64");

type Run = { code: number | null; stdout: string; stderr: string };

describe("planted secrets", () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let azurite: Azurite;
  let keys: KeyPair;
  let stranger: KeyPair;
  let detector: Detector;
  const role = `planted_${randomBytes(4).toString("hex")}`;

  beforeAll(async () => {
    [keys, stranger, azurite] = await Promise.all([newKeys(), newKeys(), startAzurite()]);
    await sharedServer().admin(
      `create role ${role} login createdb password '${PASSWORD.replaceAll("'", "''")}'`,
    );
    await sharedServer().admin(`create role ${role}_app login password '${ROLE_PASSWORD}'`);
    [source, target] = await Promise.all([createDatabase(), createDatabase()]);
    for (const database of [source, target]) {
      await sharedServer().admin(`alter database "${database.name}" owner to ${role}`);
    }
    await query(url(source), `${SMALL_SHOP}; grant select on orders to ${role}_app`);
    detector = new Detector({
      "database password": PASSWORD,
      "role password": ROLE_PASSWORD,
      identity: keys.identity,
      "stranger's identity": stranger.identity,
      "SAS signature": SAS_SIGNATURE,
      "account key": ACCOUNT_KEY,
    });
  });
  afterAll(async () => {
    await source.drop();
    await target.drop();
    await sharedServer().admin(`drop role ${role}_app`);
    await sharedServer().admin(`drop role ${role}`);
    await azurite.stop();
  });

  function url(database: TestDatabase, password = PASSWORD, place?: string): string {
    const { host, port } = sharedServer().facts;
    return (
      `postgresql://${role}:${encodeURIComponent(password)}@${place ?? `${host}:${port}`}` +
      `/${database.name}`
    );
  }

  /**
   * Everything of a job step that anybody could come to see; masks are the one place where a secret belongs.
   */
  function shown(step: StepResult | undefined): string {
    if (step === undefined) return "";
    const log = step.log
      .split("\n")
      .filter((line) => !line.startsWith("::add-mask::"))
      .join("\n");
    return [log, step.summary, JSON.stringify([step.outputs, step.state, step.environment, step.path])].join(
      "\n",
    );
  }

  it("are found by the detector in every form, in texts, files and command lines", async () => {
    await using folder = scratchFolder("planted");
    for (const form of [
      PASSWORD,
      encodeURIComponent(PASSWORD),
      encodeURIComponent(PASSWORD).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      JSON.stringify({ a: PASSWORD }),
      Buffer.from(PASSWORD).toString("base64"),
      Buffer.from(`user:${PASSWORD}`).toString("base64"),
      Buffer.from(PASSWORD).toString("hex"),
    ]) {
      expect(detector.found(`before ${form} after`)).toEqual(["database password"]);
    }
    writeFileSync(
      join(folder.path, "leak"),
      Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(ACCOUNT_KEY), Buffer.from([0xfe])]),
    );
    expect(detector.foundIn(folder.path)).toEqual(
      expect.arrayContaining([`account key in ${join(folder.path, "leak")}`]),
    );
    const watch = new ProcessWatch();
    // The command that everybody writes once: the secret as an argument. It is overwritten soon,
    // and still seen.
    const run = cli([
      "list",
      "--store",
      `azure://account/${"c".repeat(3)}`,
      "--store-secret",
      `sig=${SAS_SIGNATURE}`,
    ]);
    await run;
    watch.stop();
    expect(detector.found([...watch.seen].join("\n"))).toEqual(["SAS signature"]);
    expect(detector.found("postgresql://nobody@nowhere/nothing")).toEqual([]);
  });

  it("appear in no output, error, file, or process list of the command line, good or bad", async () => {
    await using folder = scratchFolder("planted-cli");
    const [temporary, work] = [join(folder.path, "tmp"), join(folder.path, "work")];
    for (const path of [temporary, work]) mkdirSync(path);
    chmodSync(temporary, 0o1777);
    chmodSync(folder.path, 0o711);
    const store = `file://${work}/store`;
    const watch = new ProcessWatch();
    const texts: string[] = [];
    const codes: Record<string, number | null> = {};
    const say = async (name: string, args: readonly string[], env: Record<string, string>): Promise<Run> => {
      const run = await cli(args, { env: { HOME: work, TMPDIR: temporary, ...env } });
      texts.push(run.stdout, run.stderr);
      codes[name] = run.code;
      return run;
    };
    const backup = ["backup", "--store", store, "--source", "shop", "--recipients", keys.recipient];
    const good = { HOLDFAST_DATABASE: url(source) };

    await say("backup", [...backup, "--verbose"], good);
    await say("backup as JSON", [...backup, "--tier", "tier1", "--json"], good);
    await say("list", ["list", "--store", store, "--json", "--verbose"], {});
    await say("validate", ["validate", "--store", store, "--verbose"], { HOLDFAST_IDENTITY: keys.identity });
    await say("restore", ["restore", "--store", store, "--tier", "tier2", "--verbose"], {
      HOLDFAST_IDENTITY: keys.identity,
      HOLDFAST_TARGET: url(target),
    });
    await say("restore, not empty", ["restore", "--store", store, "--json"], {
      HOLDFAST_IDENTITY: keys.identity,
      HOLDFAST_TARGET: url(target),
    });
    await say("wrong password", [...backup, "--verbose"], { HOLDFAST_DATABASE: url(source, `${PASSWORD}x`) });
    await say("unreachable", [...backup, "--json"], {
      HOLDFAST_DATABASE: url(source, PASSWORD, "127.0.0.1:1"),
    });
    await say("unknown host", [...backup, "--verbose"], {
      HOLDFAST_DATABASE: url(source, PASSWORD, "planted.invalid:5432"),
    });
    await say("no TLS to be had as demanded", [...backup], {
      HOLDFAST_DATABASE: `${url(source)}?sslmode=verify-full`,
    });
    // As people paste them: nothing encoded, no scheme, a port that is none, a parameter nobody knows.
    const raw = `${role}:${PASSWORD}@127.0.0.1:5432/${source.name}`;
    for (const text of [
      `postgresql://${raw}`,
      raw,
      `mysql://${raw}`,
      url(source).replace(/:\d+\//, ":port/"),
      `${url(source)}?passwrod=${encodeURIComponent(PASSWORD)}`,
      `${url(source)}?host=a,b`,
    ]) {
      await say(`malformed ${texts.length}`, [...backup, "--verbose"], { HOLDFAST_DATABASE: text });
    }
    await say("secret key as recipient", ["backup", "--store", store, "--recipients", keys.identity], good);
    await say("wrong identity", ["validate", "--store", store, "--verbose"], {
      HOLDFAST_IDENTITY: stranger.identity,
    });
    await say("malformed identity", ["validate", "--store", store, "--json"], {
      HOLDFAST_IDENTITY: `${keys.identity.slice(0, -1)}\n${stranger.identity} x`,
    });
    const azure = ["list", "--store", `azure://${AZURITE_ACCOUNT}/backups`, "--verbose"];
    const endpoint = { AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint };
    await say("wrong account key", azure, {
      ...endpoint,
      HOLDFAST_STORE_SECRET:
        `DefaultEndpointsProtocol=http;AccountName=${AZURITE_ACCOUNT};AccountKey=${ACCOUNT_KEY}` +
        `;BlobEndpoint=${azurite.endpoint};`,
    });
    await say("bad SAS", azure, {
      ...endpoint,
      AZURE_STORAGE_SAS_TOKEN:
        "sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2030-01-01T00:00:00Z&sig=" + encodeURIComponent(SAS_SIGNATURE),
    });
    await say(
      "SAS in the URL",
      ["list", "--store", `azure://account/backups?sig=${encodeURIComponent(SAS_SIGNATURE)}`],
      {},
    );
    const made = await cli(
      ["keygen", "--output", join(work, "new-identity.txt"), "--kit", join(work, "kit.md"), "--json"],
      { env: { HOME: work, TMPDIR: temporary } },
    );
    watch.stop();

    for (const name of ["backup", "backup as JSON", "list", "validate", "restore"]) {
      expect([name, codes[name]]).toEqual([name, 0]);
    }
    expect(
      Object.entries(codes)
        .slice(5)
        .filter(([, code]) => code === 0 || code === 1),
    ).toEqual([]);
    // The bad ones got as far as somebody who could have quoted them back.
    expect(codes).toMatchObject({
      "wrong password": 4,
      unreachable: 4,
      "unknown host": 4,
      "wrong account key": 4,
      "bad SAS": 4,
      "wrong identity": 2,
      "restore, not empty": 7,
    });
    expect(detector.found(texts.join("\n"))).toEqual([]);
    expect(detector.foundIn(folder.path)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);

    // A new key is in the file it was made for, and nowhere else.
    const identity =
      /^AGE-SECRET-KEY-1\S+$/m.exec(readFileSync(join(work, "new-identity.txt"), "utf8"))?.[0] ?? "";
    expect(
      new Detector({ identity }).found(
        [made.stdout, made.stderr, readFileSync(join(work, "kit.md"), "utf8")].join("\n"),
      ),
    ).toEqual([]);

    // Secrets that a person put into the arguments of their own (two of the runs above) are theirs; ours and
    // our children's hold none.
    const lines = [...watch.seen].filter((line) => !/--recipients AGE-SECRET-KEY|\?sig=/.test(line));
    expect(detector.found(lines.join("\n"))).toEqual([]);
    expect(lines.filter((line) => /\/pg_dump .*--snapshot/.test(line)).length).toBeGreaterThanOrEqual(1);
    expect(lines.some((line) => line.includes("pg_restore"))).toBe(true);
    expect(watch.samples).toBeGreaterThan(200);
  }, 900_000);

  it("appear in no log, summary, output, state, file or process list but as masks", async () => {
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const store = `file://${job.folder}/store`;
    const watch = new ProcessWatch();
    const env = { ACTIONS_STEP_DEBUG: "true", RUNNER_DEBUG: "1" };
    const common = { store, source: "shop" };
    const steps: Record<string, { main: StepResult; post: StepResult | undefined }> = {
      backup: await job.uses("actions/backup", {
        env,
        with: { ...common, database: url(source), recipients: keys.recipient },
      }),
      validate: await job.uses("actions/validate", {
        env,
        with: { store, depth: "opened", identity: keys.identity },
      }),
      "wrong password": await job.uses("actions/backup", {
        env,
        with: { ...common, database: url(source, `${PASSWORD}x`), recipients: keys.recipient },
      }),
      "malformed URL": await job.uses("actions/backup", {
        env,
        with: {
          ...common,
          database: `postgresql://${role}:${PASSWORD}@127.0.0.1/x`,
          recipients: keys.recipient,
        },
      }),
      "wrong identity": await job.uses("actions/validate", {
        env,
        with: { store, identity: stranger.identity },
      }),
      "wrong key": await job.uses("actions/list", {
        env: { ...env, AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint },
        with: {
          store: `azure://${AZURITE_ACCOUNT}/backups`,
          "store-secret":
            `DefaultEndpointsProtocol=http;AccountName=${AZURITE_ACCOUNT};AccountKey=${ACCOUNT_KEY}` +
            `;BlobEndpoint=${azurite.endpoint};`,
        },
      }),
      "bad SAS": await job.uses("actions/list", {
        env: { ...env, AZURE_STORAGE_BLOB_ENDPOINT: azurite.endpoint },
        with: {
          store: `azure://${AZURITE_ACCOUNT}/backups`,
          "store-secret": `sv=2024-11-04&sp=rl&sig=${encodeURIComponent(SAS_SIGNATURE)}`,
        },
      }),
    };
    watch.stop();
    expect(Object.entries(steps).map(([name, { main }]) => [name, main.code])).toEqual([
      ["backup", 0],
      ["validate", 0],
      ["wrong password", 4],
      ["malformed URL", expect.any(Number)],
      ["wrong identity", 2],
      ["wrong key", 4],
      ["bad SAS", 4],
    ]);
    for (const [name, { main, post }] of Object.entries(steps)) {
      expect([name, detector.found(shown(main) + shown(post))]).toEqual([name, []]);
    }
    expect(detector.foundIn(job.folder)).toEqual([]);
    expect(detector.found([...watch.seen].join("\n"))).toEqual([]);
    expect(steps["backup"]?.main.masks).toEqual(expect.arrayContaining([PASSWORD]));
  }, 900_000);
});
