import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";

/** A failure after which the target is as it was before: whoever reports it must not say that anything may be missing. */
export class Untouched extends HoldfastError {
  /** @param during what was being done, for the message; empty when the cause says it */
  constructor(cause: unknown, during = "", remedy?: string) {
    const known = isHoldfastError(cause) ? cause : undefined;
    const hint = remedy ?? known?.hint ?? "";
    const words = [hint, /Nothing was (?:touched|changed)/.test(hint) ? "" : "Nothing was changed: the target is as it was."].filter((word) => word !== "");
    super(known?.code ?? "tool.failed", `${during === "" ? "" : `${during}: `}${(cause as Error).message}`, { hint: words.join(" "), cause });
  }
}
