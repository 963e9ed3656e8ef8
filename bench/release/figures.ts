import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { githubDescription } from "../../test/support/github/description.ts";
import { FakeReleases } from "../../test/support/github/fake-releases.ts";
import { CLI, plainEnvironment } from "../../scripts/demo/holdfast.ts";
import { measure } from "../measure.ts";
import type { Goal } from "../results.ts";
import { runGit } from "../run-git.ts";
import type { Setting } from "../setting.ts";

/** What `release plan` takes in a long history, and `release status` of many releases. */
export interface ReleaseFigures {
  /** Seconds of the wall, the middle of three runs. */
  readonly seconds: number;
  /** The same of `release status`. */
  readonly statusSeconds: number;
  /** Most bytes resident at once in the command and the git that it starts. */
  readonly peakBytes: number;
}

const COMMITS = 50_000;
const SINCE = 5_000;
const TAGS = 5_000;
const TYPES = ["feat", "fix", "chore", "docs"];
const RUNS = 3;
const RELEASES = 500;
const TOKEN = "ghs_0123456789abcdef";

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
  const middle = async (
    words: string,
    env: Readonly<Record<string, string>>,
  ): Promise<readonly [number, number]> => {
    const runs = [];
    for (let run = 0; run < RUNS; run += 1) {
      const { cost } = await measure({
        script: `"${process.execPath}" "${CLI}" release ${words} --json > /dev/null`,
        env,
        folder: root,
        server,
        store: undefined,
        signal,
      });
      runs.push(cost);
    }
    const walls = runs.map(({ wall }) => wall).sort((a, b) => a - b);
    return [walls[Math.floor(RUNS / 2)]!, Math.max(...runs.map(({ peakTree }) => peakTree))];
  };
  const [seconds, peakBytes] = await middle("plan --offline", plainEnvironment());
  say(`release plan over ${SINCE} commits: ${seconds.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB`);
  await using fake = new FakeReleases(githubDescription("releases", "pulls"), TOKEN, root);
  const tags = fake.git(["tag", "--sort=-version:refname"]).out.split("\n");
  for (const tag of tags.slice(0, RELEASES).reverse()) fake.release({ tag });
  const api = { GITHUB_API_URL: await fake.listen(), GITHUB_TOKEN: TOKEN };
  const words = `status --repository acme/shop --limit ${RELEASES}`;
  const [statusSeconds] = await middle(words, { ...plainEnvironment(), ...api });
  if (fake.wrong.length > 0) throw new Error(fake.wrong.join("\n"));
  say(`release status of ${RELEASES} releases: ${statusSeconds.toFixed(1)} s`);
  return { seconds, peakBytes, statusSeconds };
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
    {
      text: `release status of ${RELEASES} releases, with ${TAGS} tags, in at most 3 s`,
      measured: `${figures.statusSeconds.toFixed(1)} s`,
      met: figures.statusSeconds <= 3,
    },
  ];
}
