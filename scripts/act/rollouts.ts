import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeReleaseUnit } from "../../src/nouns/release-unit/document.ts";
import { githubDescription } from "../../test/support/github/description.ts";
import { FakeReleases } from "../../test/support/github/fake-releases.ts";
import type { Cluster } from "../../test/support/postgres.ts";
import { zipOf } from "../../test/support/sandbox.ts";
import { runOk } from "../../test/support/tools.ts";
import { ageKey } from "./backups.ts";
import { reader } from "./migrations.ts";
import { startSandbox } from "./sandbox.ts";
import { APP, functionsOf, on, PROJECT, type Rollouts } from "./shop.ts";
import { layOut, ok } from "./trial.ts";
import { tryUndoing } from "./undoing.ts";

const SECRETS = {
  GITHUB_TOKEN: "ghs_0123456789abcdef0123",
  SUPABASE_ACCESS_TOKEN: "sbp_0123456789abcdef0123",
  SUPABASE_PLAN_TOKEN: "sbp_3210fedcba9876543210",
  FUNCTIONS_KEY: "anon-0123456789abcdef0123",
};

const SETTINGS = `rollout:
  app: { subscription: 00000000-0000-0000-0000-000000000000, group: sandbox, site: shop }
  health: { path: /, build: { json: build }, tries: 3, every: 1s }
  soak: { for: 2s, every: 1s }
`;

/** The schemas that a release runs on, as its unit says. */
const SCHEMA = { from: "202611270900", to: "202611271000", count: 2 };

/** Builds the app from the checkout. */
const BUILD = 'mkdir out && cp package.json server.js out/ && printf %s "$ARTIFACT_VERSION" > out/build.txt';

/**
 * deploy.yml, functions.yml and rollback.yml, on `holdfast sandbox`; GitHub's API is played by a fake upon
 * real git.
 */
export async function tryRollouts(act: string, folder: string, cluster: Cluster): Promise<void> {
  const button = readFileSync(new URL("undo.yml", import.meta.url), "utf8");
  await layOut(folder, {
    shipped: ["deploy.yml", "functions.yml", "rollback.yml"],
    caller: "rollouts.yml",
    files: {
      ".github/holdfast.yml": SETTINGS,
      ".github/workflows/undo.yml": button,
      ...APP,
      ...functionsOf("1.0.0"),
    },
  });
  const repository = join(folder, "caller");
  const identity = ["-c", "user.name=caller", "-c", "user.email=caller@example.com"];
  const git = async (...words: string[]): Promise<string> =>
    (await runOk("git", [...identity, ...words], { cwd: repository })).trim();
  await git("branch", "--move", "main");
  await git("remote", "add", "origin", "https://github.com/acme/shop");
  const store = join(folder, "store");
  mkdirSync(store);
  // The fourth package does not come to be put into the slot.
  const faults = { appService: [{ fault: "fail-build", at: 4, message: "no room left" }] };
  await using sandbox = await startSandbox(folder, faults);
  await using fake = new FakeReleases(
    githubDescription("releases", "pulls"),
    SECRETS.GITHUB_TOKEN,
    repository,
  );
  const api = await fake.listen();
  const trial = { act, folder, secrets: SECRETS, fake, api, sandbox, git, store: `file://${store}` };
  await calledInARow(trial);
  await built(trial);
  await exchangedAsset(trial);
  await ill(trial);
  await goneOnWith(trial);
  await changedMeanwhile(trial);
  await functions(trial);
  await undoing(trial, cluster);
  assert.deepEqual(fake.wrong, []);
}

/** With a database, as its owner and as a role that only reads. */
async function undoing(trial: Rollouts, cluster: Cluster): Promise<void> {
  const database = await cluster.createDatabase({ name: "shop_undone" });
  const { recipient, identity } = await ageKey();
  const secrets = {
    ...trial.secrets,
    DATABASE_URL: database.url,
    PLAN_DATABASE_URL: await reader(database, "undo_planner"),
    AGE_IDENTITY: identity,
  };
  await tryUndoing({ ...trial, secrets, database, recipient });
}

/** Commits, tags, and publishes the release with its package; of other bytes where they are given. */
async function released(
  { fake, git, folder }: Rollouts,
  version: string,
  { build = version, instead }: { readonly build?: string; readonly instead?: Buffer } = {},
): Promise<void> {
  for (const [path, text] of Object.entries(functionsOf(version))) {
    writeFileSync(join(folder, "caller", path), text);
  }
  await git("commit", "--quiet", "--all", "--allow-empty", "--message", `feat: ${version}`);
  await git("tag", `v${version}`);
  const zip = await zipOf({ ...APP, "build.txt": build });
  const unit = writeReleaseUnit({
    format: "holdfast.release-unit/1",
    version,
    tag: `v${version}`,
    commit: await git("rev-parse", "HEAD"),
    build: null,
    "artifact-version": version,
    made: "2026-11-28T12:00:00Z",
    run: { kind: "cli", id: "trial", url: null, commit: null, actor: "trial" },
    previous: null,
    digests: "files-1",
    schema: { folder: "migrations", ...SCHEMA, digest: "0".repeat(64) },
    functions: null,
    configuration: null,
    assets: [{ name: "shop.zip", size: zip.length, sha256: createHash("sha256").update(zip).digest("hex") }],
  });
  const asset = (id: number, name: string, bytes: Buffer) => ({
    id,
    name,
    bytes,
    state: "uploaded" as const,
  });
  const id = 100 * (1 + fake.releases.length);
  const assets = [asset(id + 1, "shop.zip", instead ?? zip), asset(id + 2, "release-unit.json", unit)];
  fake.release({ tag: `v${version}`, assets });
}

/** Production answers, and as this build. */
async function isLive({ sandbox }: Rollouts, build: string): Promise<void> {
  const { status, json } = await sandbox.production();
  assert.deepEqual([status, json], [200, { build }]);
}

/** What the store's records say, in their order. */
function recorded({ folder }: Rollouts): { readonly version: string; readonly schema: unknown }[] {
  const store = join(folder, "store");
  const paths = readdirSync(store, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => path.startsWith("rollouts/") && path.endsWith(".json"))
    .sort()
    .map((path) => {
      const { version, schema } = JSON.parse(readFileSync(join(store, path), "utf8")) as {
        readonly version: string;
        readonly schema: unknown;
      };
      return { version, schema };
    });
}

async function serves({ sandbox }: Rollouts, version: string): Promise<void> {
  const { status, text } = await sandbox.call("orders", SECRETS.FUNCTIONS_KEY);
  assert.deepEqual([status, text], [200, `orders ${version}`]);
}

async function calledInARow(trial: Rollouts): Promise<void> {
  await released(trial, "1.0.0");
  await on(trial, "caller.yml", { inputs: { tag: "v1.0.0" } }, async (ran) => {
    assert.equal(ran.code, 0, "the caller's workflow failed");
    const { app, functions: first, again } = ran.needs!;
    const { "plan-hash": hash, run, ...deployed } = app!.outputs;
    assert.match(hash!, /^[0-9a-f]{64}$/);
    assert.match(run!, /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.deepEqual(deployed, { outcome: "done", version: "1.0.0", production: "1.0.0" });
    await isLive(trial, "1.0.0");
    assert.match(
      ran.stdout,
      new RegExp(`Summary - An approval is one of the plan with the hash <code>${hash}`),
    );
    assert.deepEqual(recorded(trial), [{ version: "1.0.0", schema: SCHEMA }]);
    ok("deploy.yml, called: the release's asset, held against its unit, is planned, and then is production");
    assert.deepEqual([first!.outputs["outcome"], first!.outputs["changed"]], ["done", '["orders@1.0.0"]']);
    await serves(trial, "1.0.0");
    assert.deepEqual([again!.outputs["outcome"], again!.outputs["changed"]], ["nothing", "[]"]);
    ok("functions.yml, called: the release's functions are served; called again it asks nobody");
  });
}

async function built(trial: Rollouts): Promise<void> {
  await released(trial, "1.1.0");
  const inputs = { tag: "v1.1.0", build: BUILD, package: "out", "build-metadata": "20261128.7" };
  const start = { inputs, whileItWaits: () => isLive(trial, "1.0.0") };
  await on(trial, "deploy.yml", start, async (ran) => {
    assert.equal(ran.code, 0, "what was built was not deployed");
    await isLive(trial, "1.1.0+20261128.7");
    ok("deploy.yml builds the tag's checkout once, waits for the approval, and deploys what was planned");
  });
}

async function exchangedAsset(trial: Rollouts): Promise<void> {
  const instead = await zipOf({ ...APP, "build.txt": "somebody else's" });
  await released(trial, "1.2.0", { instead });
  await on(trial, "deploy.yml", { inputs: { tag: "v1.2.0" } }, async (ran) => {
    assert.notEqual(ran.code, 0, "an asset of another digest is deployed");
    assert.match(ran.stdout, /shop\.zip of v1\.2\.0 has the SHA-256 [0-9a-f]{64}, and its release unit/);
    assert.doesNotMatch(ran.stdout, /actions\/deploy/);
    await isLive(trial, "1.1.0+20261128.7");
    ok("deploy.yml refuses an asset whose digest is not the one of the release unit, before it plans");
  });
}

async function ill(trial: Rollouts): Promise<void> {
  await released(trial, "1.3.0", { build: "ill 1.3.0" });
  await on(trial, "deploy.yml", { inputs: { tag: "v1.3.0" } }, async (ran) => {
    assert.notEqual(ran.code, 0, "a build that is ill is green");
    assert.match(ran.stdout, /The deployment failed, and was taken back/);
    await isLive(trial, "1.1.0+20261128.7");
    ok("deploy.yml of a build that is ill ends red, and production is what it was");
  });
}

async function goneOnWith(trial: Rollouts): Promise<void> {
  await released(trial, "1.4.0");
  let run = "";
  await on(trial, "deploy.yml", { inputs: { tag: "v1.4.0" } }, async (ran) => {
    assert.notEqual(ran.code, 0, "a package that could not be put into the slot is green");
    run = /go on with --resume (\d{8}T\d{6}Z-[0-9a-f]{6})/.exec(ran.stdout)?.[1] ?? "";
    assert.notEqual(run, "", "the run does not say how it is gone on with");
    await isLive(trial, "1.1.0+20261128.7");
  });
  await on(trial, "deploy.yml", { inputs: { tag: "v1.4.0", resume: run } }, async (ran) => {
    assert.equal(ran.code, 0, "the run could not be gone on with");
    await isLive(trial, "1.4.0");
    ok("deploy.yml goes on with a run that was stopped");
  });
}

async function changedMeanwhile(trial: Rollouts): Promise<void> {
  await released(trial, "1.5.0");
  const inputs = { tag: "v1.5.0" };
  await on(trial, "deploy.yml", { inputs: { ...inputs, "dry-run": "true" } }, async (ran) => {
    assert.equal(ran.code, 0, "a plan is red");
    assert.doesNotMatch(ran.stdout, /deploy\/apply/);
    await isLive(trial, "1.4.0");
  });
  const start = { inputs, whileItWaits: () => trial.sandbox.swap("staging") };
  await on(trial, "deploy.yml", start, async (ran) => {
    assert.notEqual(ran.code, 0, "another plan than the approved one is carried out");
    assert.match(ran.stdout, /this is not the plan with the hash/);
    await isLive(trial, "1.1.0+20261128.7");
    ok("deploy.yml asks nobody for a dry run, and refuses where production was changed while it waited");
  });
}

async function functions(trial: Rollouts): Promise<void> {
  const inputs = { project: PROJECT };
  await on(trial, "functions.yml", { inputs: { ...inputs, do: "check" } }, (ran) => {
    assert.equal(ran.code, 0, "a sound manifest is red");
    return Promise.resolve();
  });
  const deployed = { inputs: { ...inputs, do: "deploy" }, whileItWaits: () => serves(trial, "1.0.0") };
  await on(trial, "functions.yml", deployed, async (ran) => {
    assert.equal(ran.code, 0, "the functions were not deployed");
    await serves(trial, "1.5.0");
    ok("functions.yml checks a manifest, and deploys the functions of the commit once that is approved");
  });
  const back = { inputs: { ...inputs, do: "rollback", to: "v1.0.0" } };
  await on(trial, "functions.yml", back, async (ran) => {
    assert.equal(ran.code, 0, "the functions were not rolled back");
    await serves(trial, "1.0.0");
  });
  const stands = async (ref: string, code: number): Promise<void> => {
    await on(trial, "functions.yml", { inputs: { ...inputs, do: "status", ref } }, (ran) => {
      assert.equal(ran.code, code, `functions.yml says that ${ref} is served, or is not`);
      return Promise.resolve();
    });
  };
  await stands("v1.0.0", 0);
  await stands("HEAD", 1);
  ok("functions.yml rolls them back to a release, and its status is green against that release alone");
}
