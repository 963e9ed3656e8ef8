import { printableLine } from "../kernel/printable.ts";

/** What App Service's front shows whom it does not let in. */
const BLOCKED = /Ip Forbidden|web app you have attempted to reach has blocked your access/i;

/**
 * Whom access restrictions kept out: its address, or `this machine` where the answer names none. Undefined
 * where the answer is not theirs.
 *
 * @param forbiddenIp `x-ms-forbidden-ip` of the answer:
 *   https://learn.microsoft.com/azure/app-service/app-service-ip-restrictions
 */
export function keptOut(status: number, body: string, forbiddenIp: string | undefined): string | undefined {
  if (status !== 403) return undefined;
  if (forbiddenIp !== undefined) return printableLine(forbiddenIp);
  return BLOCKED.test(body) ? "this machine" : undefined;
}
