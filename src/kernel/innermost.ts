/** An error's causes are a chain that nobody made longer on purpose. */
const DEPTH_MAX = 10;
/** Addresses that one name has; more say the same. */
const EACH_MAX = 4;

/** Read by its fields: an error of another realm is no instance of the class here. */
type Said = Partial<Record<"message" | "code" | "cause" | "errors", unknown>>;

/**
 * The words of the innermost cause that has any. `fetch` says only that it failed, and what wraps it may say
 * "Unknown Error": why stands behind it. Of several addresses that were tried, each says its own.
 *
 * @param otherwise where no error of the chain says anything
 */
export function innermost(error: unknown, otherwise: string): string {
  return wordsWithin(error, 0) || otherwise;
}

function wordsWithin(error: unknown, above: number): string {
  let words = "";
  let at: unknown = error;
  for (let depth = above; depth < DEPTH_MAX && typeof at === "object" && at !== null; depth += 1) {
    const { message, code, cause, errors }: Said = at;
    if (Array.isArray(errors) && errors.length > 0) {
      const inner = depth + 1;
      const each = errors.slice(0, EACH_MAX).map((one) => wordsWithin(one, inner));
      return [...new Set(each.filter((one) => one !== ""))].join("; ") || words;
    }
    const said = [message, code].find((text) => typeof text === "string" && text !== "");
    if (typeof said === "string") words = said;
    if (typeof cause === "string" && cause !== "") words = cause;
    at = cause;
  }
  return words;
}
