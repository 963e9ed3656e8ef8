import { describe, expect, test } from "@jest/globals";
import { runReleasePlan } from "../../../src/governance/release-plan/run.ts";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitRefs } from "../../../src/adapters/source-tree/refs.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import { testPorts } from "../../support/test-ports.ts";
import { releaseWorld, type ReleaseWorld } from "./support.ts";

const BURNED = { ".github/holdfast.yml": "release: { burned: [1.3.0] }\n" };

async function planned(made: ReleaseWorld): Promise<Readonly<Record<string, unknown>>> {
  const around = { env: process.env, folder: made.work.path };
  const { exit, outputs } = await runReleasePlan(
    {
      branch: undefined,
      settings: ".github/holdfast.yml",
      offline: false,
      repository: undefined,
      token: undefined,
    },
    {
      ...testPorts({ forge: made.forge() }),
      variable: () => undefined,
      sourceTree: () => Promise.resolve(checkout({ env: process.env })),
      sourceHistory: () => Promise.resolve(gitHistory(around)),
      sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
    },
  );
  return { exit, ...outputs };
}

describe("a version that is burned", () => {
  test("is named with its setting where GitHub refuses its tag, and the next one comes instead", async () => {
    await using made = await releaseWorld("feat: carts");
    made.fake.ruled = (ref) => ref === "refs/tags/v1.3.0";
    await expect(made.publish()).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("goes into `release.burned` of the settings"),
    });
    made.commit("chore: skip 1.3.0", BURNED);
    expect(await planned(made)).toMatchObject({ exit: 0, version: "1.3.1", type: "minor", problems: [] });
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "1.3.1", tag: "v1.3.1", published: true });
    expect(made.fake.releases.map(({ tag }) => tag)).toEqual(["v1.3.1"]);
    expect(made.fake.releases[0]!.body).toMatch(/^#+ \[?1\.3\.1[^]*carts/);
    expect(made.fake.releases[0]!.body).not.toContain("1.3.0");
    const again = await made.publish();
    expect(again).toMatchObject({ exit: 0, version: "1.3.1", changed: false });
  });

  test("whose tag still stands counts for nothing, and what it had is released by the next one", async () => {
    await using made = await releaseWorld("feat: carts");
    await made.publish();
    made.fake.releases = [];
    made.fake.merge(1);
    made.commit("chore: skip 1.3.0", BURNED);
    made.work.git("fetch", "-q", "--tags", "origin");
    const before = await made.status();
    expect(before.outputs).toMatchObject({ newest: "v1.2.0", "half-done": [] });
    // Of a checkout that lacks the tag nobody says so.
    made.work.git("tag", "-d", "v1.3.0");
    expect(await planned(made)).toMatchObject({ exit: 0, version: "1.3.1", problems: [], previous: "1.2.0" });
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "1.3.1", published: true });
    expect(made.fake.releases[0]!.body).toContain("carts");
    await expect(made.publish({ tag: "v1.3.0" })).rejects.toMatchObject({ code: "input.conflict" });
    made.commit("fix: b");
    expect(await made.publish()).toMatchObject({ version: "1.3.2" });
  });

  test("that a merged release branch says is released as the next one", async () => {
    await using made = await releaseWorld("docs: begin");
    made.work.git("switch", "-qc", "release/v1.3.0");
    made.commit("feat: carts");
    const head = made.work.git("rev-parse", "HEAD");
    made.fake.pull({ number: 7, branch: "release/v1.3.0", base: "main", sha: head, title: "1.3.0" });
    made.fake.merge(7);
    made.work.git("switch", "-q", "main");
    made.work.git("pull", "-q", "--ff-only", "origin", "main");
    made.commit("chore: skip 1.3.0", BURNED);
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.1", published: true, problems: [] });
  });

  test("is no candidate's either: its release branch names the one that would be right", async () => {
    await using made = await releaseWorld();
    made.work.git("switch", "-qc", "release/v1.3.0");
    made.commit("feat: carts", BURNED);
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, published: false });
    expect(found.problems[0]).toMatch(
      /says 1\.3\.0, and its commits ask for 1\.3\.1\..* cut release\/v1\.3\.1/,
    );
    made.work.git("switch", "-qc", "release/v1.3.1");
    made.work.git("push", "-q", "origin", "HEAD");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.1-rc.1" });
    made.commit("fix: b");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.1-rc.2" });
  });
});
