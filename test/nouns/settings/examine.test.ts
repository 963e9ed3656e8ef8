import { describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { SettingsDocument } from "../../../src/nouns/settings/document.ts";
import { effectiveValues } from "../../../src/nouns/settings/effective.ts";
import { examine } from "../../../src/nouns/settings/examine.ts";
import { readSettings } from "../../../src/nouns/settings/read-settings.ts";
import { SecretReference, secretSetting } from "../../../src/nouns/settings/secret-setting.ts";

const policy = z.strictObject({
  approvals: z.int().max(6).default(2),
  names: z.array(z.string()).default(["a"]),
  sets: z.array(z.strictObject({ name: z.string(), on: z.boolean().default(true) })).default([]),
  password: secretSetting.optional(),
});

const problemsOf = (text: string): string[] =>
  examine(text, "h.yml", { policy }).problems.map(
    ({ line, column, key, message }) => `${line}:${column} ${key} ${message}`,
  );

describe("a settings file", () => {
  it("is read with its defaults, and a section that is empty or not there is told apart", () => {
    const read = readSettings("policy:\n  approvals: 1\n", "h.yml", { policy, coverage: z.strictObject({}) });
    expect(read).toEqual({ policy: { approvals: 1, names: ["a"], sets: [] } });
    expect(readSettings("policy:\n", "h.yml", { policy }).policy?.approvals).toBe(2);
    for (const empty of ["", "# nothing\n", "---\n"]) {
      expect(readSettings(empty, "h.yml", { policy }).policy).toBeUndefined();
    }
  });

  it("is told everything that is wrong in it together, in the order of the file", () => {
    expect(
      problemsOf(
        "nothing: 1\npolicy:\n  approvals: 7\n  aprovals: 1\n  sets:\n" +
          "    - on: true\n    - {name: x, off: 1}\n",
      ),
    ).toEqual([
      "1:1 nothing is no section that is known here",
      "3:14 policy.approvals is too large: at most 6 is allowed",
      "4:3 policy.aprovals is no key that is known here; did you mean approvals?",
      "6:7 policy.sets[0].name is missing",
      "7:17 policy.sets[1].off is no key that is known here",
    ]);
  });

  it.each([
    ["a: b: c\n", /^1:4 {2}a value that holds ": " is to be in quotes$/],
    ["policy:\n  approvals: 1\n  approvals: 2\n", /^3:3 {2}this key is here twice: what is below both/],
    ["- 1\n", /^1:1 {2}it is no map of sections$/],
    ["policy: *nobody\n", /^1:9 {2}there is no anchor of this name; /],
    ["policy: {approvals: 1\n", /^\d+:\d+ {2}Flow map/],
  ])("that is no YAML, or no map, is told with the place: %j", (text, told) => {
    expect(problemsOf(text)[0]).toMatch(told);
  });

  it("says in plain words what is wrong most often, and at its place", () => {
    expect(
      problemsOf("policy:\n  approvals: two\n  names: main\n  sets: [ci, {name: 1.0, on: yes}, [x], null]\n"),
    ).toEqual([
      "2:14 policy.approvals is a text, and a number is wanted: write it without quotes",
      "3:10 policy.names is a text, and a list is wanted: [one, another], or a line with a dash for each",
      "4:10 policy.sets[0] is a text, and a map is wanted: { name: … }",
      "4:21 policy.sets[1].name is a number, and a text is wanted: put it into quotes",
      "4:30 policy.sets[1].on is a text, and true or false is wanted: " +
        "write it so, without quotes; yes and no are texts",
      "4:36 policy.sets[2] is a list, and a map is wanted: { name: … }",
      "4:41 policy.sets[3] is empty, and a map is wanted: { name: … }",
    ]);
    expect(problemsOf("policy: text\n")).toEqual([
      "1:9 policy is a text, and a map is wanted: { approvals: … }",
    ]);
    const conflict = "policy:\n<<<<<<< HEAD\n  approvals: 1\n=======\n  approvals: 2\n>>>>>>> main\n";
    const merge = "a merge is not finished here: take away the lines <<<<<<<, ======= and >>>>>>>";
    expect(problemsOf(conflict)).toEqual([`2:1  ${merge}`]);
    expect(problemsOf(conflict.replaceAll("\n", "\r\n"))).toEqual([`2:1  ${merge}`]);
  });

  it("says what a value can be, and which of that was meant", () => {
    const wide = z.strictObject({
      weight: z.enum(["error", "warning", "off"]).optional(),
      app: z.union([z.enum(["any", "github-actions"]), z.int().positive()]).optional(),
      share: z.number().min(0).multipleOf(0.01).optional(),
      step: z.number().multipleOf(5).optional(),
      list: z.array(z.string().min(1).max(3)).min(1).max(2).optional(),
      own: z.string().regex(/^a/, "begins with no a").optional(),
    });
    const wrong = (policy: string): string[] =>
      examine(`policy: {${policy}}\n`, "h.yml", { policy: wide }).problems.map(({ message }) => message);
    expect(wrong("weight: warn")).toEqual(["is none of error, warning, off; did you mean warning?"]);
    expect(wrong("weight: false")).toEqual([
      "is true or false, and one of error, warning, off is wanted; did you mean off?",
    ]);
    expect(wrong("weight: [off]")).toEqual(["is a list, and one of error, warning, off is wanted"]);
    expect(wrong("app: github-action")).toEqual([
      "is none of any, github-actions, a number; did you mean github-actions?",
    ]);
    expect(wrong("app: 0")).toEqual(["is too small: more than 0 is wanted"]);
    expect(wrong("share: -1")).toEqual(["is too small: at least 0 is wanted"]);
    expect(wrong("share: 0.001, step: 3")).toEqual([
      "has more than two digits behind the point",
      "is no multiple of 5",
    ]);
    expect(wrong("list: []")).toEqual(["is an empty list, and one entry at least is wanted"]);
    expect(wrong("list: [a, b, c]")).toEqual(["is too long: at most 2 entries are allowed"]);
    expect(wrong('list: ["", abcd]')).toEqual(["is empty", "is too long: at most 3 characters are allowed"]);
    expect(wrong("own: b")).toEqual(["begins with no a"]);
  });

  it.each([
    ["*", /^2:\d+ {2}a value that begins with \* is to be in quotes: "\*"$/],
    ["*.md", /^2:11 {2}there is no anchor .*; a value that begins with \* is to be in quotes/],
    ["!docs/**", /^2:11 {2}a value that begins with ! is to be in quotes/],
    ["@acme", /^2:\d+ {2}a value that begins with this sign is to be in quotes$/],
    ["`x`", /^2:\d+ {2}a value that begins with this sign is to be in quotes$/],
    ["a: b", /^2:\d+ {2}a value that holds ": " is to be in quotes$/],
  ])("says which value is to be in quotes: %s", (value, told) => {
    const [first] = problemsOf(`policy:\n  names:  ${value}\n`);
    expect(first).toMatch(told);
    expect(problemsOf(`policy:\n  names: ["${value}"]\n`)).toEqual([]);
  });

  it("of a few bytes cannot fill the memory", () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const at of Array(8).keys()) {
      const before = `*${"abcdefgh"[at]!}`;
      bomb.push(`${"bcdefghi"[at]!}: &${"bcdefghi"[at]!} [${Array<string>(9).fill(before).join(",")}]`);
    }
    expect(problemsOf(`${bomb.join("\n")}\n`)).toEqual([
      expect.stringMatching(/^1:1 {2}Excessive alias count/),
    ]);
  });

  it("says where a value is that an alias brings", () => {
    const text = "policy:\n  sets:\n    - &one {name: x}\n    - *one\n";
    const { document, values } = examine(text, "h.yml", { policy });
    const told = effectiveValues(values.get("policy"), ["policy"], document);
    expect(told.filter(({ key }) => key.endsWith("name")).map(({ key, origin }) => [key, origin])).toEqual([
      ["policy.sets[0].name", { from: "file", line: 3, column: 19 }],
      ["policy.sets[1].name", { from: "file", line: 4, column: 7 }],
    ]);
  });
});

describe("the effective values", () => {
  it("are those of the file and the defaults, each with its origin", () => {
    const text = "policy:\n  names: [b]\n  sets:\n    - name: x\n  password: ${SMTP}\n";
    const { document, values } = examine(text, "h.yml", { policy });
    expect(effectiveValues(values.get("policy"), ["policy"], document)).toEqual([
      { key: "policy.approvals", value: 2, origin: { from: "default" } },
      { key: "policy.names", value: ["b"], origin: { from: "file", line: 2, column: 10 } },
      { key: "policy.sets[0].name", value: "x", origin: { from: "file", line: 4, column: 13 } },
      { key: "policy.sets[0].on", value: true, origin: { from: "default" } },
      {
        key: "policy.password",
        value: "${SMTP}",
        origin: { from: "environment", variable: "SMTP", line: 5, column: 13 },
      },
    ]);
  });

  it("know that a key without a value is in the file", () => {
    expect(new SettingsDocument("policy:\n").has(["policy"])).toBe(true);
    expect(new SettingsDocument("policy:\n").has(["policy", "constructor"])).toBe(false);
  });
});

describe("a secret setting", () => {
  it("is a reference, which knows its place and is resolved only where it is needed", () => {
    const { password } = readSettings("policy:\n  password: ${SMTP}\n", "h.yml", { policy }).policy!;
    expect(password).toBeInstanceOf(SecretReference);
    const masked: string[] = [];
    const ports = { variable: () => "geheim", mask: (text: string) => void masked.push(text) };
    expect(password!.resolve(ports).reveal()).toBe("geheim");
    expect(masked).toEqual(["geheim"]);
    expect(JSON.stringify({ password })).toBe('{"password":"${SMTP}"}');
    for (const value of [undefined, ""]) {
      expect(() => password!.resolve({ ...ports, variable: () => value })).toThrow(
        "the variable SMTP is not set, and h.yml:2:13 policy.password refers to it",
      );
    }
  });

  it.each(["geheim", "x${SMTP}", "${SMTP}${SMTP}", "$SMTP", "${}", "${A B}", "12345"])(
    "that is written out, or half of it, is refused and not repeated: %s",
    (literal) => {
      const [problem, ...more] = problemsOf(`policy:\n  password: "${literal}"\n`);
      expect(more).toEqual([]);
      expect(problem).toMatch(/^2:13 policy\.password is secret, and settings are read by many: name a var/);
      expect(problem).not.toContain(`"${literal}"`);
      if (literal === "geheim") expect(problem).not.toContain(literal);
    },
  );
});
