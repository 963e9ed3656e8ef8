import { quantity } from "../../../kernel/quantity.ts";
import type { Beyond } from "../../coverage/measure.ts";
import type { CoverageRule } from "./coverage-rule.ts";
import type { Hit } from "./rule.ts";

export const coverageStale: CoverageRule = {
  name: "coverage-stale",
  severity: "error",
  problem: "A report of another commit speaks of other lines.",
  solution: "Make the report of this commit.",
  find({ found }) {
    const [changed, others] = [true, false].map((is) =>
      (found?.beyond ?? []).filter(({ isChanged }) => isChanged === is),
    ) as [Beyond[], Beyond[]];
    const [other, ...more] = others;
    return [
      ...changed.map((each): Hit => ({
        ...placeOf(each),
        message: `${told(each)}: it is of another commit`,
      })),
      ...(other === undefined
        ? []
        : [
            {
              ...placeOf(other),
              message:
                told(other) +
                (more.length > 0 ? `, and so of ${quantity(more.length, "other file")}` : "") +
                ": it may be of another commit",
              // Some tools tell of one line too many, also of the right commit.
              severity: "warning",
            } satisfies Hit,
          ]),
    ];
  },
};

const told = ({ file, line, length }: Beyond): string =>
  `the report knows line ${line} of ${file}, which has ${length}`;

const placeOf = ({ file, length }: Beyond): { file: string; line: number } => ({
  file,
  line: Math.max(1, length),
});
