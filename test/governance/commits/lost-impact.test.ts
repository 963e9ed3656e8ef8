import { expect, it } from "@jest/globals";
import { lostImpact, type PolicyCommit } from "../../../src/governance/commits/lost-impact.ts";

const id = (at: number): string => String(at).padStart(40, "a0");

const commits = (...messages: readonly string[]): PolicyCommit[] =>
  messages.map((message, at) => ({ id: id(at), message, isMerge: message.startsWith("Merge ") }));

const reverts = (at: number, header: string): string =>
  `Revert "${header}"\n\nThis reverts commit ${id(at)}.`;

/** The title that would be right; undefined where the one there is. */
const right = (title: string, messages: readonly string[], body = ""): string | undefined =>
  lostImpact(title, body, commits(...messages))?.title;

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
  ["counts no merge commit", "fix: x", ["fix: a", "Merge pull request #1 from a/b\n\nfeat!: c"], undefined],
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
