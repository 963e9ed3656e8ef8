import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { keptOut } from "../../ports/kept-out.ts";

/** What is said of a refusal, whichever of its two envelopes it came in. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** Empty where it came without a word. */
  readonly message: string;
  /** The address that access restrictions keep out; undefined where it is not that. */
  readonly keptOut?: string;
}

const MESSAGE_LENGTH_MAX = 600;
const BUSY =
  /(?:another operation is|deployment currently) in progress|conflicts with the pending|auto ?swap/i;
/** The deployment service says no more where it cannot have its lock. */
const WITHOUT_A_WORD =
  "it gives no reason; mostly another deployment has not ended, or was killed and holds the lock";

/**
 * Reads `{error: {code, message}}`, which is Azure Resource Manager's own, and `{Code, Message}` without a
 * wrapper, which is App Service's; a text that is neither is its own message. What its front answers whom it
 * does not let in is a page, and a header with the address.
 *
 * @param forbiddenIp `x-ms-forbidden-ip`
 */
export function refusalOf(status: number, body: string, forbiddenIp?: string): Refusal {
  const who = keptOut(status, body, forbiddenIp);
  if (who !== undefined) {
    return { status, code: "Ip Forbidden", message: `access restrictions keep out ${who}`, keptOut: who };
  }
  const { code, message } = envelopeOf(body);
  return { status, code, message: printableLine(message).slice(0, MESSAGE_LENGTH_MAX) };
}

function envelopeOf(body: string): { readonly code: string; readonly message: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { code: "", message: body };
  }
  const outer = objectOf(parsed);
  const inner = "error" in outer ? objectOf(outer["error"]) : outer;
  const text = (...names: readonly string[]): string => {
    const found = names.map((name) => inner[name]).find((value) => typeof value === "string");
    return typeof found === "string" ? found : "";
  };
  return { code: text("code", "Code"), message: text("message", "Message") };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** Somebody else is changing the app at this moment: worth waiting for. */
export function isBusy({ status, code, message }: Refusal): boolean {
  if (status !== 409) return false;
  if (code === "" && message === "") return true;
  return BUSY.test(message);
}

/** Status, code and message in a line; what an empty conflict means. */
export function wordsOf({ status, code, message }: Refusal): string {
  const words = message === "" && status === 409 ? WITHOUT_A_WORD : message;
  return [String(status), code, words].filter((word) => word !== "").join(" ");
}

/** The refusal as an error, with what helps. */
export function refused(refusal: Refusal, doing: string): HoldfastError {
  const [code, hint] = codeOf(refusal);
  return new HoldfastError(code, `App Service refused to ${doing}: ${wordsOf(refusal)}`, { hint });
}

function codeOf(refusal: Refusal): readonly [ErrorCode, string] {
  const { status, message } = refusal;
  if (status === 401) {
    return ["slots.denied", "Sign in anew; in Actions a login by OIDC lasts as long as the job."];
  }
  if (refusal.keptOut !== undefined) {
    return [
      "slots.blocked",
      "Let it in where access restrictions are set (networking, in the portal; the deployment service, " +
        "scm, has rules of its own), or run this from where they let in. No role helps.",
    ];
  }
  if (status === 403) {
    return [
      "slots.denied",
      "Give the identity the role Website Contributor on the app, and on its plan Reader.",
    ];
  }
  if (status === 404) {
    return ["slots.missing", "Check subscription, resource group, app and slot; names are as in the portal."];
  }
  if (isBusy(refusal)) {
    return [
      "slots.busy",
      "Wait until the other operation has ended, then run again. A deployment that never ends is ended by " +
        "stopping the slot and starting it.",
    ];
  }
  if (status === 409 && /prepared for swap/i.test(message)) {
    return ["slots.locked", "Complete or cancel the pending swap of that slot first."];
  }
  if (status === 409 && /number of slots allowed/i.test(message)) {
    return ["slots.full", "Delete a slot that nobody needs, or scale the plan up."];
  }
  if (status === 429) {
    return ["slots.timeout", "Run again later: the limit is per subscription and identity."];
  }
  if (status >= 500) return ["slots.unreachable", "See https://azure.status.microsoft, then run again."];
  return ["slots.refused", "The words are App Service's own; they say what has to change."];
}
