import { strict as assert } from "node:assert";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { namedBy } from "../../src/devtools/generate/own-reference.ts";
import type { Cluster } from "../../test/support/postgres.ts";
import { runOk } from "../../test/support/tools.ts";
import { dispatch, layOut, ok, telling, type Start, type Trial } from "./trial.ts";
import { withoutQueue } from "../without-queue.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const IDENTITY = ["-c", "user.name=release", "-c", "user.email=release@example.com"];

/** What the tag of the release is called; `v1` follows it, and then another. */
const TAG = "v1.2.3";

/** Said by a later release, in which nothing works. */
const LATER =
  'import { appendFileSync } from "node:fs";\n' +
  'appendFileSync(process.env["GITHUB_OUTPUT"], "tag=said by the later release\\n");\n';

/**
 * A release in a real repository, which the runner fetches by its tags: `uses: …@v1` runs what `v1` is on,
 * and a workflow that is pinned by its commit goes on with the actions of that commit when `v1` has moved.
 */
export async function tryReferences(act: string, folder: string, cluster: Cluster): Promise<void> {
  const server = join(folder, "server");
  const work = join(folder, "release");
  const commit = await release(work);
  const repository = join(server, "truststream/holdfast");
  await runOk("git", ["clone", "--quiet", "--bare", work, repository]);
  // As GitHub's server does.
  await runOk("git", ["-C", repository, "config", "uploadpack.allowAnySHA1InWant", "true"]);
  const caller = readFileSync(join(root, "scripts/act/references.yml"), "utf8");
  await layOut(folder, {
    shipped: [],
    files: { ".github/workflows/caller.yml": caller.replace("0".repeat(40), commit) },
  });
  const history = (...words: string[]): Promise<string> =>
    runOk("git", [...IDENTITY, ...words], { cwd: join(folder, "caller") });
  await history("branch", "--move", "main");
  await history("tag", "v4.0.0");
  await history("commit", "--quiet", "--allow-empty", "--message", "feat: something new");
  const source = await cluster.createDatabase({ sql: "create table orders as select 1 as id" });
  const store = join(folder, "store");
  mkdirSync(store);
  const trial = { act, folder, secrets: { DATABASE_URL: source.url } };
  const start = { inputs: { store: `file://${store}` }, server: `file://${server}` };
  await see(trial, start, "v4.1.0");
  ok(`an action named by v1 is fetched from a repository with that tag, and runs: ${TAG}`);
  await moveMajor(work, repository);
  await see(trial, start, "said by the later release");
  ok("where v1 has moved on, a workflow pinned by its commit still runs the actions of that commit");
}

async function see(trial: Trial, start: Start, tag: string): Promise<void> {
  const ran = await dispatch(trial, "caller.yml", start);
  await telling(ran, () => {
    assert.equal(ran.code, 0, "the caller's workflow failed");
    const { plan, backup } = ran.needs!;
    assert.equal(plan!.outputs["tag"], tag);
    assert.equal(backup!.result, "success");
    assert.match(backup!.outputs["id"] ?? "", /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    return Promise.resolve();
  });
}

/** The commit of a release, as `npm run set-version` makes it, under its own tag and `v1`. */
async function release(work: string): Promise<string> {
  for (const name of ["action.yml", "actions", "dist", ".github/workflows"]) {
    cpSync(join(root, name), join(work, name), { recursive: true });
  }
  for (const name of readdirSync(join(work, ".github/workflows"))) {
    const path = join(work, ".github/workflows", name);
    writeFileSync(path, namedBy(TAG, withoutQueue(readFileSync(path, "utf8"))));
  }
  const git = (...words: string[]): Promise<string> => runOk("git", [...IDENTITY, ...words], { cwd: work });
  await git("init", "--quiet", "--initial-branch", "main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "chore: release 1.2.3");
  for (const tag of [TAG, "v1"]) await git("tag", "--annotate", "--message", tag, tag);
  return (await git("rev-parse", "HEAD")).trim();
}

/** Puts `v1` onto a later release. */
async function moveMajor(work: string, repository: string): Promise<void> {
  for (const command of ["release-plan", "backup"]) {
    writeFileSync(join(work, `dist/actions/${command}/main.js`), LATER);
  }
  const git = (...words: string[]): Promise<string> => runOk("git", [...IDENTITY, ...words], { cwd: work });
  await git("commit", "--quiet", "--all", "--message", "chore: release 1.3.0");
  await git("tag", "--force", "--annotate", "--message", "v1", "v1");
  await git("push", "--quiet", "--force", repository, "main", "v1");
}
