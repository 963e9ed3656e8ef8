import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { versionFilePaths, withVersion } from "../../../src/governance/versions/version-files.ts";
import type { VersionFile } from "../../../src/governance/versions/version-files-setting.ts";
import { processorMs } from "../../support/processor-time.ts";

const NEXT = "1.3.0";

/** What becomes of one declared file. */
function written(path: string, text: string, key?: VersionFile["key"], version = NEXT): string {
  const declared = [{ path, ...(key === undefined ? {} : { key }) }];
  const changed = withVersion(new Map([[path, Buffer.from(text)]]), version, declared);
  return changed.get(path)?.toString("utf8") ?? text;
}

describe("npm's files, by default", () => {
  const PACKAGE = '{\n\t"name": "shop",\n\t"version" : "1.2.0",\n\t"nested": { "version": "1.2.0" }\n}';
  const LOCK = `{
  "name": "shop",
  "version": "1.2.0",
  "lockfileVersion": 3,
  "packages": {
    "": { "name": "shop", "version": "1.2.0" },
    "node_modules/cart": { "version": "1.2.0" }
  }
}
`;

  it("get the version in their own places alone", () => {
    const files = new Map([
      ["package.json", Buffer.from(PACKAGE)],
      ["package-lock.json", Buffer.from(LOCK)],
    ]);
    const changed = withVersion(files, NEXT, undefined);
    expect(Object.fromEntries([...changed].map(([path, bytes]) => [path, bytes.toString()]))).toEqual({
      "package.json": PACKAGE.replace('"version" : "1.2.0"', '"version" : "1.3.0"'),
      "package-lock.json": LOCK.replace('"version": "1.2.0",\n', '"version": "1.3.0",\n').replace(
        '"name": "shop", "version": "1.2.0"',
        '"name": "shop", "version": "1.3.0"',
      ),
    });
    expect(withVersion(changed, NEXT, undefined)).toEqual(new Map());
  });

  it("are left where they have no version, or are not there", () => {
    expect(withVersion(new Map(), NEXT, undefined)).toEqual(new Map());
    expect(
      withVersion(new Map([["package.json", Buffer.from('{"name": "shop"}')]]), NEXT, undefined),
    ).toEqual(new Map());
    const old = '{"version": "1.2.0", "lockfileVersion": 1, "dependencies": {"a": {"version": "1.2.0"}}}';
    expect(written("package-lock.json", old)).toBe(old.replace("1.2.0", NEXT));
  });

  it("are asked for, or what is declared", () => {
    expect(versionFilePaths(undefined)).toEqual(["package.json", "package-lock.json", "npm-shrinkwrap.json"]);
    expect(versionFilePaths([{ path: "a" }, { path: "b" }, { path: "a", key: "x" }])).toEqual(["a", "b"]);
    expect(versionFilePaths([])).toEqual([]);
  });

  it("are known in every folder", () => {
    expect(written("apps/web/package.json", '{"version":"1.2.0"}')).toBe('{"version":"1.3.0"}');
    expect(() => written("apps/web/package.json", "{}")).toThrow("is not there");
  });
});

describe("a key of JSON or YAML", () => {
  it.each<readonly [string, string, VersionFile["key"], string]>([
    ["a.json", '\uFEFF{"a":[{"v":"v1.2.0"}]}\r\n', "a.0.v", '\uFEFF{"a":[{"v":"v1.3.0"}]}\r\n'],
    [
      "a.json",
      '{"packages":{"":{"version":"1.2.0"}}}',
      ["packages", "", "version"],
      '{"packages":{"":{"version":"1.3.0"}}}',
    ],
    [
      "Chart.yaml",
      "# 1.2.0\nversion: 1.2.0 # 1.2.0\nappVersion: 1.2.0\n",
      "version",
      "# 1.2.0\nversion: 1.3.0 # 1.2.0\nappVersion: 1.2.0\n",
    ],
    ["Chart.yaml", "appVersion: 'v1.2.0-rc.1'\r\n", "appVersion", "appVersion: 'v1.3.0'\r\n"],
    [
      "a.yml",
      'image:\n  tag: &tag "1.2.0"\n  also: *tag\n',
      "image.tag",
      'image:\n  tag: &tag "1.3.0"\n  also: *tag\n',
    ],
    ["a.yml", "info: {version: 1.2.0, title: x}", "info.version", "info: {version: 1.3.0, title: x}"],
    ["a.yml", "info:\n    version:\n        1.2.0\n", "info.version", "info:\n    version:\n        1.3.0\n"],
    ["a.yml", "a: !!str 1.2.0\n", "a", "a: !!str 1.3.0\n"],
    ["a.yml", "---\na: 1.2.0\n---\nb: 1.2.0\n", "b", "---\na: 1.2.0\n---\nb: 1.3.0\n"],
  ])("is all that changes: %s %j", (path, before, key, after) => {
    expect(written(path, before, key)).toBe(after);
    expect(written(path, after, key)).toBe(after);
  });

  it("is changed with its others in the same file, and once where it is declared twice", () => {
    const declared = ["b", "a", "b"].map((key) => ({ path: "x.yml", key }));
    const files = new Map([["x.yml", Buffer.from("a: 1.2.0\nb: 1.2.0-beta.1\n")]]);
    expect(withVersion(files, "10.0.0", declared).get("x.yml")?.toString()).toBe("a: 10.0.0\nb: 10.0.0\n");
  });

  it.each<readonly [string, string, string, string]>([
    ["a.json", '{"a":"1.2.0"}', "b", "the key b of the version file a.json is not there"],
    ["a.json", '{"a":"1.2.0"}', "a.b", "is not there"],
    ["a.json", '{"a":["1.2.0"]}', "a.1", "is not there"],
    ["a.json", '{"a":1.2}', "a", "is no text"],
    ["a.yml", "a: 1.2\n", "a", "is no text"],
    ["a.yml", "a:\n", "a", "is no text"],
    ["a.yml", "a: &x 1.2.0\nb: *x\n", "b", "is a reference to another value"],
    ["a.json", '{"a":"shop"}', "a", "is 'shop', which is no version"],
    ["a.json", '{"a":"1\\u002e2.0"}', "a", "which is no version"],
    ["a.yml", "a: |\n  1.2.0\n", "a", "which is no version"],
    ["a.json", '{"a":"1.2.0","a":"1.2.0"}', "a", "is there more than once"],
    ["a.yml", "a: 1.2.0\n---\na: 1.2.0\n", "a", "is there more than once"],
    ["a.json", '{"a":"1.2.0",}', "a", "it is no JSON"],
    ["a.yml", 'a: "1.2.0\n', "a", "it is no YAML"],
    ["a.yml", "[".repeat(50_000), "a", "cannot be read"],
    ["a.yml", "", "a", "is not there"],
    ["a.toml", "a = 1.2.0", "a", "only JSON and YAML have keys"],
  ])("is refused: %s %j %s", (path, text, key, message) => {
    expect(() => written(path, text, key)).toThrow(message);
  });
});

describe("a marked line", () => {
  const MARK = "x-holdfast-version";

  it.each([
    [
      "Cargo.toml",
      `[package]\nname = "shop-1.2.0"\nversion = "V" # ${MARK}\r\n[dependencies]\ncart = "1.2.0"\n`,
    ],
    ["src/version.ts", `export const VERSION = "V"; // ${MARK}`],
    ["README.md", `\uFEFFuses: acme/shop@vV <!-- ${MARK} -->\n\nuses: acme/shop@v1.2.0\n`],
    ["pyproject.toml", `# ${MARK}: V.\nversion = "0"\n`],
    ["old-mac.txt", `a 1.2.0\rb V ${MARK}\rc 1.2.0`],
    ["twice", `a=V ${MARK}\nb 1.2.0\nc=V ${MARK} ${MARK}\n`],
    ["npm", `npm install shop@^V # ${MARK}, not 1.2, 1.2.3.4 or 10`],
  ])("gets the version, and no other byte is changed: %s", (path, text) => {
    for (const before of ["1.2.0", "1.2.0-rc.1", "10.20.30"]) {
      expect(written(path, text.replaceAll("V", before).replaceAll(`${before}ERSION`, "VERSION"))).toBe(
        text.replaceAll("V", NEXT).replaceAll(`${NEXT}ERSION`, "VERSION"),
      );
    }
  });

  it.each([
    ["version = '1.2.0'\n", `has no line that says ${MARK}`],
    ["", `has no line that says ${MARK}`],
    [`a\nversion = '1.2' # ${MARK}\n`, `line 2 of a.txt says ${MARK} and has no version`],
    [`1.2.0\n# ${MARK}\n1.2.0`, `line 2 of a.txt says ${MARK} and has no version`],
    [`from 1.2.0 to 1.2.0 # ${MARK}`, `line 1 of a.txt says ${MARK} and has several versions`],
  ])("is refused: %j", (text, message) => {
    expect(() => written("a.txt", text)).toThrow(message);
  });

  it("is read in no time, however long it is", () => {
    for (const word of ["1.", "1-", "1.2.3-", "-", "1.2.3-a.", "+1", "1.2.3_", "v"]) {
      const begun = processorMs();
      expect(() => written("a.txt", `${word.repeat(200_000)}_ ${MARK}`)).toThrow("has no version");
      expect(processorMs() - begun).toBeLessThan(2_000);
    }
  });
});

describe("a file", () => {
  it("that was declared must be there", () => {
    expect(() => withVersion(new Map(), NEXT, [{ path: "Cargo.toml" }])).toThrow(
      "there is no version file Cargo.toml",
    );
  });

  it("must be UTF-8", () => {
    const bytes = Buffer.from([0x31, 0xff]);
    expect(() => withVersion(new Map([["a", bytes]]), NEXT, [{ path: "a" }])).toThrow("is not UTF-8");
  });

  it("of ten thousand packages is read in seconds", () => {
    const packages = Array.from({ length: 10_000 }, (_, at) => `"node_modules/p${at}": {"version": "1.2.0"}`);
    const lock = `{"version": "1.2.0", "packages": {"": {"version": "1.2.0"},\n${packages.join(",\n")}}}`;
    const begun = processorMs();
    expect(written("package-lock.json", lock)).toBe(lock.replace("1.2.0", NEXT).replace("1.2.0", NEXT));
    expect(processorMs() - begun).toBeLessThan(10_000);
  });

  it("gets nothing that is no version", () => {
    for (const version of ["v1.3.0", "1.3", '1.3.0"', "1.3.0+1", ""]) {
      expect(() => written("package.json", '{"version":"1.2.0"}', undefined, version)).toThrow(
        "is no version",
      );
    }
  });
});

it("JSON says the same afterwards, but for the version, and back again it is the same bytes", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "grapheme" })),
      fc.constantFrom("\t", "  ", ""),
      fc.constantFrom("\n", "\r\n"),
      (others, indent, end) => {
        const before = JSON.stringify({ ...others, version: "1.2.0" }, null, indent).replaceAll("\n", end);
        const after = written("package.json", before);
        expect(JSON.parse(after)).toEqual({ ...(JSON.parse(before) as object), version: NEXT });
        expect(written("package.json", after, undefined, "1.2.0")).toBe(before);
      },
    ),
    { numRuns: 200 },
  );
});
