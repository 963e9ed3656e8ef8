import { isHoldfastError, type ErrorCode, type HoldfastError } from "../../kernel/errors.ts";

/**
 * Failures that are about one document and leave the others as they are: it is damaged, or of a newer
 * format; moved to an archive by a rule of the store's; refused; on a bad sector; given unfaithfully; removed
 * since it was listed. A store that does not answer is none of them: nor would it for any other document.
 */
const OF_ONE: readonly ErrorCode[] = [
  "catalog.damaged",
  "catalog.unknown-format",
  "store.archived",
  "store.denied",
  "store.lied",
  "store.not-found",
  "store.unreadable",
];

/** Whoever walks over several documents tells of such a failure, and goes on to the next. */
export function concernsOneDocument(error: unknown): error is HoldfastError {
  return isHoldfastError(error, ...OF_ONE);
}

/** Whether the document was read, and is not what was written; of any other it is not known what it says. */
export function isDamaged(error: HoldfastError): boolean {
  return isHoldfastError(error, "catalog.damaged", "catalog.unknown-format");
}
