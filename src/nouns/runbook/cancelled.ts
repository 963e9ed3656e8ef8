import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { newsOf } from "../../kernel/news-of.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Journal } from "./journal.ts";
import { standingOf } from "./standing.ts";

/**
 * What a run ends with that was told to stop: where it stands by its journal, and how it is gone on with.
 * Whatever else ended it is given as it is.
 *
 * @param cancelled the signal that it was told by
 */
export function cancelledRun(
  error: unknown,
  { run, entries }: Pick<Journal, "run" | "entries">,
  cancelled: AbortSignal,
): unknown {
  const news = newsOf(error, cancelled);
  // Without an entry there is nothing to go on with.
  if (!isHoldfastError(news, "run.cancelled") || entries.length === 0) return error;
  const { steps, decided } = standingOf(entries);
  const ids = [...steps.keys()];
  const isTrue = ids.filter((id) => ["found", "confirmed"].includes(steps.get(id)!.state));
  const begun = ids.filter((id) => steps.get(id)!.state === "acting");
  const stands = [
    `of ${quantity(ids.length, "step")} ${isTrue.length === 1 ? "1 is" : `${isTrue.length} are`} done`,
    ...(begun.length === 0 ? [] : [`begun and not seen to end: ${begun.join(", ")}`]),
    ...(decided === "undo" ? ["it was taking back what it had done"] : []),
  ];
  return new HoldfastError("run.cancelled", `${news.message}; run ${run}: ${stands.join("; ")}`, {
    hint: `Go on with --resume ${run} and the same inputs: it looks before it acts.`,
    cause: news.cause,
  });
}
