import { listed } from "../../../kernel/listed.ts";
import type { CoverageRule } from "./coverage-rule.ts";
import type { Hit } from "./rule.ts";

export const coverageUnmeasured: CoverageRule = {
  name: "coverage-unmeasured",
  severity: "error",
  problem: "A file that no test loads is in no report, and counts nowhere.",
  solution: "Have the report take in files that no test loads, or exclude it in the settings.",
  find({ found, otherKinds }) {
    if (found === undefined) return [];
    return [
      ...found.unmeasured.map(({ file, told, others }): Hit => {
        const at = { file, line: 1 };
        if (told === undefined) return { ...at, message: `${file} is changed, and no report knows it` };
        const may = `${told} in a report may be it, or ${listed(others)}`;
        const fix = "Have the tests write paths from the root of the repository, or absolute ones.";
        return { ...at, message: `${file} is changed, and ${may}: so it is none of them`, fix };
      }),
      // Types alone have no such line, and whether these are no more is judged by their words.
      ...found.silent.map(({ file, line }): Hit => {
        const message = `${file} is changed, and reports know it without a line that can be run`;
        const fix =
          "Have the tests measure it, or exclude it in the settings (`coverage.exclude`). Nothing to do " +
          "where it holds nothing but types.";
        return { file, line, message, fix, severity: "warning" };
      }),
      // Who has declared nothing may have scripts that nobody measures.
      ...otherKinds.map((file): Hit => {
        const message = `${file} is changed, and no report knows a file of its kind`;
        const fix = "Measure it too, or say in `coverage.sources` which files are to be measured.";
        return { file, line: 1, message, fix, severity: "warning" };
      }),
    ];
  },
};
