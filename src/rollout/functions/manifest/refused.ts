import { printableLine } from "../../../kernel/printable.ts";
import type { Annotation, Outcome } from "../../../kernel/outcome.ts";
import { EXIT } from "../../../kernel/errors.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { ManifestProblem } from "./read-manifest.ts";

/** What a manifest with problems ends in: a verdict, each problem at its line. */
export function refusedManifest(path: string, problems: readonly ManifestProblem[], doing: string): Outcome {
  return {
    exit: EXIT.verdict,
    outputs: { problems: problems.map(({ line, key, message }) => ({ line, key, message })) },
    report: {
      good: false,
      headline: `${quantity(problems.length, "problem")} in ${path}${doing}`,
      tables: [problemTable(path, problems)],
      notes: [],
    },
    annotations: problems.map((each) => annotationOf(path, each)),
  };
}

export function problemTable(
  path: string,
  problems: readonly ManifestProblem[],
): Outcome["report"]["tables"][number] {
  return {
    columns: ["Where", "Key", "Problem"],
    rows: problems.map(({ line, key, message }) => [`${path}:${line}`, key, message]),
  };
}

function annotationOf(file: string, { line, key, message }: ManifestProblem): Annotation {
  return {
    level: "error",
    file,
    line,
    title: key === "" ? "function manifest" : printableLine(key),
    message,
  };
}
