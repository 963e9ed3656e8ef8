import { strict as assert } from "node:assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { githubDescription } from "../../test/support/github/description.ts";
import { FakeForge } from "../../test/support/github/fake-forge.ts";
import { runOk } from "../../test/support/tools.ts";
import { layOut, ok, see, type Start, type TrialAtGithub } from "./trial.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The job's own, and the one that sees rules; a fake cannot tell them apart. */
const TOKEN = "ghs_0123456789abcdef0123";

const SETTINGS = "protection: { branches: [{ branches: [main], code-owners: false }] }\n";

const BODY =
  "## What\nThe cart keeps its items.\n## Why\nThey were lost on a reload.\n## How\nLocal storage.\n" +
  "## Testing\nUnit tests, and by hand in two browsers.\n## Documentation\nNothing is said of it there.\n\n" +
  "Closes #12\n";

interface Governance extends TrialAtGithub {
  readonly fake: FakeForge;
  /** The newest commits of main and of the branch that is to be merged. */
  readonly base: string;
  readonly head: string;
}

/** The workflows pr-policy.yml and protection-audit.yml, with GitHub's API played by a fake. */
export async function tryGovernance(act: string, folder: string): Promise<void> {
  await layOut(folder, {
    shipped: ["pr-policy.yml", "protection-audit.yml"],
    files: { ".github/holdfast.yml": SETTINGS, "src/a.ts": "1\n" },
  });
  const repository = join(folder, "caller");
  const identity = ["-c", "user.name=caller", "-c", "user.email=caller@example.com"];
  const git = async (...words: string[]): Promise<string> =>
    (await runOk("git", [...identity, ...words], { cwd: repository })).trim();
  await git("branch", "--move", "main");
  await git("remote", "add", "origin", "https://github.com/acme/shop");
  await git("switch", "--quiet", "--create", "feature/cart");
  mkdirSync(join(repository, "src"), { recursive: true });
  writeFileSync(join(repository, "src/b.ts"), "1\n");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "feat: keep items (#7)");
  await using fake = new FakeForge(githubDescription("rules", "pulls"), TOKEN);
  const secrets = { GITHUB_TOKEN: TOKEN, PROTECTION_TOKEN: TOKEN };
  const [base, head] = [await git("rev-parse", "main"), await git("rev-parse", "HEAD")];
  const trial = { act, folder, secrets, fake, api: await fake.listen(), base, head };
  await judged(trial);
  await inAQueue(trial);
  await audited(trial);
  assert.deepEqual(fake.wrong, []);
}

function opened(trial: Governance, title: string): Start {
  const pull = {
    number: 7,
    title,
    body: BODY,
    user: { login: "ada" },
    head: { ref: "feature/cart", sha: trial.head },
    base: { ref: "main", repo: { allow_squash_merge: true } },
  };
  return { event: { name: "pull_request", payload: { action: "edited", number: 7, pull_request: pull } } };
}

async function judged(trial: Governance): Promise<void> {
  await see(trial, "pr-policy.yml", opened(trial, "feat: keep items"), (ran) => {
    assert.equal(ran.code, 0, "the pull request was refused");
    assert.match(ran.stdout, /"feat: keep items" is as the policy wants it/);
    ok("pr-policy.yml passes a pull request that is as it should be");
  });
  const hostile = "fix: keep `items` $(touch pwned) ${{ github.token }} ::error::x";
  await see(trial, "pr-policy.yml", opened(trial, hostile), (ran) => {
    assert.notEqual(ran.code, 0, "a title that hides a feature has passed");
    assert.match(ran.stdout, /the title .* hides it/);
    ok("pr-policy.yml refuses an edited title that hides a feature, whatever else it holds");
  });
}

async function inAQueue(trial: Governance): Promise<void> {
  const { fake, base, head } = trial;
  const payload = {
    action: "checks_requested",
    merge_group: {
      head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}`,
      head_sha: head,
      base_ref: "refs/heads/main",
      base_sha: base,
    },
  };
  const start = { event: { name: "merge_group", payload } };
  const commits = [{ id: "f".repeat(40), message: "feat: keep items", parents: [base] }];
  const pull = fake.pull({ number: 7, title: "feat: keep items", body: BODY, sha: "f".repeat(40), commits });
  await see(trial, "pr-policy.yml", start, (ran) => {
    assert.equal(ran.code, 0, "the merge group was refused");
    assert.match(ran.stdout, /the merge group of #7 is as the policy wants it/);
  });
  pull.body = "";
  await see(trial, "pr-policy.yml", start, (ran) => {
    assert.notEqual(ran.code, 0, "an empty description has passed in the queue");
    ok("pr-policy.yml finds the pull request of a merge group again, and gives the same verdict");
  });
}

async function audited(trial: Governance): Promise<void> {
  const { fake } = trial;
  await see(trial, "protection-audit.yml", {}, (ran) => {
    assert.notEqual(ran.code, 0, "an audit of what nobody protects is green");
    assert.deepEqual(
      fake.issues.map(({ number, state, title }) => `${number} ${state} ${title}`),
      ["1 open Protection of branches and tags is not as declared"],
    );
    assert.match(fake.issues[0]!.body, /there is no ruleset of this name/);
    ok("protection-audit.yml opens an issue on what differs");
  });
  const env = {
    ...process.env,
    GITHUB_API_URL: trial.api,
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_TOKEN: TOKEN,
  };
  const cli = [join(root, "dist/cli.js"), "protect", "--do", "apply"];
  await runOk(process.execPath, cli, { cwd: join(trial.folder, "caller"), env });
  await see(trial, "protection-audit.yml", {}, (ran) => {
    assert.equal(ran.code, 0, "an audit of what is as declared is red");
    assert.deepEqual(
      fake.issues.map(({ number, state, reason }) => `${number} ${state} ${reason}`),
      ["1 closed completed"],
    );
    ok("protection-audit.yml closes the issue when all is as declared again");
  });
}
