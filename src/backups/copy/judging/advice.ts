import { foreignKeyAdvice } from "./foreign-key-advice.ts";
import type { ListedProblem } from "../loading/listed-problem.ts";
import { parameterAdvice } from "../loading/parameter-advice.ts";
import { searchPathAdvice } from "./search-path-advice.ts";

/**
 * Cause and remedy of what a server said of a definition, where they are known.
 *
 * @param incomplete objects of which the backup lacks what they need, with what that is
 */
function adviceOf(
  problem: ListedProblem,
  incomplete: ReadonlyMap<string, string> = new Map(),
): string | undefined {
  return searchPathAdvice(problem) ?? parameterAdvice(problem) ?? foreignKeyAdvice(problem, incomplete);
}

/** The same, to stand behind the server's words. */
export function adviceSentence(problem: ListedProblem, incomplete?: ReadonlyMap<string, string>): string {
  const text = adviceOf(problem, incomplete);
  return text === undefined ? "" : `. ${text}`;
}
