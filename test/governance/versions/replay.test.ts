import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitRefs } from "../../../src/adapters/source-tree/refs.ts";
import { withVariables } from "../../../src/adapters/system/with-variables.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import { semanticReleaseCalculation } from "../../../src/adapters/semantic-release/calculate.ts";
import { readBasis } from "../../../src/governance/versions/basis.ts";
import { nextRelease, type NextRelease } from "../../../src/governance/versions/next-release.ts";
import { release } from "../../../src/governance/versions/settings.ts";
import type { Preset } from "../../../src/ports/release-calculation.ts";
import { toldRepository, type ToldCommit, type ToldHistory } from "../../support/histories.ts";
import { sampled } from "../../support/sampling.ts";

/** A release as the published history tells it. */
interface Release {
  readonly version: string;
  readonly previous: string | null;
  readonly latest?: string | null;
  readonly prerelease: boolean;
  readonly branchHint: string | null;
  readonly commits: readonly ToldCommit[];
  readonly computed?: string | null;
}

interface History {
  readonly repository: string;
  readonly releases: readonly Release[];
  readonly prereleases: readonly Release[];
  readonly initial: readonly Release[];
  readonly exceptions: readonly Release[];
}

const FOLDER = join(import.meta.dirname, "histories");
const HISTORIES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as History);

async function next(told: ToldHistory, preset: Preset): Promise<NextRelease> {
  using repository = toldRepository(told);
  const around = { env: process.env, folder: repository.path };
  const [history, refs] = [gitHistory(around), gitRefs({ ...around, disk: systemDisk() })];
  const settings = release.parse({ preset });
  const basis = await readBasis(told.branch, settings, { refs, history });
  return await nextRelease(
    basis,
    settings,
    { refs, calculate: semanticReleaseCalculation({ path: process.env["PATH"], variables: withVariables }) },
    undefined,
  );
}

function toldOf({ previous, latest, prerelease, branchHint, commits }: Release): ToldHistory {
  const before = [previous, latest].filter((each) => typeof each === "string");
  return {
    branch: branchHint ?? (prerelease ? "beta" : "main"),
    before: [...new Set(before)].map((version) => `v${version}`),
    commits,
  };
}

describe.each(HISTORIES)("the published releases of $repository", (history) => {
  const all = [...history.initial, ...history.releases, ...history.prereleases];

  const visited = sampled(`releases of ${history.repository}`, all, {
    every: 12,
    kind: ({ prerelease, branchHint }) => `${String(prerelease)} ${String(branchHint)}`,
  });

  // The presets give the same here, so the one that counts by default is asked.
  test.each(visited)("$version is calculated exactly", async (told) => {
    const found = await next(toldOf(told), "conventionalcommits");
    expect(found.next?.version).toBe(told.version);
    expect(found.problems).toEqual([]);
    expect(found.commits).toHaveLength(told.commits.length);
    expect(told.commits.map(({ message }) => message.split("\n", 1)[0])).toContain(
      found.next?.because.header,
    );
  });
});
