import type { HoldfastError } from "../kernel/errors.ts";

/**
 * What the server itself said, without where it stands: a finding is about a copy whose place is told
 * elsewhere.
 */
export function serverWords(error: HoldfastError): string {
  const said = (error.cause as { message?: unknown } | undefined)?.message;
  const state = /\(SQLSTATE [0-9A-Z]{5}\)$/.exec(error.message)?.[0];
  if (typeof said !== "string" || said === "") return error.message;
  return [said.replace(/\s+/g, " "), state].filter((part) => part !== undefined).join(" ");
}

/**
 * The same of a statement that reads rows, without values of them, because findings are plain text: in classes 22 and 23 the
 * server quotes a value at the end, and what a function raises (P0) may be anything.
 */
export function wordsWithoutRows(error: HoldfastError): string {
  const words = serverWords(error);
  const state = /\(SQLSTATE (22|23|P0)[0-9A-Z]{3}\)$/.exec(error.message);
  if (state === null) return words;
  if (state[1] === "P0") return `a function raised an error, whose words may quote rows ${state[0]}`;
  return words.replace(/: ?".*"/s, " (the value is not shown)");
}
