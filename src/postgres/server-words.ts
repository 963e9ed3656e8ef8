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
