import { describe, expect, it } from "@jest/globals";
import type { AuditAnswer } from "../../../src/governance/dependencies/advisories.ts";
import {
  judgeDependencies,
  type DependencyFiles,
  type DependencyVerdict,
  type RepositoryFile,
} from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";
import { filesOf, FORMS, integrityOf, manifestOf, npmLock, pnpmLock, SMALL, type Tree } from "./locks.ts";

const NOTHING: DependencyFiles = { manifests: [], locks: [] };

interface Asked {
  readonly before?: DependencyFiles;
  readonly after: DependencyFiles;
  readonly settings?: unknown;
  readonly today?: string;
  readonly audit?: AuditAnswer;
}

function judge({ before, after, settings, today, audit }: Asked): DependencyVerdict {
  return judgeDependencies({
    before: before ?? after,
    after,
    settings: DEPENDENCIES.parse(settings ?? {}),
    today: today ?? "2026-06-15",
    audit: audit ?? null,
    placeOf: (index) => ({ file: ".github/holdfast.yml", line: 10 + index }),
  });
}

/** `rule severity file:line message` of each finding. */
const told = (asked: Asked): string[] =>
  judge(asked).findings.map(
    ({ rule, severity, file, line, message }) => `${rule} ${severity} ${file}:${line} ${message}`,
  );

const json = (file: string, value: unknown): RepositoryFile => ({
  file,
  text: JSON.stringify(value, null, 2),
});

/** One package that is asked for, in a lock file of npm with this in its entry. */
function oneOf(entry: object, range = "^1.0.0", key = "dependencies"): DependencyFiles {
  const root = { name: "made", [key]: { a: range } };
  const made = { name: "a", version: "1.2.3" };
  const whole = { version: "1.2.3", integrity: integrityOf(made), ...entry };
  return {
    manifests: [json("package.json", root)],
    locks: [
      json("package-lock.json", { lockfileVersion: 3, packages: { "": root, "node_modules/a": whole } }),
    ],
  };
}

describe("a project that is well", () => {
  it.each(FORMS)("has no findings with a lock file of $form", ({ file, write }) => {
    const verdict = judge({ after: filesOf(SMALL, file, write) });
    expect(verdict.findings).toEqual([]);
    expect(verdict.difference.ranges).toEqual([]);
    expect(verdict.difference.locks).toEqual([{ file, state: "compared", changes: [] }]);
  });

  it("may ask for nothing and have no lock file", () => {
    const after = {
      manifests: [json("package.json", { name: "made", peerDependencies: { a: "*" } })],
      locks: [],
    };
    expect(told({ after })).toEqual([]);
  });
});

describe("lockfile-missing", () => {
  it("is told where packages are asked for", () => {
    const manifests = [{ file: "web/package.json", text: manifestOf(SMALL) }];
    expect(told({ after: { manifests, locks: [] } })).toEqual([
      "lockfile-missing error web/package.json:5 asks for 2 packages that no lock file pins",
    ]);
  });

  const nested = (file: string): RepositoryFile =>
    json(file, { name: "x", devDependencies: { a: "^1.2.0" } });

  it.each(FORMS)(
    "is told below a lock file of $form that does not count the folder in",
    ({ file, write }) => {
      const { manifests, locks } = filesOf(SMALL, file, write);
      const after = { manifests: [...manifests, nested("examples/x/package.json")], locks };
      expect(told({ after })).toEqual([
        "lockfile-missing error examples/x/package.json:4 asks for 1 package that no lock file pins",
      ]);
    },
  );

  it("is not told of workspaces of yarn 1, which package.json names", () => {
    const { locks } = filesOf(SMALL, "yarn.lock", FORMS.find(({ form }) => form === "yarn 1")?.write);
    const root = json("package.json", {
      name: "made",
      workspaces: ["packages/*"],
      dependencies: SMALL.asked,
    });
    const after = { manifests: [root, nested("packages/x/package.json")], locks };
    expect(told({ after })).toEqual([]);
  });

  it("counts the root's lock for a workspace, and tells of one beside it that nobody reads", () => {
    const { locks } = filesOf(SMALL, "yarn.lock", FORMS.find(({ form }) => form === "yarn 1")?.write);
    const stray = { file: "packages/x/yarn.lock", text: "# yarn lockfile v1\n" };
    const judged = (workspaces: readonly string[]): string[] => {
      const root = json("package.json", { name: "made", workspaces, dependencies: SMALL.asked });
      const manifests = [root, nested("packages/x/package.json")];
      return told({ after: { manifests, locks: [...locks, stray] } }).filter((each) =>
        /^lockfile-out/.test(each),
      );
    };
    expect(judged(["packages/*"])).toEqual([
      "lockfile-out-of-step note packages/x/yarn.lock:1 " +
        "is read by nobody: its package.json is a workspace, for which yarn.lock counts",
    ]);
    // One that is none has its own, and that is empty.
    for (const workspaces of [[], ["packages/*", "!packages/x"]]) {
      expect(judged(workspaces)).toEqual([
        expect.stringMatching(/^lockfile-out-of-step error packages\/x\/package.json/),
      ]);
    }
  });

  it("is not told of what the settings ignore", () => {
    const manifests = [{ file: "test/fixtures/x/package.json", text: manifestOf(SMALL) }];
    expect(told({ after: { manifests, locks: [] }, settings: { ignore: ["test/fixtures/**"] } })).toEqual([]);
  });
});

describe("lockfile-out-of-step", () => {
  const steps = (after: DependencyFiles): string[] =>
    told({ after }).flatMap((each) => /^lockfile-out-of-step error (.*)$/.exec(each)?.[1] ?? []);

  it.each(FORMS)(
    "is told of each package that was added, taken out or changed beside $form",
    ({ file, write }) => {
      const { locks } = filesOf(SMALL, file, write);
      const asked = (dependencies: object): string[] =>
        steps({ manifests: [json("package.json", { name: "made", dependencies })], locks });
      const text = locks[0]?.text ?? "";
      const remembers = !text.includes("yarn lockfile v1");
      const unknown = remembers ? "does not know" : "has no version of";
      expect(asked({ ...SMALL.asked, d: "^1.0.0" })).toEqual([
        `package.json:6 ${file} ${unknown} 'd': \`^1.0.0\` was asked for`,
      ]);
      expect(asked({ ...SMALL.asked, a: "^1.3.0" })).toEqual([
        remembers
          ? expect.stringMatching(/^package\.json:5 'a' is `\^1\.3\.0` here and `(?:npm:)?\^1\.2\.0` in /)
          : `package.json:5 ${file} has no version of 'a': \`^1.3.0\` was asked for`,
      ]);
      expect(asked({ a: "^1.2.0" }).map((each) => each.replace(/:\d+ /, " "))).toEqual(
        remembers ? [`${file} ${file} has '@scope/b', which package.json does not ask for`] : [],
      );
    },
  );

  it.each(FORMS)(
    "is told of a locked version that the range does not allow, beside $form",
    ({ file, write }) => {
      const tree: Tree = {
        asked: SMALL.asked,
        packages: SMALL.packages.map((made) => (made.name === "a" ? { ...made, version: "2.0.0" } : made)),
      };
      expect(steps(filesOf(tree, file, write))).toEqual([
        `package.json:6 ${file} has 'a' \`2.0.0\`, which \`^1.2.0\` does not allow`,
      ]);
    },
  );

  it("is told of a group that the lock has otherwise", () => {
    const { locks } = oneOf({});
    const manifests = [json("package.json", { name: "made", devDependencies: { a: "^1.0.0" } })];
    expect(steps({ manifests, locks })).toEqual([
      "package.json:4 'a' is in devDependencies here and dependencies in package-lock.json",
    ]);
  });

  it("is told of another package under the name that was asked for, and not of an alias", () => {
    expect(steps(oneOf({ name: "evil" }))).toEqual([
      "package.json:4 package-lock.json has the package 'evil' in place of 'a'",
    ]);
    expect(steps(oneOf({ name: "real" }, "npm:real@^1.0.0"))).toEqual([]);
  });

  it("is told of a package of the repository in a version that was not asked for", () => {
    const root = { name: "made", dependencies: { x: "^2.0.0" } };
    const packages = {
      "": root,
      "packages/x": { name: "x", version: "1.0.0" },
      "node_modules/x": { resolved: "packages/x", link: true },
    };
    const locks = [json("package-lock.json", { lockfileVersion: 3, packages })];
    expect(steps({ manifests: [json("package.json", root)], locks })).toEqual([
      "package.json:4 the repository's own 'x' is `1.0.0`, and `^2.0.0` was asked for",
    ]);
  });

  it("lets pnpm's overrides and yarn's resolutions put other versions in place", () => {
    const tree = { asked: { a: "3.0.0" }, packages: [{ name: "a", version: "3.0.0" }] };
    const manifests = [
      json("package.json", {
        name: "made",
        dependencies: { a: "^1.0.0" },
        resolutions: { a: "3.0.0" },
        pnpm: { overrides: { a: "3.0.0" } },
      }),
    ];
    const over = (file: string, text: string): string[] => steps({ manifests, locks: [{ file, text }] });
    for (const { file, write } of FORMS) {
      const found = over(file, write(tree));
      if (file.endsWith(".json")) expect(found).toHaveLength(1);
      else expect([file, found]).toEqual([file, []]);
    }
    const listed = pnpmLock(tree).replace("settings:", "overrides:\n  a: 3.0.0\nsettings:");
    const bare = [json("package.json", { name: "made", dependencies: { a: "^1.0.0" } })];
    expect(steps({ manifests: bare, locks: [{ file: "pnpm-lock.yaml", text: listed }] })).toEqual([]);
  });

  it("is told of peers where pnpm installs them, and not of optional ones", () => {
    const listed = { asked: { p: "^1.0.0" }, packages: [{ name: "p", version: "1.5.0" }] };
    const peers = (text: string, peer: string, more: object = {}): string[] =>
      steps({
        manifests: [json("package.json", { peerDependencies: { p: peer }, ...more })],
        locks: [{ file: "pnpm-lock.yaml", text }],
      });
    const optional = { peerDependenciesMeta: { p: { optional: true } } };
    const none = pnpmLock({ asked: {}, packages: [] });
    expect(peers(pnpmLock(listed), "^1.0.0")).toEqual([]);
    expect(peers(pnpmLock(listed), "^1.1.0")).toEqual([
      "package.json:3 'p' is `^1.1.0` here and `^1.0.0` in pnpm-lock.yaml",
    ]);
    expect(peers(none, "^1.0.0")).toEqual([
      "package.json:3 pnpm-lock.yaml does not know 'p': `^1.0.0` was asked for",
    ]);
    expect(peers(none, "^1.0.0", optional)).toEqual([]);
    expect(peers(none.replace("autoInstallPeers: true", "autoInstallPeers: false"), "^1.0.0")).toEqual([]);
  });

  it("knows what yarn binds to a project, and packages that yarn 1 has no entries for", () => {
    const tree: Tree = { asked: { own: "file:./own" }, packages: [] };
    const entry =
      '"own@file:./own::locator=made%40workspace%3A.":\n  version: 1.0.0\n' +
      '  resolution: "own@file:./own#./own::hash=1&locator=made%40workspace%3A."\n' +
      "  languageName: node\n  linkType: hard\n\n";
    const [four, one] = ["yarn 4", "yarn 1"].map((each) => FORMS.find(({ form }) => form === each));
    const text = (four?.write(tree) ?? "")
      .replace('"made@', `${entry}"made@`)
      .replace('"npm:file:', '"file:');
    expect(steps({ manifests: filesOf(tree).manifests, locks: [{ file: "yarn.lock", text }] })).toEqual([]);

    const root = json("package.json", { workspaces: ["packages/*"], dependencies: { x: "^1.0.0" } });
    const member = (file: string): RepositoryFile => json(file, { name: "x", version: "1.0.0" });
    const locks = [{ file: "yarn.lock", text: one?.write({ asked: {}, packages: [] }) ?? "" }];
    expect(steps({ manifests: [root, member("packages/x/package.json")], locks })).toEqual([]);
    expect(steps({ manifests: [root, member("elsewhere/x/package.json")], locks })).toHaveLength(1);
  });

  it("judges both of two lock files in one folder", () => {
    const old = { asked: { a: "^1.2.0" }, packages: [{ name: "a", version: "1.5.0" }] };
    const locks = [...filesOf(SMALL).locks, { file: "pnpm-lock.yaml", text: pnpmLock(old) }];
    expect(steps({ manifests: filesOf(SMALL).manifests, locks })).toEqual([
      "package.json:5 pnpm-lock.yaml does not know '@scope/b': `~2.1.0` was asked for",
    ]);
  });

  it("is told once of a file that lacks what its packages need", () => {
    const packages = SMALL.packages.slice(0, 2);
    expect(steps(filesOf({ ...SMALL, packages }))).toEqual([
      "package-lock.json:21 'node_modules/@scope/b' needs 'c', which the file does not have " +
        "(and so with 1 more)",
    ]);
  });

  it("knows projects in folders, with the lock file in the folder above", () => {
    const member = { name: "x", devDependencies: { a: "^1.0.0" } };
    const root = { name: "made", workspaces: ["packages/*"] };
    const entry = { version: "2.0.0", integrity: integrityOf({ name: "a", version: "1.2.3" }) };
    const packages = { "": root, "packages/x": member, "node_modules/a": entry };
    const manifests = [json("web/package.json", root), json("web/packages/x/package.json", member)];
    const locks = [json("web/package-lock.json", { lockfileVersion: 3, packages })];
    const { findings } = judge({ after: { manifests, locks } });
    expect(findings).toEqual([
      {
        rule: "lockfile-out-of-step",
        severity: "error",
        file: "web/packages/x/package.json",
        line: 4,
        message: "web/package-lock.json has 'a' `2.0.0`, which `^1.0.0` does not allow",
        fix:
          "Run `npm install --package-lock-only` beside web/package-lock.json " +
          "and commit web/package-lock.json.",
      },
    ]);
  });
});

describe("what cannot be read", () => {
  it.each(FORMS)("is an error of its own and hides nothing, with a damaged $form", ({ file, write }) => {
    const after = { ...filesOf(SMALL, file, write), locks: [{ file, text: "{]" }] };
    const findings = told({ before: filesOf(SMALL, file, write), after });
    expect(findings).toHaveLength(2);
    expect(findings[0]).toMatch(/^lockfile-unreadable error /);
    expect(findings[1]).toMatch(/^lockfile-difference note .* what changed cannot be told/);
  });

  it("is an error with a lock file of bun, and not one that is missing", () => {
    const locks = [{ file: "bun.lock", text: "{}" }];
    expect(told({ after: { manifests: filesOf(SMALL).manifests, locks } })).toEqual([
      "lockfile-unreadable error bun.lock:null 'bun.lock' is of a package manager whose lock files are " +
        "not read",
      "lockfile-difference note bun.lock:null what changed cannot be told: one of the two states cannot " +
        "be read",
    ]);
  });

  it("is an error in package.json too", () => {
    const after = { manifests: [{ file: "package.json", text: "{" }], locks: [] };
    expect(told({ after })[0]).toMatch(/^manifest-unreadable error package\.json:1 the file is cut short/);
  });

  it("tells five troubles of a file, and how many more there are", () => {
    const text = `# yarn lockfile v1\n${"hello\n".repeat(1_000)}`;
    const findings = told({ after: { manifests: [], locks: [{ file: "yarn.lock", text }] } });
    expect(findings).toHaveLength(5);
    expect(findings[4]).toContain("and 995 more troubles in this file");
  });

  it("makes every script new where the base branch's lock file is damaged", () => {
    const after = oneOf({ hasInstallScript: true });
    const before = { ...after, locks: [{ file: "package-lock.json", text: "{" }] };
    expect(told({ before, after })[0]).toMatch(/^install-script error /);
  });
});

describe("a difference", () => {
  it("is told in one note with counts, major jumps and licences", () => {
    const before: Tree = {
      asked: { a: "^1.0.0", b: "^1.0.0", gone: "^1.0.0" },
      packages: [
        { name: "a", version: "1.0.0" },
        { name: "b", version: "1.0.0" },
        { name: "gone", version: "1.0.0" },
      ],
    };
    const after: Tree = {
      asked: { a: "^1.0.0", b: "^2.0.0", c: "^1.0.0" },
      packages: [
        { name: "a", version: "1.1.0", licence: "BUSL-1.1" },
        { name: "b", version: "2.0.0" },
        { name: "c", version: "1.0.0" },
      ],
    };
    const { findings, difference } = judge({ before: filesOf(before), after: filesOf(after) });
    expect(findings).toEqual([
      {
        rule: "lockfile-difference",
        severity: "note",
        file: "package-lock.json",
        line: null,
        message:
          "1 added, 1 removed, 2 upgraded; major jumps: b 1.0.0 → 2.0.0; other licences: a MIT → BUSL-1.1",
        fix: "Look at what is new, and at major jumps, before merging.",
      },
    ]);
    expect(difference.locks[0]?.changes.map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "upgraded"],
      ["b", "upgraded"],
      ["c", "added"],
      ["gone", "removed"],
    ]);
    expect(difference.ranges).toEqual([
      { file: "package.json", name: "b", group: "runtime", from: "^1.0.0", to: "^2.0.0" },
      { file: "package.json", name: "c", group: "runtime", from: null, to: "^1.0.0" },
      { file: "package.json", name: "gone", group: "runtime", from: "^1.0.0", to: null },
    ]);
  });

  it("tells a lock file that is new and one that is gone", () => {
    const text = pnpmLock(SMALL);
    const after = { ...filesOf(SMALL), locks: [{ file: "pnpm-lock.yaml", text }] };
    const notes = told({ before: filesOf(SMALL), after }).filter((each) =>
      each.startsWith("lockfile-difference"),
    );
    expect(notes).toEqual([
      "lockfile-difference note pnpm-lock.yaml:null a new file: 3 added",
      "lockfile-difference note package-lock.json:null the file is gone: 3 removed",
    ]);
  });
});

describe("settings", () => {
  it("say how much a rule weighs", () => {
    const after = oneOf({ integrity: undefined });
    expect(told({ after })).toEqual([
      "integrity-missing error package-lock.json:10 'a@1.2.3' has no checksum",
    ]);
    expect(told({ after, settings: { rules: { "integrity-missing": "note" } } })[0]).toMatch(
      /^integrity-missing note/,
    );
    expect(told({ after, settings: { rules: { "integrity-missing": "off" } } })).toEqual([]);
  });

  it("let fifty findings of a kind be told, and count the rest", () => {
    const dependencies = Object.fromEntries(Array.from({ length: 120 }, (_, each) => [`a${each}`, "*"]));
    const manifests = [json("package.json", { dependencies })];
    const findings = judge({ after: { manifests, locks: [] } }).findings.filter(
      ({ rule }) => rule === "dependency-range",
    );
    expect(findings).toHaveLength(51);
    expect(findings[50]?.message).toBe("70 more findings of this rule in this file");
  });
});

it("a stranger's names are printed without their control characters, and nothing is thrown", () => {
  const name = "\u001b[31m\u202e${{ secrets.X }}`\n::error::x";
  const root = { dependencies: { [name]: "nonsense: 1 2" } };
  const packages = { "": root, [`node_modules/${name}`]: { version: name, resolved: name, integrity: name } };
  const locks = [
    json("package-lock.json", { lockfileVersion: 3, packages }),
    { file: "pnpm-lock.yaml", text: npmLock(SMALL) },
  ];
  const { findings } = judge({ before: NOTHING, after: { manifests: [json("package.json", root)], locks } });
  expect(findings.length).toBeGreaterThan(2);
  for (const { message, fix } of findings) expect(message + fix).not.toMatch(/[\u0000-\u001f\u202e]/);
});
