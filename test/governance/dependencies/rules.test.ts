import { describe, expect, it } from "@jest/globals";
import { judgeDependencies, type DependencyFiles } from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import {
  berryLock,
  classicLock,
  filesOf,
  integrityOf,
  npmLock,
  pnpmLock,
  SMALL,
  type Tree,
} from "./locks.ts";

function found(rule: string, after: DependencyFiles, settings: unknown = {}, before = after): string[] {
  const { findings } = judgeDependencies({
    before,
    after,
    settings: DEPENDENCIES.parse(settings),
    today: "2026-06-15",
    audit: null,
  });
  return findings
    .filter((each) => each.rule === rule)
    .map(({ severity, line, message }) => `${severity} ${line} ${message}`);
}

/** A lock file of npm with these entries; keys are names. */
function npm(entries: Readonly<Record<string, object>>): DependencyFiles {
  const packages = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [
      `node_modules/${name}`,
      { version: "1.0.0", integrity: integrityOf({ name, version: "1.0.0" }), ...entry },
    ]),
  );
  const lock = { lockfileVersion: 3, packages: { "": { name: "made" }, ...packages } };
  return { manifests: [], locks: [{ file: "package-lock.json", text: JSON.stringify(lock) }] };
}

describe("dependency-range", () => {
  function judged(group: string, name: string, range: string, ranges: unknown): string[] {
    const text = JSON.stringify({ [group]: { [name]: range } }, null, 2);
    return found("dependency-range", { manifests: [{ file: "package.json", text }], locks: [] }, { ranges });
  }

  it.each<[string, string, string, unknown]>([
    ["dependencies", "a", "^1.0.0", {}],
    ["dependencies", "a", "~1.0.0", {}],
    ["dependencies", "a", "1.0.0", {}],
    ["dependencies", "a", "1.x", {}],
    ["dependencies", "a", "npm:b@^1.0.0", {}],
    ["dependencies", "a", "workspace:*", {}],
    ["dependencies", "a", "catalog:", {}],
    ["dependencies", "a", ">=1", { runtime: "any" }],
    ["dependencies", "a", "latest", { allow: ["tag"] }],
    ["dependencies", "a", "github:o/r", { allow: ["git"] }],
    ["devDependencies", "a", "1.0.0", { dev: "exact" }],
    ["peerDependencies", "a", ">=16 || ^17", {}],
    ["peerDependencies", "a", "*", {}],
    ["peerDependencies", "@supabase/x", ">=1", { names: [{ name: "@supabase/*", range: "tilde" }] }],
    ["dependencies", "@supabase/x", "~2.1.0", { names: [{ name: "@supabase/*", range: "tilde" }] }],
    ["dependencies", "free", ">=1", { names: [{ name: "free", range: "any" }], runtime: "exact" }],
  ])("lets %s have %s %s with the policy %j", (group, name, range, ranges) => {
    expect(judged(group, name, range, ranges)).toEqual([]);
  });

  it.each<[string, string, string, unknown, string]>([
    ["dependencies", "a", ">=1", {}, "'a' is `>=1`, which reaches further than a caret; a caret is allowed"],
    ["dependencies", "a", "^1.0.0", { runtime: "tilde" }, "as far as a caret; a tilde is allowed"],
    ["devDependencies", "a", "~1.0.0", { dev: "exact" }, "as far as a tilde; one exact version is allowed"],
    ["optionalDependencies", "a", "^1 || ^2", {}, "reaches further than a caret"],
    ["peerDependencies", "a", "^1.0.0", { peer: "exact" }, "one exact version is allowed"],
    ["peerDependencies", "a", "*", { peer: "caret" }, "any version at all"],
    ["dependencies", "a", "*", { runtime: "any" }, "'a' is `*`: any version at all"],
    ["dependencies", "a", "", {}, "'a' is ``: any version at all"],
    ["dependencies", "a", "latest", {}, "'a' is `latest`: a tag"],
    ["dependencies", "a", "o/r", {}, "'a' is `o/r`: a git repository"],
    ["dependencies", "a", "https://x.example/a.tgz", {}, "an archive at an address"],
    ["dependencies", "a", "http://x.example/a.tgz", {}, "an archive at an address"],
    ["dependencies", "a", "file:../a", {}, "'a' is `file:../a`: a file or folder"],
    ["dependencies", "a", "catalog:", { allow: [] }, "a range that is written elsewhere"],
    ["dependencies", "a", "jsr:1", {}, "'a' is `jsr:1`, which nobody can judge"],
    ["dependencies", "a", "npm:b@*", {}, "'a' is `npm:b@*`: any version at all"],
    [
      "dependencies",
      "alias",
      "npm:@supabase/x@^1.0.0",
      { names: [{ name: "@supabase/*", range: "tilde" }] },
      "a tilde is allowed",
    ],
  ])("refuses in %s %s %j with the policy %j", (group, name, range, ranges, message) => {
    const [first, ...more] = judged(group, name, range, ranges);
    expect(more).toEqual([]);
    expect(first).toMatch(/^error 3 /);
    expect(first).toContain(message);
  });

  it("writes the locked version in the form that is allowed", () => {
    const settings = DEPENDENCIES.parse({ ranges: { runtime: "exact" } });
    const after = filesOf(SMALL);
    const { findings } = judgeDependencies({
      before: after,
      after,
      settings,
      today: "2026-06-15",
      audit: null,
    });
    expect(findings.map(({ fix }) => fix)).toEqual(["Write `2.1.4`.", "Write `1.5.0`."]);
  });

  it("judges what a catalog says where the lock file tells it", () => {
    const text = pnpmLock({
      asked: { a: "'catalog:'" },
      packages: [{ name: "a", version: "1.0.0" }],
    }).replace(
      "settings:",
      "catalogs:\n  default:\n    a:\n      specifier: '>=1'\n      version: 1.0.0\nsettings:",
    );
    const manifests = [{ file: "package.json", text: '{"dependencies": {"a": "catalog:"}}' }];
    const after = { manifests, locks: [{ file: "pnpm-lock.yaml", text }] };
    expect(found("dependency-range", after)).toEqual([
      "error 1 'a' is `catalog:` (`>=1` in the catalog), " +
        "which reaches further than a caret; a caret is allowed",
    ]);
    expect(found("lockfile-out-of-step", after)).toEqual([]);
  });
});

describe("registry-host", () => {
  it.each<[string, string]>([
    ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", ""],
    ["https://registry.yarnpkg.com/a/-/a-1.0.0.tgz", ""],
    ["https://elsewhere.example/a/-/a-1.0.0.tgz", "comes from 'elsewhere.example', which is not on the list"],
    ["http://registry.npmjs.org/a/-/a-1.0.0.tgz", "comes by http://, which others can change on the way"],
    ["https://registry.npmjs.org:444/a/-/a-1.0.0.tgz", "not on the list and looks like 'registry.npmjs.org'"],
    ["https://registry.npmjs.org.evil.example/a/-/a-1.0.0.tgz", "and looks like 'registry.npmjs.org'"],
    ["https://registry.npmjs.org@evil.example/a/-/a-1.0.0.tgz", "by an address with a user before the host"],
    ["https://registry.npnjs.org/a/-/a-1.0.0.tgz", "and looks like 'registry.npmjs.org'"],
    ["https://r\u0435gistry.npmjs.org/a/-/a-1.0.0.tgz", "and has letters of another script"],
    [
      "git+ssh://git@github.com/o/a.git#0123456789012345678901234567890123456789",
      "(git) comes from 'github.com'",
    ],
    ["not an address", "has the address 'not an address', which nobody can judge"],
  ])("says of %s: %s", (resolved, message) => {
    const [first = ""] = found("registry-host", npm({ a: { resolved } }));
    expect(first).toContain(message);
    expect(first === "").toBe(message === "");
  });

  it("says nothing where the lock file leaves the address out, and takes hosts from the settings", () => {
    expect(found("registry-host", npm({ a: {} }))).toEqual([]);
    const elsewhere = npm({ a: { resolved: "https://npm.example.org:8443/a/-/a-1.0.0.tgz" } });
    expect(found("registry-host", elsewhere, { hosts: ["npm.example.org:8443"] })).toEqual([]);
    expect(
      found("registry-host", npm({ a: { resolved: "https://registry.npmjs.org/a" } }), { hosts: [] }),
    ).toHaveLength(1);
  });
});

describe("an archive of the pull request in place of a package of the registry", () => {
  const asking = (range: string, more: object = {}): DependencyFiles["manifests"] => [
    { file: "package.json", text: JSON.stringify({ name: "made", dependencies: { a: range }, ...more }) },
  ];
  const swapped = npm({ a: { resolved: "file:docs/logo.tgz" } });

  it("is refused, whatever the lock file says of it", () => {
    for (const manifests of [asking("^1.0.0"), []]) {
      expect(found("registry-host", { ...swapped, manifests })).toEqual([
        expect.stringContaining("comes from 'file:docs/logo.tgz', and no package.json asks for a file"),
      ]);
    }
    const yarn = 'a@^1.0.0:\n  version "1.0.0"\n  resolved "file:docs/logo.tgz"\n';
    const locks = [{ file: "yarn.lock", text: `# yarn lockfile v1\n\n\n${yarn}` }];
    expect(found("registry-host", { manifests: asking("^1.0.0"), locks })).toHaveLength(1);
  });

  it("is well where a package.json asks for it, or an override does", () => {
    for (const manifests of [
      asking("file:docs/logo.tgz"),
      asking("^1.0.0", { overrides: { a: "file:x.tgz" } }),
    ]) {
      expect(found("registry-host", { ...swapped, manifests })).toEqual([]);
    }
  });

  it("has no checksum because it is bundled only below a package that bundles", () => {
    const inner = { resolved: "https://registry.npmjs.org/b", integrity: undefined, inBundle: true };
    expect(found("integrity-missing", npm({ b: inner }))).toHaveLength(1);
    expect(found("integrity-missing", npm({ a: {}, "a/node_modules/b": inner }))).toHaveLength(1);
    const bundler = { bundleDependencies: ["b"] };
    expect(found("integrity-missing", npm({ a: bundler, "a/node_modules/b": inner }))).toEqual([]);
  });
});

describe("yarn 1", () => {
  const lock = (text: string): DependencyFiles["locks"] => [
    { file: "yarn.lock", text: `# yarn lockfile v1\n\n\n${text}` },
  ];
  const SHA = `integrity sha512-${"A".repeat(86)}==`;

  it("writes no entry for what a package of the repository satisfies", () => {
    const locks = lock(
      `a@^1.0.0:\n  version "1.0.0"\n  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz"\n  ${SHA}\n` +
        '  dependencies:\n    mine "^5.0.0"\n',
    );
    const root = { name: "made", workspaces: ["packages/*"], dependencies: { a: "^1.0.0" } };
    const manifests = [{ file: "package.json", text: JSON.stringify(root) }];
    const mine = { file: "packages/mine/package.json", text: '{"name": "mine", "version": "5.1.0"}' };
    expect(found("lockfile-out-of-step", { manifests, locks })).toHaveLength(1);
    expect(found("lockfile-out-of-step", { manifests: [...manifests, mine], locks })).toEqual([]);
  });

  it("has folders without a checksum", () => {
    const locks = lock('"b@1.3.55", "b@link:./tools/dummy":\n  version "0.0.0"\n  uid ""\n');
    expect(found("integrity-missing", { manifests: [], locks })).toEqual([]);
    const mark = lock('"b@1.3.55":\n  version "0.0.0"\n  uid ""\n');
    expect(found("integrity-missing", { manifests: [], locks: mark })).toEqual([]);
  });
});

describe("resolved-mismatch", () => {
  const at = (path: string): string => `https://registry.npmjs.org/${path}`;

  it.each<[string, string, object, boolean]>([
    ["its own address", "a", { resolved: at("a/-/a-1.0.0.tgz") }, true],
    ["its own address with a scope", "@s/a", { resolved: at("@s/a/-/a-1.0.0.tgz") }, true],
    ["its own address, encoded", "@s/a", { resolved: at("@s%2fa/-/a-1.0.0.tgz") }, true],
    ["an address of Artifactory", "@s/a", { resolved: at("api/npm/x/@s/a/-/@s/a-1.0.0.tgz") }, true],
    ["an address of GitHub", "@s/a", { resolved: at("download/@s/a/1.0.0/0abc") }, true],
    ["a version with a plus", "a", { version: "1.0.0+b", resolved: at("a/-/a-1.0.0.tgz") }, true],
    ["an alias", "a", { name: "b", resolved: at("b/-/b-1.0.0.tgz") }, true],
    ["another name", "a", { resolved: at("b/-/b-1.0.0.tgz") }, false],
    ["another scope", "@s/a", { resolved: at("@t/a/-/a-1.0.0.tgz") }, false],
    ["another version", "a", { resolved: at("a/-/a-1.0.1.tgz") }, false],
    ["a name that only ends so", "a", { resolved: at("ba/-/ba-1.0.0.tgz") }, false],
  ])("judges %s", (_what, name, entry, well) => {
    expect(found("resolved-mismatch", npm({ [name]: entry })).length === 0).toBe(well);
  });
});

describe("install-script", () => {
  const scripted = (version: string): DependencyFiles => npm({ a: { version, hasInstallScript: true } });

  it.each<[string, DependencyFiles, unknown, string[]]>([
    ["the same version", scripted("1.0.0"), {}, []],
    ["a new package", npm({}), {}, ["error 1 'a@1.0.0' is new and runs a script when it is installed"]],
    [
      "a new version",
      scripted("0.9.0"),
      {},
      ["error 1 'a@1.0.0' is here in a version that is new and runs a script when it is installed"],
    ],
    [
      "a script in a version that had none",
      npm({ a: {} }),
      {},
      ["error 1 'a@1.0.0' is here in a version that is new and runs a script when it is installed"],
    ],
    ["a name that is allowed", npm({}), { allow: ["a"] }, []],
    ["a version that is allowed", npm({}), { allow: ["a@1.0.0"] }, []],
    [
      "another version that is allowed",
      npm({}),
      { allow: ["a@1.0.1"] },
      ["error 1 'a@1.0.0' is new and runs a script when it is installed"],
    ],
  ])("says of %s what it is", (_what, before, allowed, messages) => {
    const settings = { "install-scripts": allowed };
    expect(found("install-script", scripted("1.0.0"), settings, before)).toEqual(messages);
  });

  it("reads pnpm's older files, and tells where a lock file does not say", () => {
    const tree: Tree = { asked: { a: "1.0.0" }, packages: [{ name: "a", version: "1.0.0", script: true }] };
    const none = { manifests: [], locks: [] };
    const six = filesOf(tree, "pnpm-lock.yaml", (each) => pnpmLock(each, "6.0"));
    expect(found("install-script", six, {}, none)).toHaveLength(1);
    expect(found("install-script-untold", six, {}, none)).toEqual([]);
    for (const write of [pnpmLock, classicLock, berryLock]) {
      const after = filesOf(tree, write === pnpmLock ? "pnpm-lock.yaml" : "yarn.lock", (each) => write(each));
      expect(found("install-script", after, {}, none)).toEqual([]);
      expect(found("install-script-untold", after, {}, none)).toEqual([
        expect.stringMatching(
          /^warning \d+ 1 new package may run scripts, which this file does not tell: a@1\.0\.0$/,
        ),
      ]);
      expect(found("install-script-untold", after, { "install-scripts": { allow: ["a"] } }, none)).toEqual(
        [],
      );
      expect(found("install-script-untold", after)).toEqual([]);
    }
  });
});

describe("checksums", () => {
  it.each<[string, object, string[]]>([
    ["a whole one", {}, []],
    ["none", { integrity: undefined }, ["error 1 'a@1.0.0' has no checksum"]],
    ["half a one", { integrity: "sha512-abc=" }, ["error 1 'a@1.0.0' has a checksum that is no whole hash"]],
    ["none of a folder", { integrity: undefined, resolved: "file:a" }, []],
    ["none of a peer that nobody installed", { integrity: undefined, version: undefined, peer: true }, []],
    [
      "a commit",
      {
        integrity: undefined,
        resolved: "git+ssh://git@github.com/o/a.git#0123456789012345678901234567890123456789",
      },
      [],
    ],
    [
      "a branch",
      { integrity: undefined, resolved: "git+ssh://git@github.com/o/a.git#main" },
      ["error 1 'a@git+ssh://git@github.com/o/a.git#main' is a git repository and not pinned to a commit"],
    ],
  ])("integrity-missing judges %s", (_what, entry, messages) => {
    expect(found("integrity-missing", npm({ a: entry }))).toEqual(messages);
  });

  it("integrity-missing knows what yarn fetches on other platforms only", () => {
    const text = berryLock(SMALL).replace(/ {2}checksum: \S+\n/, "  conditions: os=darwin\n");
    const with_ = (replaced: string): DependencyFiles => ({
      manifests: [],
      locks: [{ file: "yarn.lock", text: replaced }],
    });
    expect(found("integrity-missing", with_(text))).toEqual([]);
    expect(found("integrity-missing", with_(text.replace("  conditions: os=darwin\n", "")))).toHaveLength(1);
  });

  it("integrity-weak warns of SHA-1 alone", () => {
    const sha1 = `sha1-${Buffer.alloc(20).toString("base64")}`;
    expect(found("integrity-weak", npm({ a: { integrity: sha1 } }))).toEqual([
      "warning 1 'a@1.0.0' has no better checksum than SHA-1 or MD5",
    ]);
    expect(found("integrity-missing", npm({ a: { integrity: sha1 } }))).toEqual([]);
  });

  it("integrity-changed is told of the same version with other bytes", () => {
    const other = npm({ a: { integrity: integrityOf({ name: "evil", version: "1" }) } });
    expect(found("integrity-changed", other, {}, npm({ a: {} }))).toEqual([
      "error 1 'a@1.0.0' has other bytes than this version had before",
    ]);
    expect(found("integrity-changed", npm({ a: { version: "1.0.1" } }), {}, npm({ a: {} }))).toEqual([]);
  });
});

it("a package that lies at many places of the tree is told once", () => {
  const packages = Object.fromEntries(
    Array.from({ length: 20 }, (_, each) => [
      `x${each}/node_modules/a`,
      { version: "1.0.0", integrity: undefined },
    ]),
  );
  expect(found("integrity-missing", npm(packages))).toEqual(["error 1 'a@1.0.0' has no checksum"]);
  expect(npmLock(SMALL)).toContain("lockfileVersion");
});
