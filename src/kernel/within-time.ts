import { createContext, Script } from "node:vm";

const script = new Script("work()");

/**
 * Does work that a stranger's text may keep busy, and gives it up after a while: parsers and patterns take
 * the square of a length, or worse, for texts that were made for it. Only for work that waits for nothing and
 * leaves nothing half done.
 *
 * @param ms milliseconds by the clock
 * @returns undefined where it was given up
 * @throws whatever the work throws
 */
export function withinTime<T>(ms: number, work: () => T): { readonly value: T } | undefined {
  let value: { readonly value: T } | undefined;
  const context = createContext({
    work: () => {
      value = { value: work() };
    },
  });
  try {
    script.runInContext(context, { timeout: ms });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
  return value;
}
