import { expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { serveOverHttp } from "../../support/git-over-http.ts";
import { releaseWorld } from "./support.ts";

/** Not waited for in one piece: what serves the repository is in this process. */
const git = promisify(execFile);

it("publishes from a clone of a bare repository over http, whatever that clone lacks", async () => {
  await using world = await releaseWorld("feat: keep items");
  const { work } = world;
  await using served = await serveOverHttp(work.git("remote", "get-url", "origin"));
  const head = work.git("rev-parse", "HEAD");
  work.git("remote", "set-url", "origin", served.url);
  // The checkout knows neither the tag nor what is at the server now.
  work.git("tag", "-d", "v1.2.0");
  const told = await world.publish();
  expect(told).toMatchObject({ exit: 0, version: "1.3.0", published: true });
  const { stdout } = await git("git", ["-C", work.path, "ls-remote", "--tags", "origin"]);
  expect(stdout).toContain(`${head}\trefs/tags/v1.3.0^{}`);
  // Another clone, by the same road, finds it whole.
  await git("git", ["-C", work.path, "fetch", "--quiet", "--tags", "origin"]);
  expect(await world.publish()).toMatchObject({ exit: 0, changed: false, tag: "v1.3.0" });
  expect(served.asked.filter((each) => each.includes("git-upload-pack")).length).toBeGreaterThan(1);
});
