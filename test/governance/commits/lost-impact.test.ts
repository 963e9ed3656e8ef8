import { expect, it } from "@jest/globals";
import { lostImpact, type PolicyCommit } from "../../../src/governance/commits/lost-impact.ts";

const id = (at: number): string => String(at).padStart(40, "a0");

const commits = (...messages: readonly string[]): PolicyCommit[] =>
  messages.map((message, at) => {
    const undone = [...message.matchAll(/This reverts commit ([0-9a-f]{40})/g)].map(([, hash]) => hash!);
    return { id: id(at), message, isMerge: message.startsWith("Merge "), undoes: undone };
  });

const reverts = (at: number, header: string): string =>
  `Revert "${header}"\n\nThis reverts commit ${id(at)}.`;

/** The title that would be right; undefined where the one there is. */
const right = (title: string, messages: readonly string[], body = ""): string | undefined =>
  lostImpact(title, { title, body, commits: commits(...messages) })?.title;

it.each<readonly [string, string, readonly string[], string | undefined]>([
  ["keeps a feature under its own title", "feat: x", ["feat: x"], undefined],
  ["loses a feature under a fix", "fix: x", ["fix: a", "feat(cart): b"], "feat: x"],
  ["keeps the title's scope", "fix(pay): x", ["feat(cart): b"], "feat(pay): x"],
  ["loses a breaking mark under a feature", "feat: x", ["feat!: a"], "feat!: x"],
  ["loses a footer of a commit", "feat: x", ["fix: a\n\nBREAKING CHANGE: b"], "feat!: x"],
  ["loses a footer with a hyphen", "feat: x", ["fix: a\r\n\r\nBREAKING-CHANGE: b"], "feat!: x"],
  ["takes the type of what breaks for a title of none", "Cart", ["feat!: a"], "feat!: Cart"],
  ["keeps what a breaking title has", "refactor!: x", ["feat!: a", "fix: b"], undefined],
  ["asks for a fix under chores", "chore: x", ["fix: a"], "fix: x"],
  [
    "counts no title below a merge",
    "fix: x",
    ["fix: a", "Merge pull request #1 from a/b\n\nfeat!: c"],
    undefined,
  ],
  [
    "loses what a merge says itself",
    "fix: x",
    ["fix: a", "Merge branch 'b'\n\nBREAKING CHANGE: c"],
    "fix!: x",
  ],
  [
    "lets a commit and its revert be nothing",
    "fix: x",
    ["feat!: a", reverts(0, "feat!: a"), "fix: b"],
    undefined,
  ],
  [
    "counts again what a revert of the revert brings back",
    "fix: x",
    ["feat!: a", reverts(0, "a"), reverts(1, "b")],
    "fix!: x",
  ],
  ["finds nothing in a pull request without commits", "fix: x", [], undefined],
])("a squash %s", (_, title, messages, expected) => {
  expect(right(title, messages)).toBe(expected);
});

it("a footer in the description counts as a commit's does, and in a sentence as none", () => {
  expect(right("fix: x", ["fix: a"], "What it does.\n\nBREAKING CHANGE: the old cart is gone")).toBe(
    "fix!: x",
  );
  expect(right("fix: x", ["fix: a"], "There is no BREAKING CHANGE: nobody used it")).toBeUndefined();
});

it("what a commit only says that it takes back counts", () => {
  const said = commits("feat!: a", `docs: b\n\nThis reverts commit ${id(0)}.`);
  const asking = { title: "docs: b", body: "" };
  expect(lostImpact("docs: b", { ...asking, commits: said })).toBeUndefined();
  const unproved = said.map(({ undoes: _, ...each }) => each);
  expect(lostImpact("docs: b", { ...asking, commits: unproved })?.title).toBe("docs!: b");
});

it("a squash that has the commit's header loses what the title alone asks for", () => {
  const asking = { title: "feat!: drop the old door", body: "", commits: commits("chore: tidy") };
  expect(lostImpact("chore: tidy", asking)).toMatchObject({
    impact: "major",
    by: 'the title, "feat!: drop the old door"',
    title: "feat!: drop the old door",
  });
  expect(lostImpact("chore!: tidy", asking)).toBeUndefined();
});
