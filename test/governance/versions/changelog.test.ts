import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { topLevelOf } from "../../../src/governance/versions/markdown-top-level.ts";
import { sectionOf, withSection } from "../../../src/governance/versions/changelog.ts";
import { processorMs } from "../../support/processor-time.ts";
import { rounds } from "../../support/sampling.ts";

const NOTES = "## 1.3.0 (2026-11-28)\n\n### Features\n\n* carts ([abc1234](https://x.example/c/abc1234))";

/** Each as the tool writes it, with `HERE` where the notes of 1.3.0 belong. */
const LAYOUTS: Readonly<Record<string, string>> = {
  "keep-a-changelog": `# Changelog

All notable changes to this project will be documented in this file.

## [Unreleased]

### Added

- What is not released yet.

HERE## [1.2.0] - 2026-10-01

### Added

- Orders.

## [1.1.0] - 2026-09-01 [YANKED]

- Nothing.

[unreleased]: https://x.example/compare/v1.2.0...HEAD
[1.2.0]: https://x.example/compare/v1.1.0...v1.2.0
`,
  "semantic-release, without a title": `HERE# [1.2.0](https://x.example/compare/v1.1.9...v1.2.0) (2026-10-01)


### Features

* orders ([abc](https://x.example/c/abc))

## [1.1.9](https://x.example/compare/v1.1.8...v1.1.9) (2026-09-01)


### Bug Fixes

* totals
`,
  "release-please": `# Changelog

HERE## [1.2.0](https://x.example/compare/v1.1.0...v1.2.0) (2026-10-01)


### Features

* orders

## 1.1.0 (2026-09-01)


### Features

* all of it
`,
  "standard-version": `# Changelog

All notable changes to this project will be documented in this file. See [standard-version](https://x.example)
for commit guidelines.

HERE### [1.2.1](https://x.example/compare/v1.2.0...v1.2.1) (2026-10-02)


### Bug Fixes

* totals

## [1.2.0](https://x.example/compare/v1.1.0...v1.2.0) (2026-10-01)
`,
  "anchors of older tools": `# Change Log

HERE<a name="1.2.0"></a>
# [1.2.0](https://x.example/compare/v1.1.0...v1.2.0) (2017-10-01)

<a name="1.1.0"></a>

## 1.1.0 (2017-09-01)
`,
  underlined: `HERE1.2.0 / 2026-10-01
==================

  * deps: cart@~1.2.0

1.1 / 2026-09-01
================
`,
  "releases in code and in comments": `# Changelog

\`\`\`md
## 1.2.3
\`\`\`

<!--
## 1.2.2 (a template)
-->

> ## 1.2.1

- ## 1.2.0

HERE## v1.1.0

* a thing
`,
};

describe("a new section", () => {
  it.each(Object.entries(LAYOUTS))("stands above the newest release: %s", (_, layout) => {
    const before = layout.replace("HERE", "");
    const after = withSection(before, NOTES);
    expect(after).toBe(layout.replace("HERE", `${NOTES}\n\n`));
    expect(sectionOf(after, "1.3.0")).toBe(NOTES);
    expect(withSection(after, NOTES)).toBe(after);
  });

  it.each(Object.entries(LAYOUTS))("keeps the line ends of its file: %s", (_, layout) => {
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    const after = withSection(crlf(layout.replace("HERE", "")), NOTES);
    expect(after).toBe(crlf(layout.replace("HERE", `${NOTES}\n\n`)));
    expect(withSection(after, NOTES)).toBe(after);
    expect(withSection(after, crlf(NOTES))).toBe(after);
  });

  it("begins a changelog that is not there, or empty", () => {
    for (const none of [undefined, "", "\n \n", "\uFEFF"]) {
      expect(withSection(none, `${NOTES}\n`)).toBe(`# Changelog\n\n${NOTES}\n`);
    }
  });

  it("stands at the end of one without releases, and before its links", () => {
    const before = "# Changelog\n\nWords.\n\n## Unreleased\n\n- a thing";
    expect(withSection(before, NOTES)).toBe(`${before}\n\n${NOTES}\n`);
    const links = "[unreleased]: https://x.example\n";
    expect(withSection(`${before}\n\n${links}`, NOTES)).toBe(`${before}\n\n${NOTES}\n\n${links}`);
  });

  it("leaves a byte order mark at the beginning", () => {
    const before = "\uFEFF## 1.2.0\n\n* a\n";
    expect(withSection(before, NOTES)).toBe(`\uFEFF${NOTES}\n\n## 1.2.0\n\n* a\n`);
    expect(withSection("\uFEFF# Title\n\n## 1.3.0\n\nold\n\n## 1.2.0\n", NOTES)).toBe(
      `\uFEFF# Title\n\n${NOTES}\n\n## 1.2.0\n`,
    );
  });

  it("is refused where the changelog ends in code that has no end", () => {
    expect(() => withSection("# Changelog\n\n```sh\nholdfast\n", NOTES)).toThrow("that has no end");
    expect(() => withSection("# Changelog\n\n<!-- \nwords\n", NOTES)).toThrow("that has no end");
  });

  it("begins with the heading of a version, or is refused", () => {
    for (const notes of [
      "",
      "* a thing",
      "# Changelog",
      "Words\n\n## 1.3.0",
      "## Unreleased",
      "- ## 1.3.0",
    ]) {
      expect(() => withSection("", notes)).toThrow("not with the heading of a version");
    }
  });
});

describe("a section that is there", () => {
  const others = (heading: string): string =>
    `# Changelog\n\n${heading}\n\n* old\n\n## [1.2.0] - 2026-10-01\n\n* orders\n`;

  it.each([
    "## 1.3.0 (2026-11-27)",
    "## [1.3.0](https://x.example) (2026-11-27)",
    "# [1.3.0]",
    "### v1.3.0",
    "## [v1.3.0] - 2026-11-27",
    "## Version 1.3.0",
    "1.3.0\n-----",
    "   ## **1.3.0**",
  ])("is replaced: %s", (heading) => {
    expect(withSection(others(heading), NOTES)).toBe(others("HERE").replace("HERE\n\n* old", NOTES));
  });

  it.each(["## 1.3.0-rc.1", "## 11.3.0", "## 1.3.01", "## 1.3", "## [Unreleased]", "## About 1.3.0"])(
    "is none of another heading: %s",
    (heading) => {
      const before = others(heading);
      expect(sectionOf(before, "1.3.0")).toBeUndefined();
      expect(withSection(before, NOTES)).toContain(heading);
    },
  );

  it("is replaced by less of the same, and by notes that end in links", () => {
    const long = withSection(others("## 1.2.5"), `${NOTES}\n* orders`);
    expect(withSection(long, NOTES)).toBe(withSection(others("## 1.2.5"), NOTES));
    const links = `${NOTES}\n\n[1.3.0]: https://x.example`;
    const alone = withSection("# Changelog\n", links);
    expect(alone).toBe(`# Changelog\n\n${links}\n`);
    expect(withSection(alone, links)).toBe(alone);
  });

  it("keeps a blank line to what follows", () => {
    const before = "## 1.3.0\n* old\n## 1.2.0\n";
    expect(withSection(before, "## 1.3.0\n\n<div>")).toBe("## 1.3.0\n\n<div>\n\n## 1.2.0\n");
    expect(withSection("## 1.3.0\r\n[a]: b", "## 1.3.0\n\nwords")).toBe(
      "## 1.3.0\r\n\r\nwords\r\n\r\n[a]: b",
    );
  });

  it("holds parts on the level of a patch's own heading", () => {
    const patch =
      "### [1.3.1](https://x.example) (2026-11-29)\n\n\n### Bug Fixes\n\n* a\n\n### Reverts\n\n* b";
    const text = withSection(LAYOUTS["standard-version"]!.replace("HERE", ""), patch);
    expect(sectionOf(text, "1.3.1")).toBe(patch);
    expect(sectionOf(text, "1.2.1")).toBe(
      "### [1.2.1](https://x.example/compare/v1.2.0...v1.2.1) (2026-10-02)\n\n\n### Bug Fixes\n\n* totals",
    );
  });

  it("leaves the links of the document and what stands above it", () => {
    const text = LAYOUTS["keep-a-changelog"]!.replace("HERE", "");
    expect(sectionOf(text, "1.1.0")).toBe("## [1.1.0] - 2026-09-01 [YANKED]\n\n- Nothing.");
    const after = withSection(text, "## 1.1.0 (2026-09-02)\n\n- Something.");
    expect(after).toBe(text.replace(/## \[1\.1\.0\][^]*Nothing\./, "## 1.1.0 (2026-09-02)\n\n- Something."));
  });

  it("takes its anchor along", () => {
    const text = LAYOUTS["anchors of older tools"]!.replace("HERE", "");
    expect(sectionOf(text, "1.1.0")).toBe('<a name="1.1.0"></a>\n\n## 1.1.0 (2017-09-01)');
    expect(sectionOf(text, "1.2.0")).toContain('<a name="1.2.0">');
    expect(sectionOf(text, "1.2.0")).not.toContain('<a name="1.1.0">');
  });

  it("ends where the next heading above it is", () => {
    expect(sectionOf("## 1.3.0\n\n* a\n\n## More\n\n* b\n\n# Older\n\n* c\n", "1.3.0")).toBe(
      "## 1.3.0\n\n* a\n\n## More\n\n* b",
    );
  });
});

describe("notes that say more than they should", () => {
  const below = "\n\n## 1.2.0\n\n* orders\n";

  it.each([
    ["another release", "* a\n\n## 9.9.9\n\n* b", "* a\n\n\\## 9.9.9\n\n* b"],
    ["another release, underlined", "9.9.9\n---", "9.9.9\n\\---"],
    ["one above a line", "# 9.9.9\n---", "\\# 9.9.9\n---"],
    ["what is not released", "### Unreleased", "\\### Unreleased"],
    ["a title", "# All new", "\\# All new"],
    ["code without an end", "~~~~\n```\n# a", "~~~~\n```\n# a\n~~~~"],
    ["a comment without an end", "<!-- a", "<!-- a\n-->"],
    ["the anchor of what would be next", '* a\n\n<a name="1.2.0"></a>', "* a"],
    ["a script without an end", "<script>\n\na", "<script>\n\na\n</pre></script></style></textarea>"],
  ])("leave the releases below what they are: %s", (_, given, kept) => {
    const after = withSection(`# Changelog${below}`, `## 1.3.0\n\n${given}`);
    expect(after).toBe(`# Changelog\n\n## 1.3.0\n\n${kept}${below}`);
    expect(sectionOf(after, "1.2.0")).toBe("## 1.2.0\n\n* orders");
    expect(withSection(after, `## 1.3.0\n\n${given}`)).toBe(after);
    expect(withSection(after, "## 1.3.0\n\n* b")).toBe(`# Changelog\n\n## 1.3.0\n\n* b${below}`);
  });
});

/** What documents and notes are made of, and what breaks them. */
const PIECES = [
  "# Changelog",
  "## [Unreleased]",
  "## 1.2.0 (2026-10-01)",
  "### [1.1.9](https://x.example)",
  "# 1.0.0",
  "## 1.3.0",
  "1.2.5\n---",
  "---",
  "### Bug Fixes",
  "* a",
  "  * b",
  "> ## 1.1.5",
  "```\n## 1.1.4\n```",
  "```",
  "<!-- ## 1.1.3 -->",
  "<!--",
  "-->",
  "<div>",
  "words",
  "    ## 1.1.2",
  "\t## 1.1.1",
  "[1.2.0]: https://x.example",
  '<a name="1.2.0"></a>',
  "| a | b |",
  "",
  "",
  " ",
];
const lines = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 });
const version = fc.constantFrom("1.3.0", "1.2.5", "1.2.0", "1.1.9", "1.0.0");
const lineEnd = fc.constantFrom("\n", "\r\n");

describe("whatever stands in either", () => {
  const numRuns = rounds("changelogs and notes of each sort", 150, 1000);

  it("the same notes change nothing the second time, and are found again", () => {
    fc.assert(
      fc.property(lines, lines, lineEnd, (document, notes, end) => {
        const given = ["## 1.3.0 (2026-11-28)", ...notes].join("\n");
        let after: string;
        try {
          after = withSection(document.join(end), given);
        } catch (error) {
          // Only for a document that is cut off.
          expect((error as Error).message).toContain("that has no end");
          return;
        }
        expect(withSection(after, given)).toBe(after);
        expect(sectionOf(after, "1.3.0")?.split(/\r?\n/)[0]).toBe("## 1.3.0 (2026-11-28)");
      }),
      { numRuns },
    );
  });

  it("the blocks are the same, read at once or in pieces", () => {
    fc.assert(
      fc.property(lines, lines, lineEnd, (some, more, end) => {
        const text = [...some, "", ...more].join(end);
        expect(topLevelOf(text, "it", 1)).toEqual(topLevelOf(text, "it", text.length + 1));
      }),
      { numRuns },
    );
  });

  it("every other release keeps its section", () => {
    fc.assert(
      fc.property(lines, lines, version, (document, notes, kept) => {
        const before = ["# Changelog", "", "## 1.2.0", "", "* orders", "", ...document].join("\n");
        const after = withSection(before, ["## 1.4.0 (2026-11-28)", ...notes].join("\n"));
        expect(sectionOf(after, kept)).toEqual(sectionOf(before, kept));
      }),
      { numRuns },
    );
  });
});

it("reads a changelog of thousands of releases in seconds", () => {
  const release = (at: number): string =>
    `## [1.${at}.0](https://x.example) (2026-10-01)\n\n### Features\n\n* orders [a](b) *c*\n`;
  const text = Array.from({ length: 2_000 }, (_, at) => release(2_000 - at)).join("\n");
  const begun = processorMs();
  expect(withSection(text, "## 2.0.0\n\n* all new")).toBe(`## 2.0.0\n\n* all new\n\n${text}`);
  expect(processorMs() - begun).toBeLessThan(4_000);
});

describe("the fix of an older line", () => {
  const CHANGELOG = "# Changelog\n\n## 2.0.0\n\n* b\n\n## 1.3\n\n* c\n\n## 1.2.0\n\n* a\n";

  it.each([
    ["2.0.1", "# Changelog\n\n## 2.0.1\n\n* n\n\n## 2.0.0"],
    ["1.3.1", "* b\n\n## 1.3.1\n\n* n\n\n## 1.3\n"],
    ["1.2.1", "* c\n\n## 1.2.1\n\n* n\n\n## 1.2.0\n"],
    ["1.1.9", "* a\n\n## 1.1.9\n\n* n\n"],
  ])("%s stands above what is older", (version, expected) => {
    const written = withSection(CHANGELOG, `## ${version}\n\n* n`);
    expect(written).toContain(expected);
    expect(withSection(written, `## ${version}\n\n* n`)).toBe(written);
    expect(written.replace(`## ${version}\n\n* n\n\n`, "").replace(`\n## ${version}\n\n* n\n`, "")).toBe(
      CHANGELOG,
    );
  });

  it("is refused where nothing could stand at the end", () => {
    const endless = "# Changelog\n\n## 2.0.0\n\n```\ncode\n";
    expect(() => withSection(endless, "## 1.0.1\n\n* n")).toThrow(/has no end/);
  });
});
