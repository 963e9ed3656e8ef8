import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { ForgeIssue } from "../../ports/forge-issues.ts";
import { closeTwin, markedIssues, openMarked } from "../../ports/marked-issues.ts";
import type { Ports } from "../../ports/ports.ts";
import { digest } from "./digest.ts";
import { isSameState, issueText, MARK, told, type Audit } from "./issue-text.ts";

/** The parsed inputs of `holdfast protect-issue`. */
export interface ProtectIssueInputs {
  readonly audit: string | undefined;
  readonly label: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
}

/** What was done with the one issue. */
type Did = "opened" | "updated" | "closed" | "nothing";

/**
 * `holdfast protect-issue`: what an audit found stands in one issue, which is opened, kept up to date and
 * closed. What could not be seen, or asked, keeps it open. A comment, of which people are told, comes before
 * the text is written anew: a run that ends between the two says a thing twice and never not at all.
 */
export async function runProtectIssue(
  inputs: ProtectIssueInputs,
  ports: Pick<Ports, "openForge" | "log" | "run">,
): Promise<Outcome> {
  const audit = auditOf(inputs.audit);
  const { repository, issues } = await ports.openForge(inputs.repository, inputs.token);
  const known = { label: inputs.label, mark: MARK };
  const [first, ...twins] = await markedIssues(issues, known, "open");
  for (const twin of twins) await closeTwin(issues, twin, first!);
  const run = ports.run.url ?? undefined;
  const isGood = audit?.verdict === "equal" && audit.errors.length === 0;
  if (isGood) {
    if (first === undefined) return outcomeOf("nothing", undefined, repository);
    await issues.comment(first.number, `All is as declared again.${run === undefined ? "" : ` (${run})`}`);
    await issues.close(first.number, "completed");
    return outcomeOf("closed", first, repository);
  }
  const text = issueText(audit, repository, run);
  if (first === undefined) {
    const about = "What the audit of branch protection keeps";
    const { issue, isNew } = await openMarked(issues, known, text, about, "open");
    return outcomeOf(isNew ? "opened" : "updated", issue, repository);
  }
  if (!isSameState(first.body, audit)) {
    await issues.comment(first.number, `It is otherwise now. ${told(audit, repository)}`);
  }
  await issues.rewrite(first.number, text);
  return outcomeOf("updated", first, repository);
}

/** Empty: the audit ended without an answer, which is told and closes nothing. */
function auditOf(text: string | undefined): Audit {
  if (text === undefined) return undefined;
  try {
    return digest.parse(JSON.parse(text));
  } catch (error) {
    throw new HoldfastError("input.malformed", "audit is not what `protect` gives as its output `digest`", {
      hint: "Pass that output on as it is, or nothing where the audit ended without one.",
      cause: error,
    });
  }
}

function outcomeOf(did: Did, issue: ForgeIssue | undefined, repository: string): Outcome {
  const number = issue === undefined ? "" : ` #${issue.number}`;
  return {
    exit: EXIT.done,
    outputs: { did, issue: issue?.number ?? null, url: issue?.url ?? null },
    report: {
      good: true,
      headline:
        did === "nothing"
          ? `all is as declared at ${repository}, and no issue says otherwise`
          : `issue${number} of ${repository} was ${did}`,
      tables: [],
      notes: issue === undefined ? [] : [issue.url],
    },
  };
}
