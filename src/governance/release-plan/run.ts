import { HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { readBasis } from "../versions/basis.ts";
import { nextRelease } from "../versions/next-release.ts";
import { buildOf } from "../versions/build.ts";
import { linkable } from "../versions/linkable.ts";
import { readReleaseSettings } from "../versions/read-settings.ts";
import { shallow } from "../versions/shallow.ts";
import { outcomeOf } from "./report.ts";
import { tagsAtForge } from "./tags-at-forge.ts";

/** The parsed inputs of `holdfast release plan`. */
export interface ReleasePlanInputs {
  readonly branch: string | undefined;
  readonly settings: string;
  readonly offline: boolean;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
}

export type ReleasePlanPorts = Pick<
  Ports,
  "sourceTree" | "sourceHistory" | "sourceRefs" | "releaseCalculation" | "openForge" | "log" | "variable"
>;

/** `holdfast release plan`: see src/commands/governance/release-plan.ts. */
export async function runReleasePlan(inputs: ReleasePlanInputs, ports: ReleasePlanPorts): Promise<Outcome> {
  const [history, refs] = await Promise.all([ports.sourceHistory("."), ports.sourceRefs(".")]);
  const settings = await readReleaseSettings(await ports.sourceTree(), inputs.settings, history);
  const branch = inputs.branch ?? (await history.branch());
  if (branch === undefined) {
    throw new HoldfastError("input.missing", "no branch is checked out, and none was named", {
      hint: "Name the branch that would be released with --branch.",
    });
  }
  if (await refs.isShallow()) throw shallow();
  const head = await headOf(branch, await history.branch(), refs);
  ports.log.stage(`working out what ${branch} would release`);
  const basis = await readBasis(branch, settings, { refs, history }, head === undefined ? {} : { head });
  const calculate = await ports.releaseCalculation();
  const url = linkable(await refs.remoteUrl("origin"));
  const found = await nextRelease(basis, settings, { refs, calculate }, url);
  const build = await buildOf(basis.head, refs, ports.variable);
  if (inputs.offline) return outcomeOf(found, build);
  ports.log.stage("asking GitHub whether a tag is missing here");
  const here = [...basis.reachable, ...basis.elsewhere];
  const { problems, warnings } = await tagsAtForge(here, settings, inputs, ports);
  const all = {
    ...found,
    problems: [...problems, ...found.problems],
    warnings: [...found.warnings, ...warnings],
  };
  return outcomeOf(all, build);
}

/**
 * The commit that a branch is on where another one is checked out: the checkout's own, else that of `origin`.
 * Undefined where what is checked out is meant, which without any branch is whatever it is called.
 */
async function headOf(
  branch: string,
  checkedOut: string | undefined,
  refs: SourceRefs,
): Promise<string | undefined> {
  if (checkedOut === undefined || checkedOut === branch) return undefined;
  const named = (await refs.branches()).filter(({ name }) => name === branch);
  const found =
    named.find(({ remote }) => remote === undefined) ?? named.find(({ remote }) => remote === "origin");
  if (found !== undefined) return found.commit;
  throw new HoldfastError(
    "input.conflict",
    `this checkout has no branch ${branch}, and is on ${checkedOut}`,
    {
      hint: "Run `git fetch origin`, and again; or leave --branch out for what is checked out.",
    },
  );
}
