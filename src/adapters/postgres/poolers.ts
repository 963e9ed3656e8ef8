import type { DatabaseAddress } from "../../ports/database.ts";
import { refusedLogin } from "../../postgres/login-refusals.ts";
import type { Found, Moment } from "./states.ts";

/**
 * States under which poolers and hosting services speak; a statement's error of other classes may use the
 * same words.
 */
const STATES = /^(?:08|28|3D|53|57|58|XX|$)/;

/** What a pooler's words mean; undefined where they are none. */
export function byPooler(
  { code: state, message }: { readonly code: string; readonly message: string },
  address: DatabaseAddress,
  moment: Moment,
): Found | undefined {
  if (!STATES.test(state)) return undefined;
  const found = refusedLogin(message, address);
  if (found === undefined) return undefined;
  // All of these end the session: before it was there it could not be had; later, what was sent last may have
  // happened.
  const isOfSession = found.code === "database.lost" || found.code === "database.unreachable";
  const ended = moment === "connecting" ? "database.unreachable" : "database.lost";
  return isOfSession ? { code: ended, hint: found.hint } : found;
}
