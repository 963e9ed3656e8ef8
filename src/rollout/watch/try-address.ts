import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Web, WebAnswer } from "../../ports/web.ts";
import type { Address } from "./address.ts";
import { doubtOf, type Doubt } from "./doubt.ts";
import type { Watched } from "./request.ts";

/** How an address answered once. */
export interface Tried {
  readonly isWell: boolean;
  /** `answers 503, and not 200`: behind the address in a sentence. */
  readonly what: string;
  /** Whether no answer came at all, which may be this machine's own network. */
  readonly isSilence: boolean;
  /** Why it may have nothing to do with a release: undefined where it is taken for the app's illness. */
  readonly doubt: Doubt | undefined;
}

/** A try that says nothing about a release, with the reason why. */
export type UnclearTry = Tried & { readonly doubt: Doubt };

/** @throws the signal's reason; silence is an answer, too */
export async function tryAddress(
  web: Web,
  { address, status, contains, timeoutMs }: Watched,
  signal: AbortSignal,
): Promise<Tried> {
  const answer = await asked(web, address, timeoutMs, signal);
  if (answer instanceof HoldfastError) {
    const what = printableLine(answer.message.replaceAll(address.href, address.shown)).replace(
      `${address.shown} `,
      "",
    );
    const isSilence = answer.code === "web.unreachable";
    return { isWell: false, what, isSilence, doubt: isSilence ? undefined : "certificate" };
  }
  const ill = (what: string, doubt?: Doubt): Tried => ({ isWell: false, what, isSilence: false, doubt });
  if (answer.status !== status) {
    return ill(`answers ${answer.status}, and not ${status}`, doubtOf(answer));
  }
  if (contains !== undefined && !answer.body.includes(contains)) {
    return ill(`answers ${answer.status} without the text that is asked for`);
  }
  return { isWell: true, what: `answers ${answer.status}`, isSilence: false, doubt: undefined };
}

/**
 * Where an address was silent and another one is silent as well, it is this machine that hears nobody: what
 * that says of the address. Undefined where somebody answers, or nobody else is named.
 *
 * @throws the signal's reason
 */
export async function silenceOfAll(
  web: Web,
  { reference, timeoutMs }: Watched,
  signal: AbortSignal,
): Promise<UnclearTry | undefined> {
  if (reference === undefined) return undefined;
  const answer = await asked(web, reference, timeoutMs, signal);
  // Any answer: that it is well is nobody's business here.
  if (!isHoldfastError(answer, "web.unreachable")) return undefined;
  const why = printableLine(answer.message.replaceAll(reference.href, reference.shown));
  return {
    isWell: false,
    what: `gives no answer, and neither does ${reference.shown} (${why})`,
    isSilence: true,
    doubt: "offline",
  };
}

async function asked(
  web: Web,
  { href }: Address,
  withinMs: number,
  signal: AbortSignal,
): Promise<WebAnswer | HoldfastError> {
  try {
    return await web.get(href, { signal, withinMs });
  } catch (error) {
    if (!isHoldfastError(error, "web.unreachable", "web.untrusted")) throw error;
    return error;
  }
}
