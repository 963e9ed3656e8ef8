import { describe, expect, it } from "@jest/globals";
import { CommitParser } from "conventional-commits-parser";
import createPreset from "conventional-changelog-conventionalcommits";
import fc from "fast-check";
import { defaultRules, lintMessage } from "../../../src/governance/commits/lint.ts";
import { isFixup, readMessage } from "../../../src/governance/commits/message.ts";
import { processorMs } from "../../support/processor-time.ts";

/** Type, scope, impact, in a line. */
const told = (text: string): string => {
  const { type, scope, impact, breaking, isRevert } = readMessage(text);
  const marks = [breaking ? "breaking" : "", isRevert ? "revert" : ""].filter((mark) => mark !== "");
  return [type ?? "none", ...(scope === undefined ? [] : [`(${scope})`]), impact, ...marks].join(" ");
};

/** https://www.conventionalcommits.org/en/v1.0.0/#examples */
const SPECIFICATION: readonly (readonly [string, string])[] = [
  [
    "feat: allow provided config object to extend other configs\n\n" +
      "BREAKING CHANGE: `extends` key in config file is now used for extending other config files",
    "feat major breaking",
  ],
  ["feat!: send an email to the customer when a product is shipped", "feat major breaking"],
  ["feat(api)!: send an email to the customer when a product is shipped", "feat (api) major breaking"],
  [
    "chore!: drop support for Node 6\n\nBREAKING CHANGE: use JavaScript features not available in Node 6.",
    "chore major breaking",
  ],
  ["docs: correct spelling of CHANGELOG", "docs none"],
  ["feat(lang): add Polish language", "feat (lang) minor"],
  [
    "fix: prevent racing of requests\n\nIntroduce a request id and a reference to latest request. Dismiss\n" +
      "incoming responses other than from latest request.\n\n" +
      "Remove timeouts which were used to mitigate the racing issue but are\nobsolete now.\n\n" +
      "Reviewed-by: Z\nRefs: #123",
    "fix patch",
  ],
  ["revert: let us never again speak of the noodle incident\n\nRefs: 676104e, a215868", "revert patch"],
];

const OTHERS: readonly (readonly [string, string])[] = [
  // What the specification says of footers.
  ["fix: x\n\nBREAKING-CHANGE: y", "fix major breaking"],
  ["fix: x\r\n\r\nBREAKING CHANGE: y\r\n", "fix major breaking"],
  ["fix: x\n\nCo-authored-by: A <a@b.example>\nBREAKING CHANGE: y", "fix major breaking"],
  ["FEAT: x", "feat minor"],
  ["fix(a b, c): x", "fix (a b, c) patch"],
  // Named in a sentence it breaks nothing.
  ["fix: x\n\nThis is no BREAKING CHANGE: nobody uses it.", "fix patch"],
  ["fix: x\n\nWe wrote about the\nBREAKING CHANGE footers that were there.", "fix patch"],
  ["fix: x\n\n* BREAKING CHANGE: y", "fix major breaking"],
  ["perf: x", "perf patch"],
  ["feat: ✨ add sparkles 🎉", "feat minor"],
  ["✨ feat: x", "none none"],
  [":sparkles: feat: x", "none none"],
  ["feat:x", "none none"],
  ["feat : x", "none none"],
  ["fixup! feat: x", "none none"],
  ["Merge branch 'main' into feature/cart", "none none"],
  ['Revert "feat: x"\n\nThis reverts commit 0123abc.', "none patch revert"],
  ['Revert "Revert "feat: x""', "none patch revert"],
  ["revert: feat: x\n\nThis reverts commit 0123abc.", "revert patch revert"],
  ["revert: x", "revert patch"],
  ["(a)!: (a): feat", "none (a) major breaking"],
  ["", "none none"],
  ["\n\nfeat: x\n", "feat minor"],
];

it.each([...SPECIFICATION, ...OTHERS])("%j is read as %s", (text, expected) => {
  expect(told(text)).toBe(expected);
});

it("messages are read as the parser reads them that releases are made with", () => {
  const { parser } = createPreset() as unknown as { parser: object };
  // Newer ones want the colon of a note themselves.
  const notesPattern = (words: string): RegExp => new RegExp(`^[\\s|*]*(${words}):\\s*(.*)`, "i");
  const oracle = new CommitParser({ ...parser, notesPattern });
  const same = (text: string): void => {
    const theirs = oracle.parse(text);
    const ours = readMessage(text);
    expect([ours.type ?? "", ours.scope ?? null, ours.subject ?? null, ours.breaking]).toEqual([
      (theirs["type"] ?? "").toLowerCase(),
      theirs["scope"] ?? null,
      theirs["subject"] ?? null,
      theirs.notes.length > 0,
    ]);
  };
  for (const [text] of [...SPECIFICATION, ...OTHERS]) if (text.trim() !== "") same(text.trim());
  const word = fc.constantFrom(
    "feat",
    "fix",
    "(a)",
    "!",
    ": ",
    ":",
    " ",
    "x",
    "BREAKING CHANGE",
    "-",
    "#1",
    "\n",
    "\n\n",
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
      const text = words.join("").trim();
      // A line of dashes makes the rest a field of its own for the parser; here it stays text.
      if (text !== "" && !/^-.*-$/m.test(text)) same(text);
    }),
    { numRuns: 2_000 },
  );
});

describe("a message", () => {
  it("made for a later --autosquash is known by its mark", () => {
    const marked = ["fixup! a", "squash! a", "amend! a", "fix: a", "fixup a"].map((text) =>
      isFixup(readMessage(text)),
    );
    expect(marked).toEqual([true, true, true, false, false]);
  });

  it("is linted by the types and scopes that are declared, whatever its line endings", async () => {
    const problems = async (text: string, scopes?: readonly string[]): Promise<string[]> =>
      (await lintMessage(text, defaultRules(["feat", "fix"], scopes)))
        .filter(({ level }) => level === "error")
        .map(({ rule }) => rule);
    expect(
      await problems("feat(cart): keep items\r\n\r\nBody.\r\n\r\nCo-authored-by: A <a@b.example>\r\n"),
    ).toEqual([]);
    expect(await problems(`fix: x\n\n${"https://example.org/".repeat(20)}`)).toEqual([]);
    expect(await problems("docs: x")).toEqual(["type-enum"]);
    expect(await problems("feat(pay): x", ["cart"])).toEqual(["scope-enum"]);
    expect(await problems("Did things")).toEqual(["type-empty"]);
    const [odd] = await lintMessage("fix:\u00a0a", defaultRules(["fix"], undefined));
    expect(odd!.message).toContain("U+00A0, which looks like a space and is none");
    expect(await problems(`feat: ${"x".repeat(120)}`)).toEqual(["header-max-length"]);
    expect(await problems("feat: Add It.")).toEqual(["subject-case", "subject-full-stop"]);
  });

  it("of 60 kB that was made to take long is read and linted at once", async () => {
    const long = 60_000;
    const hostile = [
      `Revert x${" ".repeat(long)}y`,
      `feat: x\n\n${" ".repeat(long)}y`,
      `feat(${")".repeat(long)}`,
      `feat: x\n\n${"#".repeat(long)}`,
      `feat: x\n\ncloses ${"a/".repeat(long / 2)}#`,
      `feat: x\n\n${"BREAKING CHANGE".repeat(long / 15)}`,
      `feat: x\n\n${"BREAKING CHANGE: a\n".repeat(long / 19)}`,
      "a".repeat(long),
      `feat: x${"\t".repeat(long)}z`,
    ];
    const begun = processorMs();
    for (const text of hostile) {
      readMessage(text);
      await lintMessage(text, defaultRules(["feat"], undefined));
    }
    // Minutes for each, before; some 20 ms for all.
    expect(processorMs() - begun).toBeLessThan(5_000);
  });
});
