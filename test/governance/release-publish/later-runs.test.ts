import { describe, expect } from "@jest/globals";
import { releaseWorld } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** What a settings file says that deploys. */
const DEPLOYS = {
  ".github/holdfast.yml": "release:\n  deploy: { workflow: deploy.yml, inputs: [tag, artifact-version] }\n",
};

const DAY_MS = 24 * 3_600_000;

const inTurn = testInTurn("later runs of a release", 3);

describe("a later run", () => {
  inTurn("which has nothing to release tells no version: nobody builds or deploys the last one", async () => {
    await using made = await releaseWorld("feat: carts");
    await made.publish();
    made.commit("docs: words");
    for (const dryRun of [true, false]) {
      const found = await made.publish({ dryRun });
      expect(found).toMatchObject({ exit: 0, version: "", tag: "", published: false, changed: false });
      expect(found.headline).toBe(
        "main has nothing to release; v1.3.0 was published before, and waits for its pull request to be " +
          "merged",
      );
      expect(found.steps.map(({ tag }) => tag)).toContain("v1.3.0");
    }
  });

  inTurn("that finishes the release before tells its version, which this run has published", async () => {
    await using made = await releaseWorld("feat: carts");
    made.fake.faults = [{ on: "PATCH /repos/acme/shop/releases", status: "cut" }];
    await expect(made.publish()).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    made.commit("docs: words");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0", published: true, changed: true });
  });

  inTurn("deploys what was built for the release, and not what its own number would call it", async () => {
    await using made = await releaseWorld();
    made.commit("feat: carts", DEPLOYS);
    made.fake.mayStart = false;
    expect(await made.publish({ build: "20250920.7" })).toMatchObject({ exit: 4, build: "20250920.7" });
    made.fake.mayStart = true;
    const found = await made.publish();
    expect(made.fake.runs.map(({ inputs }) => inputs)).toEqual([
      { tag: "v1.3.0", "artifact-version": "1.3.0+20250920.7" },
    ]);
    expect(found.build).toBe("20250920.7");
  });

  inTurn("that is given another build than is published says that it counts for nothing", async () => {
    await using made = await releaseWorld("feat: carts");
    await made.publish({ build: "20250920.7" });
    const found = await made.publish({ build: "20250920.8" });
    expect(found.build).toBe("20250920.7");
    expect(found.warnings).toContain(
      "v1.3.0 was made with the build 20250920.7, which its unit says, and 20250920.8 counts for nothing",
    );
  });

  inTurn("with other files records its own build in the draft that another has left", async () => {
    await using made = await releaseWorld("feat: carts");
    made.fake.faults = [{ on: "PATCH /repos/acme/shop/releases", status: "cut" }];
    const one = { assets: [made.built("shop.zip", "one")], build: "20250920.7" };
    await expect(made.publish(one)).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    const found = await made.publish({ assets: [made.built("shop.zip", "other")], build: "20250920.8" });
    expect(found).toMatchObject({ exit: 0, build: "20250920.8" });
    const unit = made.fake.releases[0]!.assets.find(({ name }) => name === "release-unit.json")!;
    expect(JSON.parse(unit.bytes.toString("utf8"))).toMatchObject({ build: "20250920.8" });
  });

  inTurn("deploys no release of before that was made when no workflow was declared", async () => {
    await using made = await releaseWorld("feat: carts");
    await made.publish();
    made.commit("ci: deploy releases", DEPLOYS);
    const found = await made.publish();
    expect(made.fake.runs).toEqual([]);
    expect(found.exit).toBe(0);
    // What it lacks `release status` judges by the same settings.
    made.work.git("fetch", "-q", "--tags", "origin");
    const told = await made.status();
    expect(told.outputs["releases"]).toMatchObject([{ deployment: "", missing: ["the merge back"] }, {}]);
    // Who names it means it.
    await made.publish({ tag: "v1.3.0" });
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });

  inTurn("deploys nothing again whose run GitHub has forgotten, unless it is named", async () => {
    await using made = await releaseWorld();
    made.commit("feat: carts", DEPLOYS);
    await made.publish();
    made.fake.runs = [];
    made.time.now += 8 * DAY_MS;
    made.commit("docs: words");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "", changed: false });
    expect(found.steps.find(({ name }) => name === "deployment")?.what).toMatch(
      /^no run of deploy\.yml is shown for v1\.3\.0, which was published on 2026-11-28, and/,
    );
    expect(made.fake.runs).toEqual([]);
    made.work.git("fetch", "-q", "--tags", "origin");
    expect((await made.status()).outputs["releases"]).toMatchObject([
      { deployment: "not shown any more", missing: ["the merge back"] },
      {},
    ]);
    await made.publish({ tag: "v1.3.0" });
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });

  inTurn("deploys what was published some days ago and never started, which status says of it", async () => {
    await using made = await releaseWorld();
    made.commit("feat: carts", DEPLOYS);
    made.fake.mayStart = false;
    await made.publish();
    made.fake.mayStart = true;
    made.time.now += 6 * DAY_MS;
    made.commit("docs: words");
    made.work.git("fetch", "-q", "--tags", "origin");
    expect((await made.status()).outputs["releases"]).toMatchObject([
      { deployment: "not started", missing: ["its deployment", "the merge back"] },
      {},
    ]);
    await made.publish();
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.3.0"]);
  });
});
