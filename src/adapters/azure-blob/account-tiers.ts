import type { PutOptions } from "../../ports/blob-store.ts";

/**
 * Why an account cannot have blobs of this tier; undefined where it can, or where that is not known.
 * https://learn.microsoft.com/azure/storage/blobs/access-tiers-overview
 */
export function tierFault(
  tier: NonNullable<PutOptions["accessTier"]>,
  sku: string | undefined,
  kind: string | undefined,
): string | undefined {
  if (sku?.startsWith("Premium") === true) return `a premium account (${sku}) has no access tier '${tier}'`;
  if (kind === "Storage") return `a general-purpose v1 account has no access tier '${tier}'`;
  if (tier === "Archive" && sku !== undefined && /(?:ZRS)$/.test(sku)) {
    return `an account of the kind ${sku} has no access tier 'Archive'`;
  }
  return undefined;
}
