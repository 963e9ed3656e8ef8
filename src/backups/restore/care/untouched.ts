import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { newsOf } from "../../../kernel/news-of.ts";

/** Of a hint that says already what became of the target. */
const SAYS_SO = /Nothing was (?:touched|changed)|[Tt]he target is as it was/;

/**
 * A failure after which the target is as it was before: whoever reports it must not say that anything
 * may be missing.
 */
export class Untouched extends HoldfastError {
  /** @param during what was being done, for the message; empty when the cause says it */
  constructor(cause: unknown, during = "", remedy?: string) {
    const known = isHoldfastError(cause) ? cause : undefined;
    const hint = remedy ?? known?.hint ?? "";
    const words = [hint, SAYS_SO.test(hint) ? "" : "Nothing was changed: the target is as it was."].filter(
      (word) => word !== "",
    );
    super(known?.code ?? "tool.failed", `${during === "" ? "" : `${during}: `}${(cause as Error).message}`, {
      hint: words.join(" "),
      cause,
    });
  }
}

/** A failure before anything was changed; a bug stays one. */
export function asUntouched(error: unknown, stop: AbortSignal): unknown {
  const news = newsOf(error, stop);
  return isHoldfastError(news) && !(news instanceof Untouched) ? new Untouched(news) : news;
}

/** Work that changes nothing of the target: where it fails, the error says so. */
export async function untouched<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asUntouched(error, stop);
  }
}
