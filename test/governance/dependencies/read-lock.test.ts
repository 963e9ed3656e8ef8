import { describe, expect, it } from "@jest/globals";
import { judgeDependencies } from "../../../src/governance/dependencies/judge.ts";
import type { Lock } from "../../../src/governance/dependencies/lock.ts";
import { readLock } from "../../../src/governance/dependencies/read-lock.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import { classicLock, filesOf, FORMS, npmLock, pnpmLock, SMALL } from "./locks.ts";

function read(file: string, text: string): Lock {
  const { lock, troubles } = readLock(file, text);
  expect(troubles).toEqual([]);
  return lock as Lock;
}

const messages = (file: string, text: string): string[] =>
  readLock(file, text).troubles.map(({ line, message }) => `${line}: ${message}`);

describe.each(FORMS)("a lock file of $form", ({ file, write }) => {
  it("tells names, versions and checksums of its packages", () => {
    const { packages, dangling } = read(file, write(SMALL));
    expect(packages.map(({ name, version, origin }) => [name, version, origin])).toEqual([
      ["@scope/b", "2.1.4", "registry"],
      ["a", "1.5.0", "registry"],
      ["c", "3.0.0", "registry"],
    ]);
    expect(packages.every(({ integrity }) => (integrity ?? "").length > 80)).toBe(true);
    expect(dangling).toEqual([]);
  });

  it("tells what the project's dependencies were locked to, and the lines of packages", () => {
    const text = write(SMALL);
    const lock = read(file, text);
    expect(lock.lookUp("", "a", "^1.2.0")?.version).toBe("1.5.0");
    expect(lock.lookUp("", "@scope/b", "~2.1.0")?.version).toBe("2.1.4");
    expect(lock.lookUp("", "nowhere", "^1.0.0")).toBeUndefined();
    const lines = text.split("\n");
    for (const { name, line } of lock.packages) expect(lines[line - 1]).toContain(name);
  });

  it("reads the same with the line ends of Windows and with a byte order mark", () => {
    const text = write(SMALL);
    const plain = read(file, text).packages;
    expect(read(file, `\uFEFF${text.replaceAll("\n", "\r\n")}`).packages).toEqual(plain);
  });

  it("is red wherever it is cut short so that something is missing", () => {
    const text = write(SMALL);
    const settings = DEPENDENCIES.parse({});
    const [before, { manifests }] = [{ manifests: [], locks: [] }, filesOf(SMALL)];
    const unnoticed = Array.from({ length: text.trimEnd().length }, (_, end) => end).filter((end) => {
      const after = { manifests, locks: [{ file, text: text.slice(0, end) }] };
      const { findings } = judgeDependencies({ before, after, settings, today: "2026-01-01", audit: null });
      return !findings.some(({ severity }) => severity === "error");
    });
    // What is cut off there is nothing that is judged: a line feed, or what the last package runs on.
    const named = (cut: string): unknown =>
      readLock(file, cut).lock?.packages.map(({ name, version }) => [name, version]);
    for (const end of unnoticed) expect([end, named(text.slice(0, end))]).toEqual([end, named(text)]);
    expect(unnoticed.every((end) => text.length - end < 130)).toBe(true);
  });

  it("is red with the marks of a merge conflict, and names the line", () => {
    const lines = write(SMALL).split("\n");
    lines.splice(5, 0, "<<<<<<< HEAD", lines[4] as string, "=======", lines[4] as string, ">>>>>>> other");
    expect(messages(file, lines.join("\n"))).toEqual(["6: the file still has the marks of a merge conflict"]);
  });

  it.each([
    "",
    "\n",
    "\uFEFF",
    "null",
    "[]",
    "true",
    "{}",
    "a",
    "---\n",
    "\0\0\0",
    "{".repeat(50_000),
    "[".repeat(50_000),
  ])("is red when it holds nothing of the kind (%#)", (text) => {
    const { lock, troubles } = readLock(file, text);
    expect(lock).toBeUndefined();
    expect(troubles.length).toBeGreaterThan(0);
  });
});

describe("a lock file of npm", () => {
  const lockOf = (packages: object, more: object = {}): string =>
    JSON.stringify({ lockfileVersion: 3, packages: { "": { name: "made" }, ...packages }, ...more }, null, 1);

  it("finds the nearest of several versions, as Node does", () => {
    const lock = read(
      "package-lock.json",
      lockOf({
        "packages/x": { name: "x", version: "1.0.0", dependencies: { b: "^1.0.0" } },
        "node_modules/a": { version: "1.0.0", dependencies: { b: "^2.0.0" } },
        "node_modules/a/node_modules/b": { version: "2.0.0" },
        "node_modules/b": { version: "3.0.0" },
        "packages/x/node_modules/b": { version: "1.0.0" },
        "node_modules/x": { resolved: "packages/x", link: true },
      }),
    );
    expect(lock.lookUp("packages/x", "b", "")?.version).toBe("1.0.0");
    expect(lock.lookUp("packages/x", "a", "")?.version).toBe("1.0.0");
    expect(lock.lookUp("", "b", "")?.version).toBe("3.0.0");
    expect(lock.lookUp("", "x", "")).toEqual({ locked: undefined, version: "1.0.0" });
    expect(lock.dangling).toEqual([]);
  });

  it("tells aliases, scripts, groups, licences, bundled packages, git and folders", () => {
    const { packages } = read(
      "package-lock.json",
      lockOf({
        "node_modules/alias": { name: "real", version: "1.0.0", license: { type: "ISC" } },
        "node_modules/scripted": {
          version: "1.0.0",
          hasInstallScript: true,
          devOptional: true,
          bundleDependencies: true,
        },
        "node_modules/scripted/node_modules/old": {
          version: "1.0.0",
          license: [{ type: "MIT" }, "BSD"],
          inBundle: true,
        },
        "node_modules/git": { version: "1.0.0", resolved: "git+ssh://git@github.com/o/r.git#abc" },
        "node_modules/folder": { version: "1.0.0", resolved: "file:vendor/x.tgz" },
        "node_modules/peer": { dev: true, optional: true, peer: true },
      }),
    );
    expect(packages).toMatchObject([
      { name: "real", licence: "ISC", installScript: false },
      { name: "scripted", installScript: true, dev: true, optional: true },
      { licence: "MIT OR BSD", withoutChecksum: "bundled" },
      { origin: "git" },
      { origin: "local" },
      { name: "peer", version: null },
    ]);
  });

  it.each([
    ["of version 1", '{"lockfileVersion": 1, "dependencies": {}}', "1: a lock file of version 1"],
    ["older than versions", '{"dependencies": {}}', "1: a lock file of version 1"],
    ["of a version to come", '{"lockfileVersion": 4, "packages": {}}', "1: a lock file of version 4"],
    ["without packages", '{"lockfileVersion": 3}', "1: the file has no 'packages'"],
    [
      "without the project itself",
      '{"lockfileVersion": 3, "packages": {}}',
      "1: the lock file has no entry for",
    ],
    [
      "with packages that are a list",
      '{"lockfileVersion": 3, "packages": []}',
      "1: the file has no 'packages'",
    ],
    [
      "with an entry that is no object",
      lockOf({ "node_modules/a": 1 }),
      "7: the entry 'node_modules/a' is no",
    ],
    ["with an entry without version", lockOf({ "node_modules/a": {} }), "7: 'node_modules/a' has no version"],
    [
      "with a path for a name",
      lockOf({ "node_modules/../../a": {} }),
      "7: 'node_modules/../../a' is no path",
    ],
    ["that ends too soon", '{\n"lockfileVersion": 3,\n"packages"', "3: the file is cut short"],
    ["with a comma too many", '{\n"lockfileVersion": 3,\n}', "3: no valid JSON"],
    [
      "with a package twice",
      '{"lockfileVersion": 3, "packages": {"": {},\n"node_modules/a": {"version": "1.0.0"},\n' +
        '"node_modules/a": {"version": "2.0.0"}}}',
      "3: the same key is there twice: 'node_modules/a' (lines 2 and 3)",
    ],
    [
      "with a key twice that is written in two ways",
      '{"lockfileVersion": 3, "packages": {"": {"a": 1, "\\u0061": 2}}}',
      "1: the same key is there twice: 'a' (lines 1 and 1)",
    ],
  ])("is refused when it is one %s", (_what, text, message) => {
    expect(messages("package-lock.json", text)[0]).toContain(message);
  });

  it("takes __proto__ and constructor for names like any other", () => {
    const text =
      '{"lockfileVersion": 3, "packages": {"": {"__proto__": {"x": 1},' +
      '"dependencies": {"__proto__": "^1.0.0"}},' +
      '"node_modules/__proto__": {"version": "1.0.0", "__proto__": {"version": "9.9.9"}},' +
      '"node_modules/constructor": {"version": "1.0.0"}}}';
    const lock = read("package-lock.json", text);
    expect(lock.packages.map(({ name, version }) => [name, version])).toEqual([
      ["__proto__", "1.0.0"],
      ["constructor", "1.0.0"],
    ]);
    expect(lock.projects?.get("")?.ranges).toMatchObject([{ name: "__proto__", range: "^1.0.0" }]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("tells a dependency that no entry stands for", () => {
    const { dangling } = read(
      "package-lock.json",
      lockOf({
        "node_modules/a": {
          version: "1.0.0",
          dependencies: { gone: "1", there: "1", maybe: "1" },
          optionalDependencies: { maybe: "1" },
        },
        "node_modules/there": { version: "1.0.0" },
      }),
    );
    expect(dangling.map(({ name, by }) => [name, by])).toEqual([["gone", "node_modules/a"]]);
  });
});

describe("a lock file of pnpm", () => {
  it("tells projects, peers, aliases, catalogs, overrides, git and folders", () => {
    const lock = read(
      "pnpm-lock.yaml",
      `lockfileVersion: '9.0'
catalogs:
  default:
    c:
      specifier: ^1.0.0
      version: 1.0.0
overrides:
  a@1: 2.0.0
importers:
  .: {}
  packages/x:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(p@1.0.0(q@1.0.0(r@1.0.0)))(s@1.0.0)
      c:
        specifier: 'catalog:'
        version: 1.0.0
      g:
        specifier: github:o/g
        version: https://codeload.github.com/o/g/tar.gz/0123456789012345678901234567890123456789
    devDependencies:
      alias:
        specifier: npm:real@^3.0.0
        version: real@3.0.0
      own:
        specifier: workspace:*
        version: link:../own
packages:
  a@1.0.0:
    resolution: {integrity: sha512-x}
  c@1.0.0:
    resolution: {integrity: sha512-x, tarball: https://elsewhere.example/c.tgz}
  g@https://codeload.github.com/o/g/tar.gz/0123456789012345678901234567890123456789:
    resolution: {tarball: https://codeload.github.com/o/g/tar.gz/0123456789012345678901234567890123456789}
    version: 4.0.0
  real@3.0.0:
    resolution: {integrity: sha512-x}
  vendor@file:vendor:
    resolution: {directory: vendor, type: directory}
snapshots:
  a@1.0.0(p@1.0.0(q@1.0.0(r@1.0.0)))(s@1.0.0):
    optional: true
  c@1.0.0: {}
  g@https://codeload.github.com/o/g/tar.gz/0123456789012345678901234567890123456789: {}
  real@3.0.0: {}
  vendor@file:vendor: {}
`,
    );
    expect(lock.packages).toMatchObject([
      { name: "a", version: "1.0.0", resolved: null, optional: true, installScript: null },
      { name: "c", resolved: "https://elsewhere.example/c.tgz", optional: false },
      { name: "g", version: "4.0.0", origin: "git" },
      { name: "real", version: "3.0.0" },
      { name: "vendor", origin: "local" },
    ]);
    expect(lock.lookUp("packages/x", "a", "")?.version).toBe("1.0.0");
    expect(lock.lookUp("packages/x", "g", "")?.version).toBe("4.0.0");
    expect(lock.lookUp("packages/x", "alias", "")?.locked?.name).toBe("real");
    expect(lock.lookUp("packages/x", "own", "")).toEqual({ locked: undefined, version: null });
    expect(lock.lookUp("", "a", "")).toBeUndefined();
    expect(lock.catalogs.get("default")?.get("c")).toBe("^1.0.0");
    expect([...lock.overrides.keys()]).toEqual(["a@1"]);
    expect([...(lock.projects?.keys() ?? [])]).toEqual(["", "packages/x"]);
  });

  it("reads pnpm's own packages in a first document with the project's in the second", () => {
    const first = pnpmLock({ asked: {}, packages: [{ name: "pnpm", version: "12.0.0" }] }).replace(
      "dependencies:",
      "packageManagerDependencies:\n      pnpm:\n        specifier: 12.0.0\n        version: 12.0.0",
    );
    const lock = read("pnpm-lock.yaml", `---\n${first}\n---\n${pnpmLock(SMALL)}`);
    expect(lock.packages.map(({ name }) => name)).toEqual(["pnpm", "@scope/b", "a", "c"]);
    expect(lock.projects?.get("")?.ranges.map(({ name }) => name)).toEqual(["@scope/b", "a"]);
  });

  it("tells scripts where the version of the file does", () => {
    const tree = { asked: { a: "1.0.0" }, packages: [{ name: "a", version: "1.0.0", script: true }] };
    expect(read("pnpm-lock.yaml", pnpmLock(tree, "6.0")).packages).toMatchObject([{ installScript: true }]);
    expect(read("pnpm-lock.yaml", pnpmLock(tree, "9.0")).packages).toMatchObject([{ installScript: null }]);
  });

  it.each([
    ["of version 5.4", "lockfileVersion: 5.4\npackages:\n  /a/1.0.0: {}\n", "1: a lock file of version 5.4"],
    ["of a version to come", "lockfileVersion: '10.0'\n", "1: a lock file of version 10.0"],
    [
      "with a package twice",
      pnpmLock(SMALL).replace("  c@3.0.0:", "  a@1.5.0: {}\n  c@3.0.0:"),
      "28: the same key",
    ],
    [
      "with a reference",
      "lockfileVersion: '9.0'\npackages: &x\n  a@1.0.0: {}\nsnapshots: *x\n",
      "4: a reference '*x'",
    ],
    ["with half an entry", pnpmLock(SMALL).replace("  c@3.0.0: {}\n", ""), "28: 'c@3.0.0' is in 'packages'"],
    ["with broken YAML", "lockfileVersion: '9.0'\npackages:\n  a: 'b\n", "no valid YAML"],
  ])("is refused when it is one %s", (_what, text, message) => {
    expect(messages("pnpm-lock.yaml", text)[0]).toContain(message);
  });
});

describe("a lock file of yarn 1", () => {
  it("tells several ranges of one entry, aliases, git, folders and old checksums", () => {
    const lock = read(
      "yarn.lock",
      `# yarn lockfile v1


a@^1.0.0, "a@>= 1.0.0 < 2", a@~1.2.0:
  version "1.2.3"
  resolved "https://registry.yarnpkg.com/a/-/a-1.2.3.tgz#0123456789012345678901234567890123456789"

"alias@npm:@real/name@^2.0.0":
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/@real/name/-/name-2.0.0.tgz"
  integrity sha512-x

"git@git+https://github.com/o/git.git":
  version "1.0.0"
  resolved "git+https://github.com/o/git.git#0123456789012345678901234567890123456789"

"own@file:./own":
  version "0.0.0"
  optionalDependencies:
    missing "^1.0.0"
`,
    );
    expect(lock.packages).toMatchObject([
      { name: "a", integrity: "sha1:0123456789012345678901234567890123456789" },
      { name: "@real/name", version: "2.0.0" },
      { origin: "git", integrity: null },
      { origin: "local" },
    ]);
    expect(lock.lookUp("", "a", ">= 1.0.0 < 2")?.version).toBe("1.2.3");
    expect(lock.lookUp("", "alias", "npm:@real/name@^2.0.0")?.locked?.name).toBe("@real/name");
    expect(lock.dangling).toEqual([]);
    expect(lock.projects).toBeNull();
  });

  it("may be one of a project without dependencies", () => {
    expect(read("yarn.lock", classicLock({ asked: {}, packages: [] })).packages).toEqual([]);
  });

  it.each([
    [
      "an entry without version",
      "# yarn lockfile v1\na@1:\n  integrity sha512-x\n",
      "2: 'a@1' has no version",
    ],
    [
      "the same range twice",
      '# yarn lockfile v1\na@1:\n  version "1"\na@1:\n  version "2"\n',
      "4: 'a@1' is there twice",
    ],
    ["a tab", '# yarn lockfile v1\na@1:\n\tversion "1"\n', "3: 'version \"1\"' is nothing that yarn writes"],
    ["something else at the start of a line", "# yarn lockfile v1\nhello\n", "2: 'hello' is nothing"],
    ["a quote that does not end", '# yarn lockfile v1\na@1:\n  version "1\n', "3: 'version \"1' is nothing"],
  ])("is refused with %s", (_what, text, message) => {
    expect(messages("yarn.lock", text).join("\n")).toContain(message);
  });
});

describe("a lock file of yarn 2 and newer", () => {
  const HEAD = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n";
  const rest = "  languageName: node\n  linkType: hard\n";

  it("tells workspaces, aliases, patches, archives elsewhere, git, long keys and other platforms", () => {
    const long = Array.from({ length: 80 }, (_, each) => `long@npm:^1.0.${each}-rc`).join(", ");
    expect(long.length).toBeGreaterThan(1024);
    const commit = "0123456789012345678901234567890123456789";
    const entry = (key: string, version: string, resolution: string, more = ""): string =>
      `"${key}":\n  version: ${version}\n  resolution: "${resolution}"\n${more}${rest}\n`;
    const workspace = (key: string, resolution: string, more = ""): string =>
      entry(key, "0.0.0-use.local", resolution, more).replace("hard", "soft");
    const needs =
      '  dependencies:\n    a: "npm:^1.0.0"\n    x: "workspace:*"\n  peerDependencies:\n    p: "*"\n';
    const lock = read(
      "yarn.lock",
      [
        HEAD,
        entry("alias@npm:real@^1.0.0", "1.0.0", "real@npm:1.0.0"),
        entry("a@npm:^1.0.0", "1.1.0", "a@npm:1.1.0::__archiveUrl=https%3A%2F%2Felsewhere.example%2Fa.tgz"),
        entry("t@patch:t@npm%3A^5.0.0#x", "5.0.0", "t@patch:t@npm%3A5.0.0#x::version=5.0.0&hash=1"),
        entry("g@https://github.com/o/g.git", "1.0.0", `g@https://github.com/o/g.git#commit=${commit}`),
        entry("@os/x@npm:1.0.0", "1.0.0", "@os/x@npm:1.0.0", "  conditions: os=darwin & cpu=x64\n"),
        `? "${long}"\n: version: 1.0.9\n  resolution: "long@npm:1.0.9"\n${rest}\n`,
        workspace("x@workspace:*, x@workspace:packages/x", "x@workspace:packages/x"),
        workspace("made@workspace:.", "made@workspace:.", needs),
      ].join(""),
    );
    expect(lock.packages).toMatchObject([
      { name: "real", resolved: null },
      { name: "a", resolved: "https://elsewhere.example/a.tgz" },
      { name: "t", version: "5.0.0", resolved: null, origin: "registry" },
      { name: "g", origin: "git" },
      { name: "@os/x", withoutChecksum: "platform" },
      { name: "long", version: "1.0.9" },
    ]);
    expect(lock.lookUp("", "x", "workspace:*")).toEqual({ locked: undefined, version: null });
    expect(lock.lookUp("", "a", "^1.0.0")?.version).toBe("1.1.0");
    expect(lock.lookUp("", "long", "^1.0.70-rc")?.version).toBe("1.0.9");
    expect([...(lock.projects?.keys() ?? [])]).toEqual(["packages/x", ""]);
  });

  it.each([
    [
      "no project of its own",
      `${HEAD}"a@npm:1":\n  version: 1\n  resolution: "a@npm:1"\n${rest}`,
      "1: the lock file has",
    ],
    [
      "an entry without resolution",
      `${HEAD}"a@npm:1":\n  version: 1\n${rest}`,
      "5: 'a@npm:1' has no version, resol",
    ],
    [
      "the same range twice",
      `${HEAD}"a@npm:1, a@npm:1":\n  version: 1\n  resolution: "a@npm:1"\n${rest}`,
      "is there twice",
    ],
    ["an entry that holds nothing", `${HEAD}"a@npm:1":\n`, "5: the entry 'a@npm:1' holds nothing"],
    ["no version", "__metadata:\n  cacheKey: 1\n", "1: the file does not say its version"],
  ])("is refused with %s", (_what, text, message) => {
    expect(messages("yarn.lock", text).join("\n")).toContain(message);
  });
});

it.each(["bun.lock", "bun.lockb", "web/deno.lock", "other.lock", "constructor"])(
  "%s is refused by name",
  (file) => {
    const { lock, troubles } = readLock(file, npmLock(SMALL));
    expect(lock).toBeUndefined();
    expect(troubles).toHaveLength(1);
  },
);
