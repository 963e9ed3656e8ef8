import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI, plainEnvironment } from "../../scripts/demo/holdfast.ts";
import { measure } from "../measure.ts";
import type { Goal } from "../results.ts";
import type { Setting } from "../setting.ts";
import { runGit } from "../run-git.ts";

/** What `pr-policy` takes on a large pull request. */
export interface PolicyFigures {
  /** Seconds of the wall, the middle of three runs. */
  readonly seconds: number;
  /** Most bytes resident at once in the command and the git that it starts. */
  readonly peakBytes: number;
  /** Bytes of the report of coverage. */
  readonly reportBytes: number;
}

const FILES = 500;
const LINES = 4_600;
const COMMITS = 250;
const RUNS = 3;

const pathOf = (file: number): string => `src/module-${file % 20}/file-${file}.ts`;
const lineOf = (line: number, word: string): string => `export const n${line} = ${word};`;

/**
 * A pull request of 250 commits that change 500 files between them, with a report of 20 MB, judged from its
 * checkout. What it finds is beside the point; that it ends with a verdict is not.
 */
export async function policyFigures(
  { folder, server, signal }: Setting,
  say: (text: string) => void,
): Promise<PolicyFigures> {
  const root = join(folder, "policy-bench");
  const lines = Array.from({ length: LINES }, (_, at) => lineOf(at, "0"));
  for (let file = 0; file < FILES; file += 1) {
    mkdirSync(join(root, pathOf(file), ".."), { recursive: true });
    writeFileSync(join(root, pathOf(file)), `${lines.join("\n")}\n`);
  }
  await runGit(root, "init", "-q", "-b", "main");
  await runGit(root, "add", "-A");
  await runGit(root, "commit", "-qm", "chore: begin");
  await runGit(root, "checkout", "-qb", "feature/large");
  const each = FILES / COMMITS;
  for (let commit = 0; commit < COMMITS; commit += 1) {
    for (let file = commit * each; file < (commit + 1) * each; file += 1) {
      lines[commit] = lineOf(commit, "1");
      writeFileSync(join(root, pathOf(file)), `${lines.join("\n")}\n`);
    }
    await runGit(root, "commit", "-qam", `fix(module-${commit % 20}): change number ${commit}`);
  }
  const hits = Array.from({ length: LINES }, (_, at) => `DA:${at + 1},${at % 7 === 0 ? 0 : 1}`).join("\n");
  const report = Array.from({ length: FILES }, (_, at) => `SF:${pathOf(at)}\n${hits}\nend_of_record\n`).join(
    "",
  );
  writeFileSync(join(root, ".git/lcov.info"), report);
  writeFileSync(join(root, ".git/body.md"), "## What\n\nA large change.\n\nCloses #1\n");
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { cost } = await measure({
      // 3: a finding is an error, and it is a verdict too.
      script: `
        "${process.execPath}" "${CLI}" pr-policy --local --base main --title "fix: a large change" \\
          --body-file .git/body.md --coverage .git/lcov.info --json > /dev/null || [ $? = 3 ]
      `,
      env: plainEnvironment(),
      folder: root,
      server,
      store: undefined,
      signal,
    });
    runs.push(cost);
  }
  const middle = runs.sort((a, b) => a.wall - b.wall)[Math.floor(RUNS / 2)]!;
  const peakBytes = Math.max(...runs.map(({ peakTree }) => peakTree));
  const reportBytes = Buffer.byteLength(report);
  say(
    `pr-policy of ${COMMITS} commits, ${FILES} files and a report of ${(reportBytes / 1e6).toFixed(0)} MB: ` +
      `${middle.wall.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB`,
  );
  return { seconds: middle.wall, peakBytes, reportBytes };
}

/** What was promised. */
export function policyGoals(figures: PolicyFigures | undefined): Goal[] {
  if (figures === undefined) return [];
  const what = `pr-policy of ${COMMITS} commits, ${FILES} files and a report of 20 MB`;
  const { seconds, peakBytes } = figures;
  return [
    { text: `${what} in at most 5 s`, measured: `${seconds.toFixed(1)} s`, met: seconds <= 5 },
    {
      text: `${what} in at most 300 MB of memory`,
      measured: `${(peakBytes / 1e6).toFixed(0)} MB`,
      met: peakBytes <= 300e6,
    },
  ];
}
