import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { filesBelow } from "../../src/devtools/build.ts";
import { repository } from "../support/repository.ts";
import { run, runOk, temporaryFolder, type Finished } from "../support/tools.ts";
import { NODE, ROOT } from "./runner.ts";

/** What the pull request of a release does in a checkout, and what users get from it. */
describe("a release of our own", () => {
  let folder: string;
  let checkout: string;
  let installed: string;
  let tarball: string;
  const VERSION = "9.8.7";
  const PARTS = [
    ...["src", "scripts", "docs", ".github", "actions", "schemas", "examples", "dist"],
    ...["README.md", "LICENSE", "action.yml", "walls.cjs", "package.json", "package-lock.json"],
  ];

  /** The project's node before any other, no npm cache, and nobody's settings. */
  const env = (): Record<string, string> => ({
    PATH: `${dirname(NODE)}:${process.env["PATH"] ?? ""}`,
    HOME: join(folder, "home"),
    npm_config_cache: join(folder, "npm-cache"),
    npm_config_update_notifier: "false",
  });
  const inCheckout = (program: string, ...words: string[]): Promise<Finished> =>
    run(program, words, { cwd: checkout, env: env(), timeoutMs: 170_000 });
  const holdfast = (words: readonly string[], cwd = installed): Promise<string> =>
    runOk(join(installed, "node_modules/.bin/holdfast"), words, { cwd, env: env() });
  const read = (path: string): string => readFileSync(join(checkout, path), "utf8");

  beforeAll(async () => {
    folder = temporaryFolder("package");
    checkout = join(folder, "checkout");
    installed = join(folder, "installed");
    for (const each of ["checkout", "installed", "home"]) mkdirSync(join(folder, each));
    for (const part of PARTS) cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
    mkdirSync(join(checkout, "node_modules"));
    // Without the mark of what was installed last, which is this repository's own.
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      if (name !== ".holdfast-lock") {
        symlinkSync(join(ROOT, "node_modules", name), join(checkout, "node_modules", name));
      }
    }
    const set = await inCheckout("npm", "run", "--silent", "set-version", "--", VERSION);
    expect({ code: set.code, said: set.code === 0 ? "" : set.stderr }).toEqual({ code: 0, said: "" });
    const before = read("package.json");
    const packed = await inCheckout("npm", "pack", "--json", "--pack-destination", folder);
    expect({ code: packed.code, said: packed.code === 0 ? "" : packed.stderr }).toEqual({
      code: 0,
      said: "",
    });
    expect(read("package.json")).toBe(before);
    tarball = join(folder, `holdfast-${VERSION}.tgz`);
    const words = ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball];
    await runOk("npm", words, { cwd: installed, env: env() });
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("says its version wherever one stands", async () => {
    expect(await holdfast(["--version"])).toBe(`${VERSION}\n`);
    expect(await runOk("npx", ["--offline", "holdfast", "--version"], { cwd: installed, env: env() })).toBe(
      `${VERSION}\n`,
    );
    expect(await runOk(NODE, [join(checkout, "dist/cli.js"), "--version"])).toBe(`${VERSION}\n`);
    const lock = JSON.parse(read("package-lock.json")) as {
      readonly version: string;
      readonly packages: Readonly<Record<string, { readonly version: string }>>;
    };
    expect([lock.version, lock.packages[""]!.version]).toEqual([VERSION, VERSION]);
    // Manifests and what servers are told all get theirs from one place.
    const baked = filesBelow(join(checkout, "dist/holdfast"))
      .filter((file) => file.endsWith(".js"))
      .flatMap((file) => read(`dist/holdfast/${file}`).match(/^(?:var|const) VERSION = .*;$/gm) ?? []);
    expect(baked).toContain(`var VERSION = "${VERSION}";`);
    expect(baked).not.toContain('var VERSION = "0.0.0";');
  });

  it("names its own tag in the workflows that others call", () => {
    const { jobs } = parse(read(".github/workflows/backup.yml")) as {
      readonly jobs: { readonly backup: { readonly steps: readonly { readonly uses?: string }[] } };
    };
    expect(jobs.backup.steps.map(({ uses }) => uses)).toContain(
      `truststream/holdfast/actions/backup@v${VERSION}`,
    );
  });

  it("is a package of what runs, with its licences, and nothing that has to be installed beside it", () => {
    const own = join(installed, "node_modules/holdfast");
    const files = filesBelow(own);
    const allowed = [
      /^(?:package\.json|README\.md|LICENSE)$/,
      /^dist\/(?:cli\.js|package\.json|licenses\.txt|holdfast\/[\w.-]+\.(?:js|wasm))$/,
    ];
    expect(files.filter((file) => !allowed.some((each) => each.test(file)))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["dist/licenses.txt", "dist/holdfast/libpg-query.wasm"]));
    const manifest = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as object;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("optionalDependencies");
    const telling = files.filter((file) => {
      const text = readFileSync(join(own, file), "utf8");
      return text.includes(checkout) || text.includes(ROOT) || /^\/\/# sourceMappingURL=/m.test(text);
    });
    expect(telling).toEqual([]);
  });

  it("runs where it is installed: help, a key, a plan of a release", async () => {
    expect(await holdfast(["--help"])).toContain("release-plan");
    await holdfast(["keygen", "--output", join(folder, "key.txt")]);
    expect(readFileSync(join(folder, "key.txt"), "utf8")).toMatch(/^AGE-SECRET-KEY-1/m);
    await using repo = repository();
    repo.commit("feat: first");
    repo.git("tag", "v1.2.0");
    const cause = repo.commit("feat: second");
    const plan: unknown = JSON.parse(await holdfast(["release", "plan", "--offline", "--json"], repo.path));
    expect(plan).toMatchObject({ version: "1.3.0", tag: "v1.3.0", because: cause });
  });

  it("is not packed with a dist/ of another version, and survives a pack that breaks off", async () => {
    const before = read("package.json");
    writeFileSync(join(checkout, "package.json"), before.replace(VERSION, "9.9.9"));
    const refused = await inCheckout("npm", "pack", "--pack-destination", folder);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(`dist/ is of version '${VERSION}', and package.json says '9.9.9'`);
    expect(existsSync(join(folder, "holdfast-9.9.9.tgz"))).toBe(false);
    expect(read("package.json")).toBe(before.replace(VERSION, "9.9.9"));
    const build = await inCheckout(NODE, "src/devtools/build.ts");
    expect(build.code).not.toBe(0);
    expect(build.stderr).toContain("is not of version 9.9.9, as package.json is");
    writeFileSync(join(checkout, "package.json"), before);
    // There is no such folder: npm ends after it has begun.
    expect((await inCheckout("npm", "pack", "--pack-destination", join(folder, "nowhere"))).code).not.toBe(0);
    expect(read("package.json")).not.toBe(before);
    // Another npm script leaves it alone for a minute, in which the tarball may be written.
    for (const [age, expected] of [
      [50, false],
      [70, true],
    ] as const) {
      utimesSync(join(checkout, "package.json"), Date.now() / 1000 - age, Date.now() / 1000 - age);
      expect((await inCheckout("npm", "run", "set-version")).stderr).toContain("is no version");
      expect({ age, back: read("package.json") === before }).toEqual({ age, back: expected });
    }
    expect((await inCheckout("npm", "pack", "--pack-destination", join(folder, "nowhere"))).code).not.toBe(0);
    const again = await inCheckout("npm", "pack", "--json", "--pack-destination", join(folder, "home"));
    expect(again.code).toBe(0);
    expect(read("package.json")).toBe(before);
    const bytes = [tarball, join(folder, "home", `holdfast-${VERSION}.tgz`)].map((path) =>
      readFileSync(path),
    );
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true);
  });

  it("wants a version and nothing else", async () => {
    for (const words of [[], ["v1.2.3"], ["1.2"], ["1.2.3", "1.2.4"]]) {
      const { code, stderr } = await inCheckout(NODE, "scripts/set-version.ts", ...words);
      expect({ words, code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("is no version"),
      });
    }
  });
});
