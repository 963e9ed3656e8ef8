import type { LoadProblem } from "../ports/dump-tools.ts";
import { foreignKeyAdvice } from "./foreign-key-advice.ts";
import { parameterAdvice } from "./parameter-advice.ts";
import { searchPathAdvice } from "./search-path-advice.ts";

/** Cause and remedy of what a server said of a definition, where they are known. */
export function adviceOf(problem: LoadProblem): string | undefined {
  return searchPathAdvice(problem) ?? parameterAdvice(problem) ?? foreignKeyAdvice(problem);
}

/** The same, to stand behind the server's words. */
export function adviceSentence(problem: LoadProblem): string {
  const text = adviceOf(problem);
  return text === undefined ? "" : `. ${text}`;
}
