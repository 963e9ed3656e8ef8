import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { measure, type Coverage } from "../../../src/governance/coverage/measure.ts";
import { Places } from "../../../src/governance/coverage/place.ts";
import { readReport } from "../../../src/governance/coverage/read-report.ts";
import { repository, type Repository } from "../../support/repository.ts";

/** What `diff-cover` counts: https://github.com/Bachmann1234/diff_cover */
interface Told {
  readonly total_num_lines: number;
  readonly total_num_violations: number;
}

/** Files of a commit: name → lines, each `<letter>` or `<letter>*` where no test runs it. */
type Files = Readonly<Record<string, readonly string[]>>;

const NAMES = ["src/a.py", "src/deep/b.py", "c.py"];
const someLines = fc.array(fc.constantFrom("a", "b", "c", "d*", "e*"), { maxLength: 12 });
const files = fc.dictionary(fc.constantFrom(...NAMES), someLines, { minKeys: 1 });

const textOf = (lines: readonly string[]): string =>
  lines.map((line) => `${line.replace("*", "")}\n`).join("");

const texts = (commit: Files): Record<string, string> =>
  Object.fromEntries(Object.entries(commit).map(([path, lines]) => [path, textOf(lines)]));

function lcovOf(commit: Files): string {
  return Object.entries(commit)
    .map(([path, lines]) => {
      // Every third line holds nothing to run.
      const known = lines.flatMap((line, at) =>
        at % 3 === 2 ? [] : [`DA:${at + 1},${line.endsWith("*") ? 0 : at + 1}\n`],
      );
      return `SF:${path}\n${known.join("")}LF:${known.length}\nend_of_record\n`;
    })
    .join("");
}

async function ours(repo: Repository, report: string): Promise<Coverage> {
  const history = gitHistory({ env: process.env, folder: repo.path });
  const head = await history.commit("HEAD");
  return await measure(readReport(Buffer.from(report)), {
    places: new Places(repo.path, await history.paths(head)),
    changes: await history.changes({ base: "main", head: "HEAD" }),
    isSource: () => false,
    lengths: (paths) => history.lengths(head, paths),
    texts: () => Promise.resolve(new Map()),
  });
}

async function theirs(repo: Repository): Promise<Told> {
  const words = [".git/lcov.info", "--compare-branch", "main", "--json-report", ".git/told.json"];
  await promisify(execFile)("diff-cover", words, { cwd: repo.path });
  return JSON.parse(readFileSync(join(repo.path, ".git/told.json"), "utf8")) as Told;
}

it("changed lines and those that no test runs are as many as diff-cover counts", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(files, files, async (before, after) => {
      await using repo = repository();
      repo.commit("begin", texts(before));
      repo.git("checkout", "-qb", "topic");
      const gone = Object.keys(before).filter((path) => !(path in after));
      repo.commit("change", {
        ...Object.fromEntries(gone.map((path) => [path, undefined])),
        ...texts(after),
        "other.txt": "changed\n",
      });
      const report = lcovOf(after);
      repo.write({ ".git/lcov.info": report });
      const [mine, told] = [await ours(repo, report), await theirs(repo)];
      compared += 1;
      expect([mine.changed.total, mine.changed.total - mine.changed.covered]).toEqual([
        told.total_num_lines,
        told.total_num_violations,
      ]);
    }),
    { numRuns: 12, seed: 5 },
  );
  expect(compared).toBeGreaterThanOrEqual(12);
}, 120_000);
