import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";

/** What is said of a refusal, whichever of its two envelopes it came in. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const MESSAGE_LENGTH_MAX = 600;

/**
 * Reads `{error: {code, message}}`, which is Azure Resource Manager's own, and `{Code, Message}` without a
 * wrapper, which is App Service's; a text that is neither is its own message.
 */
export function refusalOf(status: number, body: string): Refusal {
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
export function isBusy({ status, message }: Refusal): boolean {
  if (status !== 409) return false;
  return /another operation is in progress|deployment currently in progress|auto ?swap/i.test(message);
}

/** The refusal as an error, with what helps. */
export function refused(refusal: Refusal, doing: string): HoldfastError {
  const [code, hint] = codeOf(refusal);
  const name = refusal.code === "" ? String(refusal.status) : `${refusal.status} ${refusal.code}`;
  return new HoldfastError(code, `App Service refused to ${doing}: ${name} ${refusal.message}`.trim(), {
    hint,
  });
}

function codeOf(refusal: Refusal): readonly [ErrorCode, string] {
  const { status, message } = refusal;
  if (status === 401) {
    return ["slots.denied", "Sign in anew; in Actions a login by OIDC lasts as long as the job."];
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
  if (isBusy(refusal)) return ["slots.busy", "Wait until the other operation has ended, then run again."];
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
