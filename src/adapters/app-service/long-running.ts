import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { ArmAnswer, ArmCall, ArmClient } from "./arm-client.ts";
import { retryAfterMs } from "./arm-client.ts";
import type { Budget } from "./budget.ts";
import { refusalOf, refused } from "./refusal.ts";

/** Where an answer says nothing of it. Azure says 15 s for a swap. */
const POLL_MS = 2_000;
/** A host that asks to come back at once is not asked in a tight loop. */
const POLL_MS_MIN = 20;

const status = z.looseObject({
  status: z.string(),
  error: z.looseObject({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});

/**
 * Waits for the end of something that was taken with 202 (or 200 with an `Azure-AsyncOperation`); a failure
 * may be told only here. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 *
 * @throws slots.refused and the like with the host's reason; slots.timeout; what the client throws
 */
export async function ended(
  client: ArmClient,
  taken: ArmAnswer,
  { call, endpoint, now }: { readonly call: ArmCall; readonly endpoint: string; readonly now: () => Date },
  budget: Budget,
): Promise<void> {
  const status = taken.header("azure-asyncoperation");
  let location = taken.header("location");
  if (status === undefined && (taken.status !== 202 || location === undefined)) return;
  for (let answer = taken; ;) {
    const waitMs = Math.max(POLL_MS_MIN, retryAfterMs(answer, now()) ?? POLL_MS);
    await budget.pause(waitMs, call.doing);
    const url = ours(status ?? location ?? "", endpoint);
    const { doing } = call;
    answer = await client.ask({ method: "GET", url, doing, repeatable: true, waitsForOthers: false }, budget);
    if (status !== undefined) {
      if (hasSucceeded(answer, doing)) return;
      continue;
    }
    if (answer.status !== 202) return;
    location = answer.header("location") ?? location;
  }
}

/** @throws where it has failed, or where it is no status */
function hasSucceeded(answer: ArmAnswer, doing: string): boolean {
  let parsed;
  try {
    parsed = status.parse(JSON.parse(answer.text));
  } catch (cause) {
    throw new HoldfastError("slots.unreachable", `App Service gave no status of: ${doing}`, {
      hint: "Look in the portal how it went, then run again.",
      cause,
    });
  }
  const word = parsed.status.toLowerCase();
  if (word === "succeeded") return true;
  if (word !== "failed" && word !== "canceled") return false;
  throw refused(refusalOf(400, JSON.stringify({ error: parsed.error ?? { message: word } })), doing);
}

/** An address that an answer gave, followed only at who was asked: the token goes along. */
function ours(address: string, endpoint: string): string {
  const url = new URL(address, endpoint);
  if (url.origin === new URL(endpoint).origin) return url.href;
  throw new HoldfastError("slots.unreachable", `App Service pointed to another host, ${url.host}`, {
    hint: "Check the management endpoint, and what stands between here and Azure.",
  });
}
