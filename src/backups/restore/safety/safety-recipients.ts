import { HoldfastError } from "../../../kernel/errors.ts";
import { recipientsOf } from "../../../nouns/seal/age.ts";
import type { RestoreRequest } from "../request/request.ts";

/**
 * Who shall be able to read the safety backup: whoever holds the identity that opens this backup, and who was
 * named. Never who the manifest names: it lies in the store, and who can write there could name himself.
 */
export async function safetyRecipients(request: RestoreRequest): Promise<readonly string[]> {
  return [...new Set([...request.recipients, ...(await recipientsOf(request.identities))])];
}

/** A backup that everybody could read who reads the store is made only where that was allowed. */
export function findUnencrypted(
  recipients: readonly string[],
  request: RestoreRequest,
): HoldfastError | undefined {
  if (recipients.length > 0 || request.allowUnencrypted) return undefined;
  return new HoldfastError(
    "refused.unencrypted",
    "the safety backup of the target would lie in the store unencrypted",
    {
      hint: "Give --recipients for it, or --allow-unencrypted, or refuse it with --no-safety-backup.",
    },
  );
}
