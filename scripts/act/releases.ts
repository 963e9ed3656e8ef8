import { strict as assert } from "node:assert";
import { join } from "node:path";
import { readReleaseUnit } from "../../src/nouns/release-unit/document.ts";
import { githubDescription } from "../../test/support/github/description.ts";
import { FakeReleases } from "../../test/support/github/fake-releases.ts";
import { runOk } from "../../test/support/tools.ts";
import { layOut, ok, see, type TrialAtGithub } from "./trial.ts";

/** The job's own; a fake cannot tell tokens apart. */
const TOKEN = "ghs_0123456789abcdef0123";

const SETTINGS = "release: { floating: always, deploy: { workflow: deploy.yml, inputs: [tag] } }\n";

interface Releases extends TrialAtGithub {
  readonly fake: FakeReleases;
  git(...words: string[]): Promise<string>;
}

/** release-cut.yml, release.yml and hotfix.yml; GitHub's API is played by a fake upon real git. */
export async function tryReleases(act: string, folder: string): Promise<void> {
  await layOut(folder, {
    shipped: ["release-cut.yml", "release.yml", "hotfix.yml"],
    files: {
      ".github/holdfast.yml": SETTINGS,
      "package.json": '{ "name": "shop", "version": "1.2.0" }\n',
    },
  });
  const repository = join(folder, "caller");
  const identity = ["-c", "user.name=caller", "-c", "user.email=caller@example.com"];
  const git = async (...words: string[]): Promise<string> =>
    (await runOk("git", [...identity, ...words], { cwd: repository })).trim();
  await git("branch", "--move", "main");
  await git("tag", "v1.2.0");
  await git("remote", "add", "origin", "https://github.com/acme/shop");
  await git("switch", "--quiet", "--create", "develop");
  await git("commit", "--quiet", "--allow-empty", "--message", "feat: keep items (#7)");
  await using fake = new FakeReleases(githubDescription("releases", "pulls"), TOKEN, repository);
  const trial = { act, folder, secrets: { GITHUB_TOKEN: TOKEN }, fake, api: await fake.listen(), git };
  await cut(trial);
  await published(trial);
  await hotfix(trial);
  assert.deepEqual(fake.wrong, []);
}

async function cut(trial: Releases): Promise<void> {
  const { fake, git } = trial;
  await see(trial, "release-cut.yml", {}, async (ran) => {
    assert.equal(ran.code, 0, "nothing was cut");
    assert.match(await git("show", "release/v1.3.0:CHANGELOG.md"), /keep items/);
    assert.match(await git("show", "release/v1.3.0:package.json"), /"version": "1\.3\.0"/);
    const [pull] = fake.pulls;
    assert.deepEqual([pull?.branch, pull?.base, pull?.state], ["release/v1.3.0", "main", "open"]);
    ok("release-cut.yml makes the release branch with changelog and version, and its pull request");
  });
}

async function published(trial: Releases): Promise<void> {
  const { fake, git } = trial;
  fake.merge(1);
  await git("switch", "--quiet", "main");
  await git("reset", "--hard", "--quiet");
  const inputs = {
    build: 'mkdir out && printf "%s" "$ARTIFACT_VERSION" > out/shop.txt',
    assets: "out/*.txt",
  };
  await see(trial, "release.yml", { inputs }, async (ran) => {
    assert.equal(ran.code, 0, "nothing was published");
    const [release] = fake.releases;
    assert.deepEqual([release?.tag, release?.draft, release?.latest], ["v1.3.0", false, true]);
    const files = new Map(release?.assets.map(({ name, bytes }) => [name, bytes]));
    assert.match(String(files.get("shop.txt")), /^1\.3\.0\+\d{8}\.\d+$/);
    const unit = readReleaseUnit(files.get("release-unit.json")!, "the unit");
    assert.equal(unit.commit, await git("rev-parse", "main"));
    assert.equal(await git("rev-parse", "v1"), unit.commit);
    assert.deepEqual(
      fake.runs.map(({ workflow, ref, inputs: given }) => [workflow, ref, given]),
      [["deploy.yml", "v1.3.0", { tag: "v1.3.0" }]],
    );
    assert.deepEqual(fake.pulls.map(({ branch, base }) => `${branch} ${base}`).slice(1), [
      "merge-back/v1.3.0 develop",
    ]);
    ok("release.yml builds, publishes, moves v1, starts the deployment and opens the merge back");
  });
  const writes = fake.written.length;
  // Else the runner takes a tag of the commit for what the run is of.
  const onMain = { event: { name: "workflow_dispatch", payload: { ref: "refs/heads/main" } } };
  await see(trial, "release.yml", onMain, (ran) => {
    assert.equal(ran.code, 0, "a release that is whole is red");
    assert.equal(fake.written.length, writes);
    ok("release.yml finds a whole release, and does nothing");
  });
}

async function hotfix(trial: Releases): Promise<void> {
  const { fake, git } = trial;
  fake.merge(2);
  await see(trial, "hotfix.yml", { inputs: { do: "start", name: "lost-carts" } }, async (ran) => {
    assert.equal(ran.code, 0, "no hotfix was begun");
    assert.equal(await git("rev-parse", "hotfix/lost-carts"), await git("rev-parse", "v1.3.0^{commit}"));
  });
  await git("switch", "--quiet", "hotfix/lost-carts");
  await git("commit", "--quiet", "--allow-empty", "--message", "fix: keep carts");
  const finish = { inputs: { do: "finish", name: "lost-carts", "require-merged": "true" } };
  await see(trial, "hotfix.yml", finish, (ran) => {
    assert.notEqual(ran.code, 0, "a hotfix that nobody has merged is green");
    assert.deepEqual(
      fake.pulls
        .slice(2)
        .map(({ base }) => base)
        .sort(),
      ["develop", "main"],
    );
  });
  for (const { number } of fake.pulls.slice(2)) fake.merge(number);
  await git("switch", "--quiet", "main");
  await git("reset", "--hard", "--quiet");
  await git("branch", "--quiet", "-D", "hotfix/lost-carts");
  await see(trial, "hotfix.yml", finish, (ran) => {
    assert.equal(ran.code, 0, "a hotfix that both branches have is red");
    ok("hotfix.yml begins a hotfix, opens its two pull requests, and is green once both have it and it went");
  });
}
