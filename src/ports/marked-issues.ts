import { HoldfastError } from "../kernel/errors.ts";
import type { ForgeIssue, ForgeIssues, IssueText } from "./forge-issues.ts";

/** By what issues of ours are known again. */
export interface IssueMark {
  readonly label: string;
  /** What their text begins with: a comment that people do not see. */
  readonly mark: string;
}

/** One that is there for everybody who looks. */
export interface KeptIssue {
  readonly issue: ForgeIssue;
  /** Whether it is the one that was opened just now. */
  readonly isNew: boolean;
}

/**
 * Those with label and mark, by a program or somebody of the repository; the oldest first.
 *
 * @throws forge.untold where issues are not shown
 */
export async function markedIssues(
  issues: ForgeIssues,
  { label, mark }: IssueMark,
  states: "open" | "all",
): Promise<readonly ForgeIssue[]> {
  const answer = await issues.labelled(label, states);
  if (answer.kind !== "found") {
    const { why, permission } =
      answer.kind === "hidden" ? answer : { why: "it is not there", permission: "" };
    throw new HoldfastError("forge.untold", `GitHub does not show its issues to this token: ${why}`, {
      hint: `Give the token '${permission}'; in a workflow the job needs \`permissions: issues: write\`.`,
    });
  }
  return answer.value
    .filter(({ isOurs, body }) => isOurs && body.startsWith(mark))
    .sort((a, b) => a.number - b.number);
}

/**
 * Opens one where none was found. There is no transaction around a list of issues: another run may have
 * looked at the same moment, and of two that both look again the younger gives way.
 *
 * @param about what the label says of itself, where it has to be made
 */
export async function openMarked(
  issues: ForgeIssues,
  known: IssueMark,
  text: IssueText,
  about: string,
  states: "open" | "all",
): Promise<KeptIssue> {
  await issues.ensureLabel({ name: known.label, text: about });
  const opened = await issues.open(text, known.label);
  const [oldest = opened] = await markedIssues(issues, known, states);
  if (oldest.number >= opened.number) return { issue: opened, isNew: true };
  await closeTwin(issues, opened, oldest);
  return { issue: oldest, isNew: false };
}

/** Closes one that says what another says already. */
export async function closeTwin(issues: ForgeIssues, twin: ForgeIssue, first: ForgeIssue): Promise<void> {
  await issues.comment(twin.number, `#${first.number} says the same; that one is kept.`);
  await issues.close(twin.number, "not-planned");
}
