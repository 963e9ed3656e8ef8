import { strict as assert } from "node:assert";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOk, type Finished } from "../../test/support/tools.ts";
import { dispatch, layOut, ok, telling, type Needs, type Trial } from "./trial.ts";

const SETTINGS = "coverage: { total: 50, changed: 80 }\n";

const MEASURED = "src/a.ts";

/** The workflow coverage.yml, called after tests whose report is made up. */
export async function tryCoverage(act: string, folder: string): Promise<void> {
  await layOut(folder, {
    shipped: ["coverage.yml"],
    caller: "coverage.yml",
    files: { ".github/holdfast.yml": SETTINGS, [MEASURED]: "1\n2\n" },
  });
  const repository = join(folder, "caller");
  const identity = ["-c", "user.name=caller", "-c", "user.email=caller@example.com"];
  const git = async (...words: string[]): Promise<string> =>
    (await runOk("git", [...identity, ...words], { cwd: repository })).trim();
  await git("branch", "--move", "main");
  await git("remote", "add", "origin", "https://github.com/acme/shop");
  await git("switch", "--quiet", "--create", "feature/cart");
  writeFileSync(join(repository, MEASURED), "1\n2\n3\n4\n");
  // What reports are brought to, as a link of the pull request's to somewhere else.
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(repository, "holdfast-coverage"));
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "feat: keep items");
  const [base, head] = [await git("rev-parse", "main"), await git("rev-parse", "HEAD")];
  const trial = { act, folder, secrets: {}, pull: { base, head } };
  await see(trial, [1, 0, 1, 1], (ran) => {
    assert.equal(ran.code, 0, "a report that is as good as asked for was refused");
    const { result, outputs } = ran.needs!["coverage"]!;
    assert.deepEqual([result, outputs["verdict"]], ["success", "passed"]);
    const told: unknown = JSON.parse(outputs["coverage"]!);
    assert.deepEqual(told, { covered: 3, total: 4, changed: { covered: 2, total: 2 } });
    assert.deepEqual(readdirSync(elsewhere), [], "the reports were written to where a link leads");
    ok("coverage.yml passes what tests run enough of, and writes reports nowhere else");
  });
  await see(trial, [1, 1, 1, 0], (ran) => {
    assert.notEqual(ran.code, 0, "changed lines that no test runs have passed");
    assert.match(ran.stdout, /tests run 50\.00 % \(1 of 2 lines\) of what is changed, and 80 % is asked for/);
    ok("coverage.yml refuses changed lines that no test runs, whatever the total is");
  });
}

interface Covered extends Trial {
  /** The newest commits of main and of the branch that is to be merged. */
  readonly pull: { readonly base: string; readonly head: string };
}

/** @param counts how often the tests have run each line of the file */
async function see(
  trial: Covered,
  counts: readonly number[],
  check: (ran: Finished & { readonly needs: Needs | undefined }) => void,
): Promise<void> {
  const { folder, pull } = trial;
  rmSync(join(folder, "artifacts"), { recursive: true, force: true });
  const made = join(folder, "lcov.info");
  const lines = counts.map((hits, at) => `DA:${at + 1},${hits}\n`).join("");
  writeFileSync(made, `SF:${MEASURED}\n${lines}end_of_record\n`);
  const payload = {
    action: "synchronize",
    number: 7,
    pull_request: {
      number: 7,
      title: "feat: keep items",
      body: "",
      user: { login: "ada" },
      head: { ref: "feature/cart", sha: pull.head },
      base: { ref: "main", sha: pull.base, repo: {} },
    },
  };
  const event = { name: "pull_request", payload };
  const ran = await dispatch(trial, "caller.yml", { event, env: { MADE_REPORT: made } });
  await telling(ran, () => {
    check(ran);
    return Promise.resolve();
  });
}
