import { Chain } from "../proof/chain.ts";
import { compareStates, describeDifference, isOnlyOrder } from "../proof/compare-states.ts";
import type { Shadow } from "../shadow/shadow.ts";
import type { Finding } from "./finding.ts";
import type { CheckPlan } from "./plan.ts";

/**
 * A file that comes before merged ones is applied after them where those are applied already, and before
 * them everywhere else. That is only well where both
 * orders end alike.
 */
export async function triedLate(
  plan: CheckPlan,
  chain: Chain,
  shadow: Shadow,
  prelude: string | undefined,
): Promise<Finding[]> {
  const late = plan.migrations.filter((each) => each.late);
  const [first] = late;
  const newest = plan.migrations.findLast((each) => !each.judged);
  const place = { file: first!.migration.forward.file, line: 1 };
  const merged = newest?.migration.forward.file ?? "what is merged";
  await using other = await Chain.open(shadow, prelude);
  for (const { forward } of [
    ...plan.migrations.filter((each) => !each.judged),
    ...plan.migrations.filter((each) => each.judged),
  ]) {
    const failure = await other.apply(forward);
    if (failure !== undefined && plan.migrations.some((each) => each.judged && each.forward === forward)) {
      return [
        {
          ...place,
          rule: "late-file",
          level: "error",
          message:
            `comes before ${merged}, which is merged: applied after it, as it will be, it does not go ` +
            `through: ${failure.message}`,
          hint: "Rename it, and its rollback, to a version after the newest merged one.",
        },
      ];
    }
  }
  const differences = compareStates(await chain.state(), await other.state()).filter(
    (each) => !isOnlyOrder(each),
  );
  if (differences.length === 0) {
    return [
      {
        ...place,
        rule: "late-file",
        level: "note",
        message: `comes before ${merged}, which is merged; both orders lead to the same schema, as was tried`,
        hint: "Nothing has to be done; a version after the newest merged one would be plainer.",
      },
    ];
  }
  const [difference] = differences;
  return [
    {
      ...place,
      rule: "late-file",
      level: "error",
      object: difference!.object,
      message:
        `comes before ${merged}, which is merged, and the two orders lead to different schemas: ` +
        `${difference!.object} ` +
        describeDifference(difference!, {
          missing: "is missing when it comes last",
          extra: "is there only when it comes last",
        }),
      hint: "Rename it, and its rollback, to a version after the newest merged one.",
    },
  ];
}
