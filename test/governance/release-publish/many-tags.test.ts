import { expect, test } from "@jest/globals";
import { releaseWorld } from "./support.ts";

test("the commits of many tags that the checkout lacks are read by pages, and not one by one", async () => {
  await using made = await releaseWorld("feat: carts");
  const before = made.work.git("rev-parse", "v1.2.0^{commit}");
  for (let patch = 1; patch <= 120; patch += 1) {
    made.fake.git(["tag", "-a", "-m", "old", `v0.1.${patch}`, before]);
  }
  const found = await made.publish({ dryRun: true });
  expect(found).toMatchObject({ exit: 0, version: "1.3.0" });
  // Of the release before it is asked who made it.
  expect(made.fake.calls.filter((call) => call.includes("/git/tags/"))).toHaveLength(1);
  expect(made.fake.calls.filter((call) => /\/tags(?:\?|$)/.test(call))).toHaveLength(2);
  expect(made.fake.wrong).toEqual([]);
});

test("a higher tag that the checkout lacks counts where its commit is in the branch", async () => {
  await using made = await releaseWorld("feat: carts", "fix: more");
  const past = made.work.git("rev-parse", "HEAD^");
  for (let patch = 0; patch < 12; patch += 1) made.fake.git(["tag", "-a", "-m", "x", `v1.9.${patch}`, past]);
  expect(await made.publish({ dryRun: true })).toMatchObject({ version: "1.9.12" });
});
