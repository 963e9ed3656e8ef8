import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { defaultRules } from "../../../src/governance/commits/lint.ts";
import { readDescription } from "../../../src/governance/description/description.ts";
import {
  undeclaredPrograms,
  type PullRequest,
  type Scene,
} from "../../../src/governance/pr-policy/pull-request.ts";
import { COVERAGE_RULES, RULES } from "../../../src/governance/pr-policy/rules/all.ts";
import type { Hit } from "../../../src/governance/pr-policy/rules/rule.ts";
import { RULE_NAMES, type RuleName } from "../../../src/governance/pr-policy/rules/names.ts";
import { coverage, policy } from "../../../src/governance/pr-policy/settings.ts";

interface Given extends Partial<Omit<PullRequest, "changes">> {
  readonly messages?: readonly string[];
  readonly paths?: readonly string[];
  /** As the settings would have it. */
  readonly policy?: object;
}

function sceneOf({ messages = [], paths = [], policy: declared = {}, ...pull }: Given): Scene {
  const body = pull.body ?? "";
  return {
    pull: {
      title: "fix: pay once",
      body,
      description: readDescription(body)!,
      isReadable: true,
      head: "feature/pay",
      base: "main",
      author: "ada",
      isDraft: false,
      commits: messages.map((message, at) => ({ id: String(at).padStart(40, "a"), message, isMerge: false })),
      changes: paths.map((path) => ({
        path,
        before: undefined,
        kind: "modified",
        isFile: true,
        lines: [{ first: 3, last: 3 }],
        removed: 0,
      })),
      ...pull,
    },
    policy: policy.parse(declared),
    coverage: coverage.parse({}),
    messageRules: {},
    twins: [],
    template: [],
    settingsPath: ".github/holdfast.yml",
    settingsChange: undefined,
  };
}

async function hits(name: RuleName, given: Given): Promise<readonly string[]> {
  const found = await RULES.find((rule) => rule.name === name)!.find(sceneOf(given));
  return found.map(({ message }) => message);
}

it("every rule is one file, which has its texts, and no text stands in two", () => {
  const folder = new URL("../../../src/governance/pr-policy/", import.meta.url);
  const here = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const sources = new Map(here.map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
  for (const { name, solution } of [...RULES, ...COVERAGE_RULES]) {
    expect(sources.get(`rules/${name}.ts`)).toContain(`name: "${name}"`);
    // Long ones are broken into pieces.
    const beginning = `"${solution}`.slice(0, 40);
    const saying = [...sources].filter(([, text]) => text.includes(beginning)).map(([file]) => file);
    expect(saying).toEqual([`rules/${name}.ts`]);
  }
});

it("every name that the settings may switch is one rule's, and says what to do", () => {
  const all = [...RULES, ...COVERAGE_RULES];
  expect(all.map(({ name }) => name).sort()).toEqual([...RULE_NAMES].sort());
  for (const { problem, solution } of all) {
    expect(problem).toMatch(/^\S.*[.]$/);
    expect(solution).toMatch(/^[A-Z].*[.]$/);
  }
  expect(policy.safeParse({ rules: { titel: "off" } }).success).toBe(false);
});

describe("what is lost by a merge", () => {
  const messages = ["feat!: drop the old cart", "fix: b"];
  const footers = ["fix: a\n\nBREAKING CHANGE: it is gone"];

  it.each<readonly [string, object, readonly string[], number]>([
    ["nobody knows the methods", {}, messages, 1],
    ["it may be a squash", { methods: ["merge", "squash"] }, messages, 1],
    ["it is always a squash", { methods: ["squash"] }, messages, 1],
    ["a squash keeps messages, not as headers", { "squash-body": "commits" }, messages, 1],
    ["a squash keeps messages, and with them footers", { "squash-body": "commits" }, footers, 0],
    ["a squash keeps only the title", { methods: ["squash"], "squash-title": "pr-title" }, footers, 1],
    ["a squash keeps the only commit", { "squash-title": "commit-or-pr-title" }, footers, 0],
    ["a squash of several keeps the title", { "squash-title": "commit-or-pr-title" }, messages, 1],
    ["a merge commit keeps every commit", { methods: ["merge"] }, messages, 0],
    ["a rebase keeps every commit", { methods: ["rebase", "merge"] }, messages, 0],
  ])("when %s", async (_, merge, given, count) => {
    expect(await hits("lost-impact", { messages: given, policy: { merge } })).toHaveLength(count);
  });
});

describe("an issue", () => {
  it.each<readonly [string, number]>([
    ["Closes #1", 0],
    ["fixes: shop/shop#12", 0],
    ["https://github.com/shop/shop/issues/4", 0],
    ["[ticket](https://shop.example/browse/SHOP-4)", 0],
    ["SHOP-17", 0],
    ["Closes GH-12", 0],
    ["Closes nothing", 1],
    ["Closes #0", 1],
    ["Closes #12abc", 1],
    ["Closes GH-0", 1],
    ["See #1", 1],
    ["https://github.com/shop/shop/pull/4", 1],
    ["`Closes #1`", 1],
    ["<!-- Closes #1 -->", 1],
    ["#1 is the first", 1],
    ["https://example.org/", 1],
  ])("in %j", async (body, count) => {
    const trackers = ["SHOP-[0-9]+"];
    expect(await hits("linked-issue", { body, policy: { description: { trackers } } })).toHaveLength(count);
  });
});

const NO_WHY = "the description has no section on why (a heading with why …)";

describe("sections", () => {
  const sections = ["why", "test"].map((name) => ({ name, headings: [name] }));
  const asked = { description: { sections } };

  it.each<readonly [string, string, readonly string[]]>([
    ["under headings of their own", "## Why\na\n## Test\nb", []],
    ["below headings of their own", "## Why\n### In short\na\n## Test\nhttps://ci.example/1", []],
    ["that another one ends", "## Why\n### Test\nb", ["the section on why is empty"]],
    ["with the template's words", "## Why\nTBD\n## Test\nb", ["the section on why is empty"]],
    ["by another word of which it is part", "## Whyever\na\n## Test plan\nb", [NO_WHY]],
    ["in nothing", "<!-- a -->", ["the description is empty"]],
  ])("%s", async (_, body, expected) => {
    expect(await hits("sections", { body, policy: asked })).toEqual(expected);
  });
});

it("git's own reverts and reapplies are no commits to reword, and an empty message is one", async () => {
  const reverts = ['Revert "feat: a"', 'Reapply "feat: a"'].map(
    (each) => `${each}\n\nThis reverts commit abcdef1.`,
  );
  expect(await hits("commits", { messages: reverts })).toEqual([]);
  const undoing = sceneOf({ messages: reverts }).pull.commits.map((each) => ({ ...each, undoes: ["b"] }));
  expect(await hits("sections", { title: 'Reapply "feat: a"', commits: undoing })).toEqual([]);
  expect(await hits("sections", { title: 'Reapply "feat: a"', messages: reverts })).not.toEqual([]);
  // Whoever only writes the words is asked like everybody.
  // Of git's own title over something else one finding says why it is none.
  expect(await hits("title", { title: 'Revert "feat: a"', messages: ['Revert "feat: a"'] })).toEqual([
    expect.stringContaining("do not take back exactly what they say"),
  ]);
  expect(await hits("sections", { title: 'Revert "a"', messages: ['Revert "a"'] })).not.toEqual([]);
  expect(await hits("commits", { messages: [""] })).toEqual([
    expect.stringContaining("the message is empty"),
  ]);
});

it("one commit alone is called by its header in a squash, so that it may be no fixup", async () => {
  const policy = { merge: { methods: ["squash"] } };
  expect(await hits("fixup-commits", { policy, messages: ["fixup! feat: a"] })).toHaveLength(1);
  expect(await hits("fixup-commits", { policy, messages: ["feat: a", "fixup! feat: a"] })).toEqual([]);
});

it("issues and trailers at the end are no evidence, and a colon in a sentence is no section", async () => {
  const body = "## What\na\n## Why\nb\n## How\nc\n## Testing evidence\n\n";
  for (const end of ["Closes #12", "Fixes: acme/shop#3", "Signed-off-by: Ada <ada@example.org>"]) {
    expect(await hits("sections", { body: body + end })).toEqual([
      "the section on testing evidence is empty",
    ]);
  }
  expect(await hits("sections", { body: `${body}Closes #12\n\nBy hand: it works` })).toEqual([]);
  const bold = "**What**\n\nCause: a race\n\n**Why**\n\nb\n\n**How**\n\nc\n\n**Tested**\n\nd";
  expect(await hits("sections", { body: bold })).toEqual([]);
});

it("patterns that can match nothing are refused", () => {
  for (const path of ["src/**/*.{js,ts}", "/src/**", "src/", "!src/x", "src/?.ts"]) {
    expect([path, coverage.safeParse({ sources: [path] }).success]).toEqual([path, false]);
  }
  const branches = (head: string): object => ({ branches: { allowed: [{ head, bases: ["main"] }] } });
  for (const head of ["release/v[0-9]*", "feature/?", "a b", "/feature"]) {
    expect([head, policy.safeParse(branches(head)).success]).toEqual([head, false]);
  }
  expect(policy.safeParse(branches("release/v*")).success).toBe(true);
  expect(coverage.safeParse({ sources: ["{{cookiecutter.slug}}/**", "src/[id].ts"] }).success).toBe(true);
});

it("a file that decides is noted also where it goes away under another name", async () => {
  const scene = sceneOf({});
  const moved = {
    before: ".github/holdfast.yml",
    kind: "renamed",
    isFile: true,
    lines: [],
    removed: 0,
  } as const;
  const pull = { ...scene.pull, changes: [{ path: "old.yml", ...moved }] };
  const found = await RULES.find(({ name }) => name === "touched")!.find({ ...scene, pull });
  expect(found.map(({ message }) => message)).toEqual(["changes the policy itself"]);
});

it("lines of one paragraph are sections each; what nobody asks for belongs to the one before", async () => {
  const plain = "What: items stay\nWhy: they were lost\nHow: local storage\nTested: by hand\nCloses: #12";
  expect(await hits("sections", { body: plain })).toEqual([]);
  expect(await hits("sections", { body: plain.replace(/: /g, ":\nNote: ") })).toEqual([]);
  expect(await hits("sections", { body: plain.replace("they were lost", "") })).toEqual([
    "the section on why is empty",
  ]);
});

it("a branch that nobody knows is told where it matters, and nowhere else", async () => {
  const head = undefined;
  const allowed = [{ head: "feature/*", bases: ["develop"] }];
  const twins = [{ head: "hotfix/*", base: "main", also: "develop" }];
  expect(await hits("branch-base", { head })).toEqual([]);
  expect(await hits("twin", { head })).toEqual([]);
  const policy = { branches: { allowed, twins } };
  expect(await hits("branch-base", { head, policy })).toEqual([
    "no branch is checked out, so that nobody can tell whether it may be merged into main",
  ]);
  expect(await hits("twin", { head, policy })).toHaveLength(1);
  expect(await hits("twin", { head, policy, base: "develop" })).toEqual([]);
  const named = sceneOf({ head, policy, body: "develop: #124" });
  expect(await RULES.find(({ name }) => name === "twin")!.find(named)).toMatchObject([
    { severity: "warning" },
  ]);
});

it("bots are asked for no description, and nobody is one by a like name", async () => {
  for (const author of ["dependabot[bot]", "renovate", "github-actions[bot]"]) {
    expect(await hits("sections", { author })).toEqual([]);
    expect(await hits("linked-issue", { author })).toEqual([]);
    expect(await hits("title", { author, title: "chore(deps): Bump a from 1.0.0 to 1.0.1" })).toEqual([]);
  }
  expect(await hits("sections", { author: "dependabot-fan" })).toHaveLength(1);
});

it("documents are asked for where declared paths change, unless a reason is given", async () => {
  const asked = { documentation: { paths: ["src/**"] } };
  const paths = ["src/a.ts"];
  expect(await hits("documentation", { paths, policy: asked })).toHaveLength(1);
  expect(await hits("documentation", { paths: ["ci/a.sh"], policy: asked })).toEqual([]);
  expect(await hits("documentation", { paths: [...paths, "docs/a.md"], policy: asked })).toEqual([]);
  const body = "## Documentation\nNothing that anybody sees.";
  expect(await hits("documentation", { paths, body, policy: asked })).toEqual([]);
});

it("what wants another look is noted with its place", async () => {
  const paths = [".github/workflows/ci.yml", ".github/holdfast.yml", "db/migrations/1_a.sql", "src/a.ts"];
  expect(await hits("touched", { paths })).toEqual([
    "changes workflows",
    "changes the policy itself",
    "changes migrations",
  ]);
});

describe("a squash of a single commit", () => {
  const title = "feat!: drop the old door";

  it("that may have another header is warned of, and refused where it has", async () => {
    const rule = RULES.find(({ name }) => name === "lost-impact")!;
    const weighs = async (merge: object): Promise<unknown[]> => {
      const found = await rule.find(sceneOf({ title, messages: ["chore: tidy"], policy: { merge } }));
      return found.map(({ severity }) => severity);
    };
    expect(await weighs({})).toEqual(["warning"]);
    expect(await weighs({ "squash-title": "commit-or-pr-title" })).toEqual([undefined]);
  });

  it.each<readonly [string, string, object, readonly string[]]>([
    ["nobody says what it is called", title, {}, ["and a squash of a single commit has its header"]],
    ["it has the commit's header", title, { "squash-title": "commit-or-pr-title" }, ["has its header"]],
    ["it has the title", title, { "squash-title": "pr-title" }, []],
    ["it has the commit's, and the title is less", "docs: a", { "squash-title": "commit-or-pr-title" }, []],
    ["nobody squashes", title, { methods: ["merge"] }, []],
  ])("when %s", async (_, called, merge, expected) => {
    const messages = [called === title ? "chore: tidy" : "feat: b"];
    const found = await hits("lost-impact", { title: called, messages, policy: { merge } });
    expect(found).toEqual(expected.map((each) => expect.stringContaining(each)));
  });

  it("keeps a footer of the description where that is written below it", async () => {
    const body = "BREAKING CHANGE: the old door is gone";
    const given = (merge: object): object => ({
      title: "fix: a",
      messages: ["fix: a"],
      body,
      policy: { merge },
    });
    expect(await hits("lost-impact", given({}))).toHaveLength(1);
    expect(await hits("lost-impact", given({ "squash-body": "description" }))).toEqual([]);
  });
});

it("a header has room for the number that a squash writes behind it", async () => {
  const messageRules = defaultRules(["fix"], undefined);
  const find = async (length: number, given: Given): Promise<readonly Hit[]> => {
    const title = `fix: ${"a".repeat(length - 5)}`;
    const rule = RULES.find(({ name }) => name === "title")!;
    return await rule.find({ ...sceneOf({ title, messages: ["fix: a"], ...given }), messageRules });
  };
  expect(await find(93, { number: 123 })).toEqual([]);
  expect(await find(94, { number: 123 })).toEqual([
    { message: expect.stringContaining('behind which a squash writes " (#123)"') },
  ]);
  expect(await find(95, { number: 123, policy: { merge: { methods: ["merge"] } } })).toEqual([]);
  // Too long by itself it is told once.
  expect(await find(101, { number: 123 })).toHaveLength(1);
  expect(await find(95, {})).toEqual([]);
  expect(await find(96, {})).toEqual([expect.objectContaining({ severity: "warning" })]);
});

it.each([
  ["BREAKING CHANGES: the old door is gone", 1],
  ["- BREAKING CHANGE: the old door is gone", 1],
  ["**BREAKING CHANGE**: the old door is gone", 1],
  ["breaking-change footers that were there.", 1],
  ["BREAKING CHANGE: the old door is gone", 0],
  ["There are BREAKING CHANGES: none", 0],
])("a line of a message that is nearly a footer is warned of: %s", async (line, count) => {
  const rule = RULES.find(({ name }) => name === "commits")!;
  const found = await rule.find(sceneOf({ messages: [`docs: a\n\nIn place of the\n${line}`] }));
  expect(found.map(({ severity }) => severity)).toEqual(Array.from({ length: count }, () => "warning"));
});

it("an issue that the template has as its example is none", async () => {
  const rule = RULES.find(({ name }) => name === "linked-issue")!;
  const scene = { ...sceneOf({ body: "## Issue\n- Closes #123" }), template: ["Closes #123"] };
  expect(await rule.find(scene)).toHaveLength(1);
  expect(await rule.find({ ...scene, template: ["Closes #"] })).toEqual([]);
});

it("a heading stands for two sections at most, and what is a table's head alone says nothing", async () => {
  const text = "It keeps items.";
  expect(await hits("sections", { body: `## What, why, how and testing\n${text}` })).toEqual([
    "the heading of how stands for 2 other sections already",
    "the heading of testing evidence stands for 2 other sections already",
  ]);
  expect(await hits("sections", { body: `## What and why\n${text}\n## How and testing\n${text}` })).toEqual(
    [],
  );
  const rest = `## How and testing\n${text}\n## How it was\n${text}`;
  expect(await hits("sections", { body: `## What and why\n${text}\n${rest}` })).toEqual([]);
  const table = (rows: string): string => `## What and why\n${text}\n## How\n${text}\n## Testing\n${rows}`;
  const head = "| browser | result |\n|---|:-:|\n";
  expect(await hits("sections", { body: table(head) })).toEqual(["the section on testing evidence is empty"]);
  expect(await hits("sections", { body: table(`${head}|  |  |`) })).toHaveLength(1);
  expect(await hits("sections", { body: table(`${head}| Firefox | well |`) })).toEqual([]);
});

it("headings may be HTML, as GitHub shows them", async () => {
  const html = ["What", "Why", "How", "Testing"].map(
    (each) => `<h2 align="left">${each}</h2>\n\nIt is so.\n`,
  );
  expect(await hits("sections", { body: html.join("\n") })).toEqual([]);
  expect(await hits("sections", { body: html.join("\n").replaceAll("\n\n", "\n") })).toEqual([]);
  const hidden = html.join("\n").replace(/<h2[^>]*>Why<\/h2>/, "<!--\n$&\n-->");
  expect(await hits("sections", { body: hidden })).toEqual([
    NO_WHY.replace("why …", "why, motivation, reason …"),
  ]);
});

it("under a heading of choices one ticked box is enough, and elsewhere every box is asked", async () => {
  const policy = { description: { choices: ["type of change"] } };
  const body = (tick: string): string =>
    `## Type of change\n- [${tick}] fix\n- [ ] feature\n\n## Before merging\n- [x] read\n- [ ] tried`;
  const tried = 'line 7 of the description is not ticked: "tried"';
  expect(await hits("checklist", { body: body("x"), policy })).toEqual([tried]);
  expect(await hits("checklist", { body: body(" "), policy })).toHaveLength(3);
  expect(await hits("checklist", { body: body("x") })).toHaveLength(2);
});

it("one box is to be ticked of all below a heading of choices, up to the next heading like it", async () => {
  const policy = { description: { choices: ["type of change"] } };
  const unticked = (body: string): Promise<readonly string[]> => hits("checklist", { body, policy });
  const told = (line: number, text: string): string =>
    `line ${line} of the description is not ticked: "${text}"`;
  const kinds = "## Type of change\n\n### Code\n- [x] fix\n- [ ] feature\n\n### Other\n- [ ] docs\n\n";
  expect(await unticked(kinds)).toEqual([]);
  expect(await unticked(kinds.replace("[x]", "[ ]"))).toHaveLength(3);
  for (const next of ["## Before merging", "# Before merging", "<h2>Before merging</h2>"]) {
    expect(await unticked(`${kinds}${next}\n\n- [ ] tried`)).toEqual([told(12, "tried")]);
  }
  expect(await unticked("### Type of change\n- [x] fix\n## Other\n### Code\n- [ ] a")).toEqual([
    told(5, "a"),
  ]);
  // A choice within a choice is one of its own.
  expect(await unticked(`${kinds}### Type of change in the API\n- [ ] none\n`)).toEqual([told(11, "none")]);
  // Words that lead to the boxes are no heading; those behind some are the next one's.
  const led = "## Type of change\n\nPick one:\n\n- [x] fix\n- [ ] feature\n";
  expect(await unticked(led)).toEqual([]);
  expect(await unticked(`${led}\n**Checklist**\n\n- [ ] tried`)).toEqual([told(10, "tried")]);
});

it("an account that the settings name is a bot", async () => {
  const policy = { bots: ["Acme-Updates"] };
  expect(await hits("sections", { author: "acme-updates", policy })).toEqual([]);
  expect(await hits("sections", { author: "acme-updates" })).toHaveLength(1);
  expect(await hits("sections", { author: "acme-updates-2", policy })).toHaveLength(1);
});

it("an account that looks like a program's is told of, and judged as a person", async () => {
  const note = expect.stringMatching(/^acme-updates is judged as a person; .*`policy.bots`/);
  const given = { author: "acme-updates", head: "renovate/a-2.x" };
  expect(undeclaredPrograms([sceneOf(given), sceneOf(given)])).toEqual([note]);
  expect(await hits("sections", given)).toHaveLength(1);
  expect(undeclaredPrograms([sceneOf({ author: "acme-renovate" })])).toHaveLength(1);
  expect(undeclaredPrograms([sceneOf({ author: "acme-bot" })])).toHaveLength(1);
  expect(undeclaredPrograms([sceneOf({ ...given, policy: { bots: ["acme-updates"] } })])).toEqual([]);
  for (const author of ["ada", "abbott", "renovate[bot]", "dependabot[bot]"]) {
    expect(undeclaredPrograms([sceneOf({ author })])).toEqual([]);
  }
});

it.each(["@acme", "acme*", "app/dependabot", "", "acme updates", "dependabot[bot"])(
  "%j is no account that the settings can name",
  (name) => {
    expect(policy.safeParse({ bots: [name] }).success).toBe(false);
  },
);

it("a bot's title without a type is refused with what would change it", async () => {
  const rule = RULES.find(({ name }) => name === "title")!;
  const messageRules = defaultRules(["fix"], undefined);
  const scene = sceneOf({ author: "dependabot[bot]", title: "Bump a from 1 to 2" });
  expect(await rule.find({ ...scene, messageRules })).toMatchObject([
    { fix: expect.stringContaining("commit-message: { prefix: chore }") },
  ]);
});
