import { isHoldfastError } from "../../kernel/errors.ts";
import type { Catalog } from "../../nouns/catalog/catalog.ts";
import type { Receipt } from "../../nouns/catalog/manifest.ts";

/** Where a receipt lies, and what is to be said where it could not be written. */
export interface Filed {
  /** Empty where it could not be written. */
  readonly path: string;
  readonly notes: readonly string[];
  /** It might have been written: the store lets it, and did not do it. */
  readonly isLost: boolean;
}

/**
 * Files a receipt, if the store lets it: the verdict is there by then, and whoever asked for it must hear it,
 * also with a right to read alone.
 */
export async function fileReceipt(catalog: Catalog, receipt: Receipt): Promise<Filed> {
  try {
    return { path: await catalog.addReceipt(receipt), notes: [], isLost: false };
  } catch (error) {
    // A verdict that was reached is never lost; what is wrong in here is.
    if (!isHoldfastError(error) || error.code === "run.cancelled") throw error;
    const isLost = !["store.denied", "store.read-only"].includes(error.code);
    const wayOn = isLost
      ? `validate again to have it on record (${[error.code, error.hint].filter(Boolean).join(": ")})`
      : "validate with a right to write (of an Azure SAS: create)";
    return {
      path: "",
      isLost,
      notes: [
        `no receipt of backup ${receipt.backup} could be written, so list and latest-verified do ` +
          `not know of this verdict: ${error.message}; ${wayOn}`,
      ],
    };
  }
}
