import { HoldfastError } from "../../kernel/errors.ts";
import type { Ports } from "../../ports/ports.ts";
import type { PullRequestEvent } from "../../ports/pull-request-event.ts";
import type { SourceHistory, SourceRange } from "../../ports/source-history.ts";
import type { SourceTree } from "../../ports/source-tree.ts";

/** The parsed inputs of `holdfast pr-policy`. */
export interface PrPolicyInputs {
  readonly local: boolean;
  readonly base: string | undefined;
  readonly branch: string | undefined;
  readonly title: string | undefined;
  readonly titleFile: string | undefined;
  readonly bodyFile: string | undefined;
  readonly coverage: readonly string[];
  readonly settings: string;
}

/** What judging needs of the outside. */
export type PolicyPorts = Pick<Ports, "sourceHistory" | "sourceTree" | "pullRequestEvent" | "log" | "clock">;

/** What is to be judged. */
export interface PolicyRequest {
  readonly history: SourceHistory;
  readonly range: SourceRange;
  /** Undefined: that of the only commit. */
  readonly title: string | undefined;
  readonly body: string;
  readonly head: string | undefined;
  readonly base: string;
  /** What the event says beyond that; undefined before there is a pull request. */
  readonly event: PullRequestEvent | undefined;
  readonly reports: readonly string[];
  readonly settings: string;
}

/**
 * @throws input.missing, input.conflict; source.*
 */
export async function parsePolicyRequest(inputs: PrPolicyInputs, ports: PolicyPorts): Promise<PolicyRequest> {
  const history = await ports.sourceHistory(".");
  const tree = await ports.sourceTree();
  const event = inputs.local ? undefined : await ports.pullRequestEvent();
  const common = { history, event, reports: inputs.coverage, settings: inputs.settings };
  if (event !== undefined) {
    const given = [inputs.title, inputs.titleFile, inputs.bodyFile, inputs.branch].some(
      (each) => each !== undefined,
    );
    if (given) {
      throw new HoldfastError(
        "input.conflict",
        "a title, description or branch is given, and the event has them",
        {
          hint: "Leave them out, or say --local to judge what is given instead.",
        },
      );
    }
    // The event's own base goes stale; the remote's branch is what it will be merged into.
    const range = { base: inputs.base ?? `origin/${event.base.branch}`, head: event.head.commit };
    const { title, body } = event;
    return { ...common, range, title, body, head: event.head.branch, base: event.base.branch };
  }
  const base = inputs.base ?? (await tree.defaultBase("."));
  if (base === undefined) {
    throw new HoldfastError("input.missing", "it is not known what this will be merged into", {
      hint: "Give the branch with --base, such as --base origin/main.",
    });
  }
  return {
    ...common,
    range: { base, head: "HEAD" },
    title: await titleOf(inputs, tree),
    body: inputs.bodyFile === undefined ? "" : (await tree.file(inputs.bodyFile)).toString("utf8"),
    head: inputs.branch ?? (await history.branch()),
    base: base.replace(/^refs\/(?:heads|remotes)\//, "").replace(/^origin\//, ""),
  };
}

/** A file ends its line, and a title is one line. */
async function titleOf(
  { title, titleFile }: PrPolicyInputs,
  tree: Pick<SourceTree, "file">,
): Promise<string | undefined> {
  if (titleFile === undefined) return title;
  if (title !== undefined) {
    throw new HoldfastError("input.conflict", "--title and --title-file are both given", {
      hint: "Leave one of them out.",
    });
  }
  const text = (await tree.file(titleFile)).toString("utf8").replace(/^\uFEFF|\r?\n$/g, "");
  if (text.trim() !== "" && !/[\r\n]/.test(text)) return text;
  const why = text.trim() === "" ? "is empty" : "is more than one line";
  throw new HoldfastError("input.malformed", `the title in ${titleFile} ${why}`, {
    hint: "Write the title into it, and nothing else.",
  });
}
