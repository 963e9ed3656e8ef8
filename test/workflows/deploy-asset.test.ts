import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { ReleaseUnit } from "../../src/nouns/release-unit/record.ts";
import { writeReleaseUnit } from "../../src/nouns/release-unit/document.ts";
import { githubDescription } from "../support/github/description.ts";
import { FakeReleases, type KeptRelease } from "../support/github/fake-releases.ts";
import { run, scratchFolder, type Finished } from "../support/tools.ts";
import { jobsOf } from "./rules.ts";

const WORKFLOW = readFileSync(
  fileURLToPath(new URL("../../.github/workflows/deploy.yml", import.meta.url)),
  "utf8",
);
const TOKEN = "ghs_0123456789";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const ZIP = Buffer.from("PK of the release");

const scriptOf = (name: string): string => {
  const step = jobsOf(WORKFLOW)["package"]!.steps!.find((each) => each.name === name);
  return step!.run!;
};

const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

function unitOf(given: Partial<ReleaseUnit> = {}): Buffer {
  return writeReleaseUnit({
    format: "holdfast.release-unit/1",
    version: "1.3.0",
    tag: "v1.3.0",
    commit: COMMIT,
    build: "20261128.7",
    "artifact-version": "1.3.0+20261128.7",
    made: "2026-11-28T12:00:00Z",
    run: { kind: "cli", id: "test", url: null, commit: null, actor: "test" },
    previous: null,
    digests: "files-1",
    schema: null,
    functions: null,
    configuration: null,
    assets: [
      { name: "shop.zip", size: ZIP.length, sha256: digestOf(ZIP) },
      { name: "notes.md", size: 1, sha256: digestOf(Buffer.from("n")) },
    ],
    ...given,
  });
}

/** Runs a step of deploy.yml as a runner does, with nothing of this process's environment but PATH. */
async function step(
  name: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Finished & { readonly outputs: string }> {
  const [file, outputs] = [join(folder, "step.sh"), join(folder, "outputs")];
  writeFileSync(file, scriptOf(name));
  writeFileSync(outputs, "");
  const own = { PATH: process.env["PATH"] ?? "", RUNNER_TEMP: folder, GITHUB_OUTPUT: outputs };
  const words = ["--noprofile", "--norc", "-eo", "pipefail", file];
  const finished = await run("bash", words, { cwd: folder, env: { ...own, ...env } });
  return { ...finished, outputs: readFileSync(outputs, "utf8") };
}

describe("deploy.yml, the asset of a release", () => {
  let fake: FakeReleases;
  let folder: ReturnType<typeof scratchFolder>;
  let api: string;

  beforeEach(async () => {
    folder = scratchFolder("deploy-asset");
    fake = new FakeReleases(githubDescription("releases", "pulls"), TOKEN, folder.path);
    api = await fake.listen();
  });
  afterEach(async () => {
    await fake[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function publish(files: Readonly<Record<string, Buffer>>, given: Partial<KeptRelease> = {}): void {
    const assets = Object.entries(files).map(([name, bytes], index) => ({
      id: 500 + index,
      name,
      bytes,
      state: "uploaded" as const,
    }));
    fake.release({ tag: "v1.3.0", assets, ...given });
  }

  const bring = (asset = "", env: Readonly<Record<string, string>> = {}): ReturnType<typeof step> =>
    step("Bring the release's asset", folder.path, {
      TAG: "v1.3.0",
      ASSET: asset,
      COMMIT,
      TOKEN,
      GITHUB_API_URL: api,
      GITHUB_REPOSITORY: "acme/shop",
      ...env,
    });

  it.each(["shop.zip", ""])("is brought as it was recorded, with its build (%p)", async (asset) => {
    publish({ "shop.zip": ZIP, "notes.md": Buffer.from("n"), "release-unit.json": unitOf() });
    const { code, outputs, stderr } = await bring(asset);
    expect({ code, outputs, stderr }).toEqual({ code: 0, outputs: "build=20261128.7\n", stderr: "" });
    expect(readFileSync(join(folder.path, "holdfast-deploy/package"))).toEqual(ZIP);
    expect(fake.wrong).toEqual([]);
    expect((await bring(asset)).code).toBe(0);
  });

  it.each<[string, () => void, string, number, RegExp]>([
    ["no release", () => undefined, "shop.zip", 2, /shows no published release v1\.3\.0/],
    [
      "a draft",
      () => publish({ "shop.zip": ZIP, "release-unit.json": unitOf() }, { draft: true }),
      "shop.zip",
      2,
      /shows no published release v1\.3\.0/,
    ],
    ["no unit", () => publish({ "shop.zip": ZIP }), "shop.zip", 2, /has no release-unit\.json/],
    [
      "a tag that was moved",
      () => publish({ "shop.zip": ZIP, "release-unit.json": unitOf({ commit: COMMIT.replace("0", "f") }) }),
      "shop.zip",
      3,
      /does not speak of the commit 0123/,
    ],
    [
      "no unit at all in its place",
      () => publish({ "shop.zip": ZIP, "release-unit.json": Buffer.from("<html>") }),
      "shop.zip",
      3,
      /does not speak of the commit/,
    ],
    [
      "several zips and none named",
      () =>
        publish({
          "release-unit.json": unitOf({
            assets: ["a.zip", "b.zip"].map((name) => ({ name, size: 1, sha256: digestOf(ZIP) })),
          }),
        }),
      "",
      2,
      /has not one zip, but these: \["a\.zip","b\.zip"\]/,
    ],
    [
      "another name",
      () => publish({ "shop.zip": ZIP, "release-unit.json": unitOf() }),
      "ship.zip",
      2,
      /has no asset ship\.zip, but these: \["notes\.md","shop\.zip"\]/,
    ],
    ["a lost file", () => publish({ "release-unit.json": unitOf() }), "shop.zip", 3, /has lost shop\.zip/],
    [
      "other bytes",
      () => publish({ "shop.zip": Buffer.from("PK other"), "release-unit.json": unitOf() }),
      "shop.zip",
      3,
      /shop\.zip of v1\.3\.0 has the SHA-256 [0-9a-f]{64}, and its release unit records [0-9a-f]{64}/,
    ],
  ])("is refused: %s", async (_, publishes, asset, code, said) => {
    publishes();
    const refused = await bring(asset);
    expect({ code: refused.code, outputs: refused.outputs }).toEqual({ code, outputs: "" });
    expect(refused.stdout).toMatch(said);
    expect(refused.stdout).toContain("::error title=");
  });

  it("that could not be asked for is not one that is not there", async () => {
    publish({ "shop.zip": ZIP, "release-unit.json": unitOf() });
    const denied = await bring("shop.zip", { TOKEN: "expired" });
    expect([denied.code, denied.stdout]).toEqual([4, expect.stringContaining("(status 401)")]);
    const unreached = await bring("shop.zip", { GITHUB_API_URL: "http://127.0.0.1:1" });
    expect([unreached.code, unreached.stdout]).toEqual([4, expect.stringContaining("(status 000)")]);
  });
});

describe("deploy.yml, before anything is asked", () => {
  const GIVEN = { TAG: "v1.3.0", ASSET: "", BUILD: "", PACKAGE: "", STORE: "file:///store" };

  it.each<[string, Partial<typeof GIVEN>, RegExp | undefined]>([
    ["a tag alone", {}, undefined],
    ["an asset", { ASSET: "shop-1.3.0_linux.zip" }, undefined],
    ["a build and its package", { BUILD: "make", PACKAGE: "out" }, undefined],
    ["a part of the checkout", { PACKAGE: "site" }, undefined],
    ["a branch", { TAG: "main" }, /The tag is none of a release/],
    ["text that is more than a tag", { TAG: 'v1.3.0"; x' }, /The tag is none of a release/],
    ["no tag", { TAG: "" }, /The tag is none of a release/],
    ["a path", { ASSET: "../shop.zip" }, /The asset is no name of a file/],
    ["an asset and a package", { ASSET: "shop.zip", PACKAGE: "out" }, /An asset was given, and build or/],
    ["an asset and a build", { ASSET: "shop.zip", BUILD: "make" }, /An asset was given, and build or/],
    ["a build without its package", { BUILD: "make" }, /A build was given, and not what it makes/],
    ["no store", { STORE: "" }, /No store was given/],
  ])("%s", async (_, given, said) => {
    await using folder = scratchFolder("deploy-inputs");
    const env = { ...GIVEN, ...given };
    const { code, stdout } = await step("Stop where it is not known what is deployed", folder.path, env);
    expect([code, stdout]).toEqual(said === undefined ? [0, ""] : [2, expect.stringMatching(said)]);
  });
});

describe("deploy.yml, what is packed", () => {
  const files = async (tar: string): Promise<string[]> => {
    const { stdout } = await run("tar", ["--list", "--verbose", "--file", tar]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => `${line.slice(0, 4)} ${line.split(" ").at(-1)}`)
      .sort();
  };

  it("is built for a version, keeps which files may be executed, and has no history", async () => {
    await using folder = scratchFolder("deploy-pack");
    const BUILD = 'mkdir -p out/.git && printf %s "$VERSION $ARTIFACT_VERSION" > out/a && chmod +x out/a';
    const built = await step("Build", folder.path, { BUILD, TAG: "v1.3.0", METADATA: "20261128.7" });
    expect([built.code, readFileSync(join(folder.path, "out/a"), "utf8")]).toEqual([
      0,
      "1.3.0 1.3.0+20261128.7",
    ]);
    // What another run on the same machine has left is no part of it.
    mkdirSync(join(folder.path, "holdfast-deploy/package"), { recursive: true });
    writeFileSync(join(folder.path, "holdfast-deploy/package/old"), "");
    const packed = await step("Pack it", folder.path, { PACKAGE: "out", ENVIRONMENT: "production" });
    const tar = join(folder.path, "holdfast-deploy.tar");
    const digest = digestOf(readFileSync(tar));
    expect([packed.code, packed.outputs]).toEqual([
      0,
      `digest=${digest}\nartifact=holdfast-deploy-production\n`,
    ]);
    expect(await files(tar)).toEqual(["-rwx package/a", "drwx package/"]);
  });

  it("is kept under a name that an artifact can have, of its own for each environment", async () => {
    await using folder = scratchFolder("deploy-pack");
    mkdirSync(join(folder.path, "out"));
    const names: string[] = [];
    const kept = ["Production", "prod-eu", "prod/eu", "prod (eu)", "prod:eu", "über", "x".repeat(255)];
    for (const ENVIRONMENT of kept) {
      const { code, outputs } = await step("Pack it", folder.path, { PACKAGE: "out", ENVIRONMENT });
      expect(code).toBe(0);
      names.push(/^artifact=(.+)$/m.exec(outputs)![1]!);
    }
    expect(names.slice(0, 2)).toEqual(["holdfast-deploy-Production", "holdfast-deploy-prod-eu"]);
    expect(names[2]).toMatch(/^holdfast-deploy-prod-eu-[0-9a-f]{16}$/);
    // https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal/upload/path-and-artifact-name-validation.ts
    expect(names.filter((name) => /["\n\r:<>|*?\\/]/.test(name) || name.length > 200)).toEqual([]);
    expect(new Set(names).size).toBe(kept.length);
  });

  it("is built without metadata too, a failing build fails, and nothing is no package", async () => {
    await using folder = scratchFolder("deploy-pack");
    const plain = { TAG: "v1.3.0", METADATA: "" };
    const built = await step("Build", folder.path, { ...plain, BUILD: 'echo "$ARTIFACT_VERSION"' });
    expect(built.stdout).toBe("1.3.0\n");
    expect((await step("Build", folder.path, { ...plain, BUILD: "false; true" })).code).toBe(1);
    const nothing = await step("Pack it", folder.path, { PACKAGE: "out" });
    expect([nothing.code, nothing.stdout]).toEqual([2, expect.stringContaining("There is nothing at")]);
  });
});
