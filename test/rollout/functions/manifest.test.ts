import { describe, expect, it } from "@jest/globals";
import { checkManifest, type Around } from "../../../src/rollout/functions/manifest/check-manifest.ts";
import { closed, inLevels, oneCircle } from "../../../src/rollout/functions/manifest/order.ts";
import { readManifest } from "../../../src/rollout/functions/manifest/read-manifest.ts";
import { updatedManifest } from "../../../src/rollout/functions/manifest/updated.ts";

const SOUND = {
  api_versions: { v1: { orders: "^1.0.0", auth: ">=1.0.0 <3" } },
  functions: {
    auth: { version: "1.2.0", compatibility: ["v1"] },
    orders: {
      version: "1.3.0",
      deployed_at: "2026-11-28T09:30:00Z",
      dependencies: ["auth@^1.2.0"],
      compatibility: ["v1"],
      rollback_target: "orders@1.2.0",
    },
  },
};

/** Whatever a person may write there. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = Record<"api_versions" | "functions", any>;

function problemsOf(text: string, around: Partial<Around> = {}): string[] {
  const folders = new Set(["auth", "orders"]);
  return checkManifest(readManifest(Buffer.from(text)), {
    folders,
    kept: undefined,
    config: new Map(),
    ...around,
  }).map(({ line, key, message }) => `${line} ${key} ${message}`);
}

/** The sound one with another value somewhere. */
function changed(change: (manifest: Loose) => void, around: Partial<Around> = {}): string[] {
  const manifest = structuredClone(SOUND);
  change(manifest);
  return problemsOf(JSON.stringify(manifest, null, 2), around);
}

describe("a manifest of functions", () => {
  it("that is sound has no problem", () => {
    expect(problemsOf(JSON.stringify(SOUND, null, 2))).toEqual([]);
    expect(problemsOf(JSON.stringify(SOUND, null, "\t"))).toEqual([]);
  });

  it.each<[string, (manifest: Loose) => void, string]>([
    [
      "a version that is none",
      ({ functions }) => (functions.orders.version = "v1.3"),
      "functions.orders.version 'v1.3' is no version",
    ],
    [
      "an unknown function",
      ({ functions }) => (functions.orders.dependencies = ["mail@1.0.0"]),
      "there is no function mail",
    ],
    [
      "a dependency of another version",
      ({ functions }) => (functions.auth.version = "2.0.0"),
      "auth@^1.2.0 is needed, and auth has the version 2.0.0",
    ],
    [
      "a dependency that is no reference",
      ({ functions }) => (functions.orders.dependencies = ["auth"]),
      "is not written as name@version",
    ],
    [
      "a range that is none",
      ({ functions }) => (functions.orders.dependencies = ["auth@soon"]),
      "has no version, and no range",
    ],
    [
      "an unknown API version",
      ({ functions }) => (functions.orders.compatibility = ["v9"]),
      "there is no API version v9",
    ],
    [
      "an API version that does not name it",
      ({ api_versions }) => delete api_versions.v1.orders,
      "api_versions.v1 does not name orders",
    ],
    [
      "an API version that takes others",
      ({ api_versions }) => (api_versions.v1.orders = "^2.0.0"),
      "takes orders ^2.0.0, and it has the version 1.3.0",
    ],
    [
      "a target that is another function",
      ({ functions }) => (functions.orders.rollback_target = "auth@1.0.0"),
      "is another function than orders",
    ],
    [
      "a target that is itself",
      ({ functions }) => (functions.orders.rollback_target = "orders@1.3.0"),
      "is the version that is to be taken back",
    ],
    [
      "a target without a version",
      ({ functions }) => (functions.orders.rollback_target = "orders@old"),
      "has no version such as 1.2.0",
    ],
    [
      "a body without a method that has one",
      ({ functions }) => (functions.orders.smoke = { path: "/", body: "{}" }),
      "is sent with a method such as POST",
    ],
    [
      "a folder that is not there",
      ({ functions }) => (functions.mail = { version: "1.0.0" }),
      "there is no folder of the function mail",
    ],
    ...["2fa", "send mail", "", "a".repeat(129), "Grüße", "orders.v2"].map(
      (name): [string, (manifest: Loose) => void, string] => [
        `a name that no function may have: '${name.slice(0, 20)}'`,
        ({ functions }) => (functions[name] = { version: "1.0.0" }),
        `'${name}' is no name of a function: a letter, then letters, digits, - and _, 128 in all at most`,
      ],
    ),
    [
      "such a name in the matrix",
      ({ api_versions: { v1 } }) => (v1["my orders"] = "^1.0.0"),
      "api_versions.v1.my orders 'my orders' is no name of a function",
    ],
    [
      "a header that is none",
      ({ functions }) => (functions.auth.smoke = { headers: { "x key": "1" } }),
      "functions.auth.smoke.headers.x key 'x key' is no name of a header",
    ],
    [
      "a header of the connection",
      ({ functions }) => (functions.auth.smoke = { headers: { Expect: "100-continue" } }),
      "'Expect' is set by the connection itself",
    ],
    ["a field that nobody knows", ({ functions }) => (functions.orders.versions = 1), "Unrecognized key"],
  ])("with %s is told so at its line", (_, change, expected) => {
    const problems = changed(change);
    expect(problems.join("\n")).toContain(expected);
    const line = Number(/^\d+/.exec(problems[0]!)?.[0]);
    expect(line).toBeGreaterThan(1);
  });

  it("names each line, and each circle once", () => {
    const text = `{
  "functions": {
    "auth": { "version": "1.0.0", "dependencies": ["orders@1.0.0"] },
    "orders": {
      "version": "1.0.0",
      "dependencies": [
        "auth@1.0.0"
      ]
    }
  }
}`;
    expect(problemsOf(text)).toEqual([
      "3 functions.auth.dependencies functions need each other in a circle: auth → orders → auth",
    ]);
  });

  it("with a target of which the store keeps nothing is told so, where the store was asked", () => {
    const keeping = (version: string, isWhole = true) => ({
      kept: new Map([["orders", { versions: new Set([version]), isWhole }]]),
    });
    expect(changed(() => undefined, keeping("1.1.0"))).toEqual([
      expect.stringMatching(/^24 functions\.orders\.rollback_target orders@1\.2\.0 does not exist/),
    ]);
    expect(changed(() => undefined, keeping("1.2.0"))).toEqual([]);
    // It may be what could not be read.
    expect(changed(() => undefined, keeping("1.1.0", false))).toEqual([]);
  });

  it("that is no JSON, or has a key twice, is told where", () => {
    expect(problemsOf(`{\n  "functions": {\n    "auth": {,}\n  }\n}`)[0]).toMatch(/^3 /);
    const auth = '    "auth": {"version": "1.0.0"}';
    const twice = `{\n  "functions": {\n${auth},\n${auth}\n  }\n}`;
    expect(problemsOf(twice).join("\n")).toMatch(/^4 .*unique/m);
    expect(problemsOf("[]").length).toBe(1);
  });

  it("is brought up to date with what is served, and nothing else of it changes", () => {
    const at = new Date("2026-11-28T10:00:00Z");
    const text = updatedManifest(
      JSON.stringify(SOUND),
      [
        { slug: "orders", version: "1.2.0", before: undefined },
        { slug: "auth", version: "1.2.0", before: "1.1.0" },
      ],
      at,
    );
    expect(JSON.parse(text)).toEqual({
      ...SOUND,
      functions: {
        auth: { ...SOUND.functions.auth, deployed_at: at.toISOString(), rollback_target: "auth@1.1.0" },
        orders: {
          version: "1.2.0",
          deployed_at: at.toISOString(),
          dependencies: ["auth@^1.2.0"],
          compatibility: ["v1"],
        },
      },
    });
  });
});

describe("what needs what", () => {
  const needs = new Map([
    ["a", ["b", "c"]],
    ["b", ["c"]],
    ["x", ["y"]],
    ["y", ["x"]],
    ["z", ["x"]],
  ]);

  it("is closed over any number of steps", () => {
    expect([...closed(["a"], needs)].sort()).toEqual(["a", "b", "c"]);
  });

  it("goes in levels, and what goes in a circle is left over with what hangs on it", () => {
    expect(inLevels(["a", "b", "c", "x", "y", "z"], needs)).toEqual({
      levels: [["c"], ["b"], ["a"]],
      circular: ["x", "y", "z"],
    });
    expect(oneCircle(["x", "y", "z"], needs)).toEqual(["x", "y", "x"]);
    expect(oneCircle(["z", "x", "y"], needs)).toEqual(["x", "y", "x"]);
  });

  it("thousands of functions in one row take no time and no stack", () => {
    const long = new Map(
      Array.from({ length: 20_000 }, (_, index) => [`f${index}`, [`f${index + 1}`]] as const),
    );
    expect(inLevels(long.keys(), long).levels.length).toBe(20_000);
    expect(closed(["f0"], long).size).toBe(20_001);
  });
});
