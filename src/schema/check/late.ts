import type { Chain } from "../proof/chain.ts";
import { compareStates, isOnlyOrder } from "../proof/compare-states.ts";
import { provePair } from "../proof/prove-pair.ts";
import type { PairProof } from "../proof/verdict.ts";
import type { Finding } from "./finding.ts";
import type { CheckedMigration, CheckPlan } from "./plan.ts";
import { describeDifference } from "../proof/told-difference.ts";
import { toldFailure } from "../shadow/run-script.ts";

/** What a check has found of late files in the order of their versions, and what it needs to go on. */
export interface InOrder {
  readonly chain: Chain;
  readonly pairs: readonly { readonly checked: CheckedMigration; readonly proof: PairProof }[];
  /** Milliseconds that have passed, for the statements' times. */
  readonly elapsed: () => number;
}

const HINT = "Rename it, and its rollback, to a version after the newest merged one.";

/**
 * A file that comes before merged ones is applied after them where those are applied already, and before
 * them everywhere else. That is only well where both orders end alike, and where its rollback, which is
 * carried out in front of all of them, leaves theirs alone.
 */
export async function triedLate(plan: CheckPlan, inOrder: InOrder): Promise<Finding[]> {
  const { chain } = inOrder;
  const merged = plan.migrations.filter((each) => each.merged);
  const fresh = plan.migrations.filter((each) => !each.merged);
  const newest = merged.at(-1)?.migration.forward.file ?? "what is merged";
  const about = (checked: CheckedMigration, message: string, object?: string): Finding => ({
    rule: "late-file",
    level: "error",
    file: checked.migration.forward.file,
    line: 1,
    ...(object === undefined ? {} : { object }),
    message: `comes before ${newest}, which is merged${message}`,
    hint: HINT,
  });
  await using other = await chain.beside();
  for (const { forward, migration } of merged) {
    const failure = await other.apply(forward);
    if (failure === undefined) continue;
    // It does so without the late ones too, or needs one of them: either way nobody has to rename it.
    return fresh
      .filter(({ late }) => late)
      .map((each) => ({
        ...about(
          each,
          `; the other order could not be tried, because ${migration.forward.file} does not go through ` +
            `there: ${toldFailure(failure)}`,
        ),
        level: "warning" as const,
      }));
  }
  const worse: Finding[] = [];
  for (const checked of fresh) {
    if (checked.late) {
      const { proof } = await provePair(other, checked, inOrder.elapsed);
      const before = inOrder.pairs.find((pair) => pair.checked === checked)?.proof;
      const [first] = proof.differences;
      // Where its forward script is what fails, that is told below.
      if (isSound(before) && !isSound(proof) && first !== undefined) {
        const what = `${first.object} ${first.message}`.trim();
        const said =
          proof.verdict === "failed"
            ? `: taken back after it, as it would be, it cannot be: ${what}`
            : `: taken back after it, its rollback does more than to undo it: ${what}`;
        worse.push(about(checked, said, first.object));
      }
    }
    const failure = await other.apply(checked.forward);
    if (failure !== undefined) {
      return [
        about(checked, `: applied after it, as it will be, it does not go through: ${toldFailure(failure)}`),
      ];
    }
  }
  if (worse.length > 0) return worse;
  const [first] = fresh.filter(({ late }) => late);
  const noise = await chain.noise();
  const [difference] = compareStates(await chain.state(), await other.state()).filter(
    (each) =>
      !isOnlyOrder(each) &&
      !noise.has(each.object) &&
      !(each.change === "changed" && each.fields.every(({ name }) => noise.has(`${each.object}\0${name}`))),
  );
  if (difference === undefined) {
    return [
      {
        ...about(first!, "; both orders lead to the same schema, as was tried"),
        level: "note",
        hint: "Nothing has to be done; a version after the newest merged one would be plainer.",
      },
    ];
  }
  const words = describeDifference(difference, {
    missing: "is missing when it comes last",
    extra: "is there only when it comes last",
  });
  return [
    about(
      first!,
      `, and the two orders lead to different schemas: ${difference.object} ${words}`,
      difference.object,
    ),
  ];
}

function isSound(proof: PairProof | undefined): boolean {
  return proof !== undefined && (proof.verdict === "proved" || proof.verdict === "column-order");
}
