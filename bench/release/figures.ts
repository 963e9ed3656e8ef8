import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CLI, plainEnvironment } from "../../scripts/demo/holdfast.ts";
import { measure } from "../measure.ts";
import type { Goal } from "../results.ts";
import { runGit } from "../run-git.ts";
import type { Setting } from "../setting.ts";

/** What `release plan` takes in a long history. */
export interface ReleaseFigures {
  /** Seconds of the wall, the middle of three runs. */
  readonly seconds: number;
  /** Most bytes resident at once in the command and the git that it starts. */
  readonly peakBytes: number;
}

const COMMITS = 50_000;
const SINCE = 5_000;
const TAGS = 5_000;
const TYPES = ["feat", "fix", "chore", "docs"];
const RUNS = 3;

/** 50,000 commits with 5,000 tags, and 5,000 commits since the last of them. */
export async function releaseFigures(
  { folder, server, signal }: Setting,
  say: (text: string) => void,
): Promise<ReleaseFigures> {
  const root = join(folder, "release-bench");
  mkdirSync(root, { recursive: true });
  await runGit(root, "init", "-q", "-b", "main");
  const filled = spawnSync("git", ["-C", root, "fast-import", "--quiet"], { input: history() });
  if (filled.status !== 0) throw new Error(`git fast-import: ${String(filled.stderr)}`);
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { cost } = await measure({
      script: `"${process.execPath}" "${CLI}" release plan --offline --json > /dev/null`,
      env: plainEnvironment(),
      folder: root,
      server,
      store: undefined,
      signal,
    });
    runs.push(cost);
  }
  const seconds = runs.map(({ wall }) => wall).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  const peakBytes = Math.max(...runs.map(({ peakTree }) => peakTree));
  say(`release plan over ${SINCE} commits: ${seconds.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB`);
  return { seconds, peakBytes };
}

/** https://git-scm.com/docs/git-fast-import */
function history(): string {
  const parts: string[] = [];
  for (let at = 0; at < COMMITS; at += 1) {
    const header = `${TYPES[at % TYPES.length]!}(scope-${at % 7}): change number ${at}`;
    const message = `${header}\n\nWhy it was made.\n`;
    const when = 1_600_000_000 + at * 60;
    parts.push(
      `commit refs/heads/main\nmark :${at + 1}\ncommitter Ada <ada@example.org> ${when} +0000\n` +
        `data ${Buffer.byteLength(message)}\n${message}`,
    );
  }
  const each = Math.floor((COMMITS - SINCE) / TAGS);
  for (let at = 0; at < TAGS; at += 1) {
    const version = `${1 + Math.floor(at / 500)}.${Math.floor(at / 5) % 100}.${at % 5}`;
    parts.push(`reset refs/tags/v${version}\nfrom :${(at + 1) * each}\n`);
  }
  return parts.join("\n");
}

/** What was promised. */
export function releaseGoals(figures: ReleaseFigures | undefined): Goal[] {
  if (figures === undefined) return [];
  return [
    {
      text: `release plan over ${SINCE} commits, of ${COMMITS} with ${TAGS} tags, in at most 5 s`,
      measured: `${figures.seconds.toFixed(1)} s`,
      met: figures.seconds <= 5,
    },
  ];
}
