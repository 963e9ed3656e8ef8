import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const { CALLER_REPOSITORY, APPROVAL_GATE, GITHUB_WORKSPACE, GITHUB_SHA, GITHUB_JOB } = process.env;

if (process.env["INPUT_PERSIST-CREDENTIALS"] !== "false") throw new Error("credentials would stay behind");
execFileSync("git", ["clone", "--quiet", "--no-checkout", CALLER_REPOSITORY, GITHUB_WORKSPACE]);
// A branch, a tag or a commit; of a branch git makes one of this clone.
const ref = process.env["INPUT_REF"] || GITHUB_SHA;
execFileSync("git", ["checkout", "--quiet", ref], { cwd: GITHUB_WORKSPACE });

// The runner knows no environments: this is where a person would be asked. It takes the file away, and goes
// on when whoever watches has put it back.
if (GITHUB_JOB === "apply" && existsSync(APPROVAL_GATE)) {
  rmSync(APPROVAL_GATE);
  const deadline = Date.now() + 60_000;
  while (!existsSync(APPROVAL_GATE)) {
    if (Date.now() > deadline) throw new Error("nobody has approved");
    await setTimeout(50);
  }
}
