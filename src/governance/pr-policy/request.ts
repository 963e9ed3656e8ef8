import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { isSafeAddress } from "../../kernel/safe-address.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { AdvisorySource } from "../../ports/advisory-source.ts";
import type { Forge } from "../../ports/forge.ts";
import type { Ports } from "../../ports/ports.ts";
import type { MergeGroupEvent, PullRequestEvent } from "../../ports/pull-request-event.ts";
import type { SourceHistory, SourceRange } from "../../ports/source-history.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { settingsPath } from "./base-settings.ts";

/** The parsed inputs of `holdfast pr-policy`. */
export interface PrPolicyInputs {
  readonly local: boolean;
  readonly judge: "all" | "all-but-coverage" | "coverage";
  readonly base: string | undefined;
  readonly branch: string | undefined;
  readonly title: string | undefined;
  readonly titleFile: string | undefined;
  readonly bodyFile: string | undefined;
  readonly coverage: readonly string[];
  readonly settings: string;
  readonly token: Secret | undefined;
  readonly audit: boolean;
  readonly auditRegistry: string;
}

/** What judging needs of the outside. */
export type PolicyPorts = Pick<
  Ports,
  | "openAdvisories"
  | "sourceHistory"
  | "sourceTree"
  | "pullRequestEvent"
  | "mergeGroupEvent"
  | "openForge"
  | "log"
  | "clock"
>;

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
  /** The merge group, whose pull requests are found again; undefined where this is none. */
  readonly group: MergeGroupEvent | undefined;
  /** Undefined where there is no token, and where nothing is to be asked. */
  readonly forge: Forge | undefined;
  readonly judge: PrPolicyInputs["judge"];
  /** Who is asked for known vulnerabilities; undefined where nobody is. */
  readonly advisories: AdvisorySource | undefined;
  readonly reports: readonly string[];
  /** Whether nobody said --local, and there is no pull request to judge instead. */
  readonly isUnasked: boolean;
  readonly settings: string;
}

/**
 * @throws input.missing, input.conflict; source.*
 */
export async function parsePolicyRequest(inputs: PrPolicyInputs, ports: PolicyPorts): Promise<PolicyRequest> {
  const history = await ports.sourceHistory(".");
  const tree = await ports.sourceTree();
  const [event, group] = inputs.local ? [] : [await ports.pullRequestEvent(), await ports.mergeGroupEvent()];
  const { judge } = inputs;
  if (judge === "all-but-coverage" && inputs.coverage.length > 0) {
    throw new HoldfastError("input.conflict", "coverage is given, and is not to be judged", {
      hint: "Leave the reports out, or say --judge all.",
    });
  }
  const forge =
    event === undefined && group === undefined ? undefined : await openForge(inputs, ports, group);
  const advisories = inputs.audit ? await ports.openAdvisories(registryOf(inputs)) : undefined;
  const common = {
    history,
    event,
    group,
    forge,
    judge,
    advisories,
    reports: inputs.coverage,
    settings: settingsPath(inputs.settings),
  };
  if (group !== undefined || event !== undefined) refuseTexts(inputs);
  if (group !== undefined) {
    // Another group before this one is not on the branch yet.
    const range = { base: group.base.commit, head: group.commit };
    return {
      ...common,
      isUnasked: false,
      range,
      title: "",
      body: "",
      head: undefined,
      base: group.base.branch,
    };
  }
  if (event !== undefined) {
    // The event's own base goes stale; the remote's branch is what it will be merged into. Tests run on what
    // is checked out, which is already merged with that, and reports speak of its lines.
    const head = judge === "coverage" ? "HEAD" : event.head.commit;
    const range = { base: inputs.base ?? `origin/${event.base.branch}`, head };
    const { title, body } = event;
    const { branch } = event.head;
    return { ...common, isUnasked: false, range, title, body, head: branch, base: event.base.branch };
  }
  const base = inputs.base ?? (await tree.defaultBase("."));
  if (base === undefined) {
    throw new HoldfastError("input.missing", "it is not known what this will be merged into", {
      hint:
        "Give the branch with --base, such as --base origin/main. " +
        (inputs.local
          ? "Without --base it is the remote's main branch, which git does not know here."
          : "In a job of a pull request its event tells; outside of one say --local."),
    });
  }
  return {
    ...common,
    isUnasked: !inputs.local,
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
  if (titleFile === undefined) {
    if (title === undefined || !/[\r\n]/.test(title)) return title;
    throw noTitle("--title", "is more than one line");
  }
  if (title !== undefined) {
    throw new HoldfastError("input.conflict", "--title and --title-file are both given", {
      hint: "Leave one of them out.",
    });
  }
  const text = (await tree.file(titleFile)).toString("utf8").replace(/^\uFEFF|\r?\n$/g, "");
  if (text.trim() !== "" && !/[\r\n]/.test(text)) return text;
  const why = text.trim() === "" ? "is empty" : "is more than one line";
  throw noTitle(titleFile, why);
}

function noTitle(where: string, why: string): HoldfastError {
  return new HoldfastError("input.malformed", `the title in ${where} ${why}`, {
    hint: "Write the title into it, and nothing else.",
  });
}

function refuseTexts({ title, titleFile, bodyFile, branch }: PrPolicyInputs): void {
  if ([title, titleFile, bodyFile, branch].every((each) => each === undefined)) return;
  throw new HoldfastError(
    "input.conflict",
    "a title, description or branch is given, and the event has them",
    { hint: "Leave them out, or say --local to judge what is given instead." },
  );
}

/** What is asked about is told to whoever listens, so it goes by https, or stays on this machine. */
function registryOf({ auditRegistry }: PrPolicyInputs): string {
  if (isSafeAddress(auditRegistry)) return auditRegistry;
  throw new HoldfastError("input.malformed", `--audit-registry is no address by https: ${auditRegistry}`, {
    hint: "Give the registry's address, such as https://registry.npmjs.org, without a user name.",
  });
}

/** A merge group names no pull request, so there is nothing to judge without asking. */
async function openForge(
  { judge, token }: PrPolicyInputs,
  ports: PolicyPorts,
  group: MergeGroupEvent | undefined,
): Promise<Forge | undefined> {
  if (judge === "coverage") return undefined;
  try {
    return await ports.openForge(undefined, token);
  } catch (error) {
    if (group === undefined && isHoldfastError(error, "input.missing")) return undefined;
    throw error;
  }
}
