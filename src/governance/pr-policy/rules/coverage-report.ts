import { quantity } from "../../../kernel/quantity.ts";
import type { CoverageRule } from "./coverage-rule.ts";
import type { Hit } from "./rule.ts";

export const coverageReport: CoverageRule = {
  name: "coverage-report",
  severity: "error",
  problem: "A report that is cut off, empty or missing proves nothing.",
  solution: "Have the tests write it anew, whole.",
  find({ given, isRequired, unusable, found }) {
    if (given === 0 && isRequired) {
      return [{ message: "no coverage report was given", fix: "Run the tests with coverage first." }];
    }
    const [cut, ...more] = found?.cut ?? [];
    return [
      ...unusable.map(({ path, why }) => ({ message: `the report ${path} ${why}` })),
      ...(cut === undefined
        ? []
        : [
            {
              file: cut.file,
              line: 1,
              message:
                `the report says that there are ${quantity(cut.lines, "more line")} to run than it tells of` +
                (more.length > 0 ? ` (and so of ${quantity(more.length, "other file")})` : ""),
              // Tools that count by functions write it of whole reports too.
              severity: "warning",
            } satisfies Hit,
          ]),
    ];
  },
};
