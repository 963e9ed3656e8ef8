import { describe, expect, it } from "@jest/globals";
import {
  readDescription,
  saysSomething,
  type Description,
} from "../../../src/governance/description/description.ts";
import { processorMs } from "../../support/processor-time.ts";

function read(markdown: string): Description {
  const found = readDescription(markdown, 60_000);
  if (found === undefined) throw new Error("given up");
  return found;
}

const sections = (markdown: string): (readonly [string, string])[] =>
  read(markdown).sections.map(({ heading, text }) => [heading, text] as const);

describe("sections of a description", () => {
  it.each<readonly [string, string, readonly (readonly [string, string])[]]>([
    [
      "headings",
      "## What\na\n\nb\n### Why ###\nc",
      [
        ["What", "a\nb"],
        ["Why", "c"],
      ],
    ],
    ["underlined headings", "What\n====\na", [["What", "a"]]],
    ["CRLF", "## What\r\na\r\n", [["What", "a"]]],
    [
      "bold leads",
      "**What:** a\n\n**Why**: b\n\n**How**\n\nc",
      [
        ["What", "a"],
        ["Why", "b"],
        ["How", "c"],
      ],
    ],
    [
      "words with a colon",
      "What: a\n\nWhy: b",
      [
        ["What", "a"],
        ["Why", "b"],
      ],
    ],
    [
      "lines of one paragraph",
      "What: a\nWhy: b\ngoes on: and on\n**How:** c\n**Tested**\nd  \nDocs: e",
      [
        ["What", "a"],
        ["Why", "b"],
        ["goes on", "and on"],
        ["How", "c"],
        ["Tested", "d"],
        ["Docs", "e"],
      ],
    ],
    [
      "no long words with a colon in the middle of a paragraph",
      "Why: they said\nthat the test failed: often",
      [["Why", "they said\nthat the test failed: often"]],
    ],
    ["no address", "## What\nhttps://example.org/a", [["What", "https://example.org/a"]]],
    ["emoji in headings", "## 🚀 What\na", [["🚀 What", "a"]]],
    ["lists and code as their text", "## Test\n- a\n- b\n```\nnpm test\n```", [["Test", "a\nb\nnpm test"]]],
    [
      "comments as nothing",
      "## What\n<!-- say\nwhat -->\n## Why\na <!-- b --> c",
      [
        ["What", ""],
        ["Why", "a  c"],
      ],
    ],
    ["a comment that does not end as nothing", "## What\n<!-- a\nb", [["What", ""]]],
    ["headings in code as code", "## What\n```\n## Why\n```", [["What", "## Why"]]],
    ["tags as what is between them", "## What\n<details><b>a</b></details>", [["What", "a"]]],
    [
      "pictures as pictures",
      "## What\n![](a.png)\n## Why\n<img src=a.png>",
      [
        ["What", "a picture"],
        ["Why", "a picture"],
      ],
    ],
  ])("are read from %s", (_, markdown, expected) => {
    const found = sections(markdown);
    expect(found[0]).toEqual(["", ""]);
    expect(found.slice(1)).toEqual(expected);
  });
});

describe("boxes", () => {
  it("are those that GitHub shows as boxes, with their lines", () => {
    const markdown =
      "- [ ] a\n- [x] b\n* [X] `c`\n\n> - [ ] d\n\n1. [ ] e\n\n" +
      "```\n- [ ] in code\n```\n<!--\n- [ ] in a comment\n-->\n\\- [ ] escaped\n[ ] no item";
    expect(read(markdown).tasks).toMatchObject([
      { text: "a", done: false, line: 1 },
      { text: "b", done: true, line: 2 },
      { text: "c", done: true, line: 3 },
      { text: "d", done: false, line: 5 },
      { text: "e", done: false, line: 7 },
    ]);
  });
});

it("words of code and comments are no prose, and links are kept by where they lead", () => {
  const { prose, links, paragraphs } = read(
    "Closes #1 `#2` <!-- #3 -->\n\n[a](https://example.org/issues/4)\n\n" +
      "- BREAKING CHANGE: in a list\n\nBREAKING CHANGE: a",
  );
  expect(prose).not.toMatch(/#[23]/);
  expect(links).toEqual(["https://example.org/issues/4"]);
  expect(paragraphs).toEqual(expect.arrayContaining(["BREAKING CHANGE: a"]));
  expect(paragraphs.join("\n")).not.toContain("in a list");
});

it.each([
  ["TODO", false],
  ["tbd.", false],
  ["n/a", false],
  ["N/A", false],
  ["…", false],
  ["...", false],
  ["---", false],
  ["- ", false],
  ["**None**", false],
  ["_No response_", false],
  ["<describe it>", false],
  ["[your text]", false],
  ["Lorem ipsum dolor sit amet", false],
  ["Describe what you did", false],
  ["🎉", false],
  ["TODO\nIt keeps items.", true],
  ["None of the tests changed", true],
  ["変更の理由", true],
  ["42", true],
])("%j says something: %s", (text, says) => {
  expect(saysSomething(text, ["Describe what you did"])).toBe(says);
});

describe("hostile Markdown", () => {
  it("of 60 kB is given up when its time is over, and is never half read", () => {
    const hostile = [
      "- ".repeat(30_000),
      "> ".repeat(30_000),
      "***a_ ".repeat(10_000),
      "- [ ]".repeat(12_000),
    ];
    const begun = processorMs();
    for (const markdown of hostile) expect(readDescription(`${markdown}a`, 50)).toBeUndefined();
    expect(processorMs() - begun).toBeLessThan(5_000);
  });

  it.each([
    ["marks of code", "`".repeat(60_000)],
    ["open comments", "<!--".repeat(15_000)],
    ["underscores", "_".repeat(60_000)],
    ["stars with blanks", `a${"* ".repeat(3_000)}b`],
    ["blank lines", "\n".repeat(20_000)],
    ["nothing", ""],
  ])("that is only long is read: %s", (_, markdown) => {
    const { sections: found } = read(markdown);
    for (const { text } of found) saysSomething(text, []);
    expect(found.length).toBeGreaterThan(0);
  });

  it("is read as far as GitHub takes it", () => {
    expect(read(`${"a ".repeat(40_000)}\n\nCloses #1`).prose).not.toContain("#1");
  });
});
