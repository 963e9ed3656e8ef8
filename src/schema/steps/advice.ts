import type { PreparedScript } from "../script/prepare.ts";
import { transactionHint } from "../script/transaction-hint.ts";
import type { Refused } from "./carry-out.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const DISK_FULL = "53100";

/**
 * What to do where a statement was refused; undefined where the server's own words have to do. What was
 * refused for want of room has left nothing behind that has to be mended first.
 */
export function adviceOn(script: PreparedScript, { statement, refusal }: Refused): string | undefined {
  return refusal.state === DISK_FULL
    ? "The database server's disk is full: make room there, and run again."
    : transactionHint(script, statement, refusal.state);
}
