import type { ErrorCode } from "../../kernel/errors.ts";

/** Which container a failed request was about; for the words of hints. */
export interface AzurePlace {
  readonly account: string;
  readonly container: string;
  /** When the SAS in use says it ends (`se`); absent without a SAS. */
  readonly sasExpiry?: string | undefined;
  /** Of the blob endpoint, where it is not the public cloud's. */
  readonly host?: string | undefined;
  /** The environment, which names proxies. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Who is asked. */
export function hostOf({ account, host }: AzurePlace): string {
  return host ?? `${account}.blob.core.windows.net`;
}

/** What could be learnt from an error the SDK threw. */
export interface FailureFacts {
  /** HTTP status; absent when no answer came. */
  readonly status: number | undefined;
  /**
   * Azure's error code from the `x-ms-error-code` header, or the network error's code; empty when
   * neither is known.
   */
  readonly code: string;
  /** What Azure adds about a refused signature, for example its expiry. */
  readonly detail: string;
  /** Which header Azure did not take, where it says so. */
  readonly header?: string;
}

/**
 * Azure's own words about a login that it refused, where they hold no signature: those that quote one, or the
 * text that was signed, say so, and a signature is a long word of base64.
 */
export function tellable(detail: string): string {
  const [line = ""] = detail.split("\n", 1);
  const isQuoting = /signature found|string to sign/i.test(detail) || /[A-Za-z0-9+/=%_-]{24,}/.test(line);
  return isQuoting ? "" : line.slice(0, 300).trim();
}

/** What to do next; undefined where nothing helps. */
export type Hint = (place: AzurePlace, facts: FailureFacts) => string | undefined;

export const rights: Hint = () =>
  "Give the identity the role 'Storage Blob Data Contributor' on the container (Owner and Contributor do " +
  "not read or write blobs), or the SAS the permissions rcwdl; a new role takes some minutes to work.";
const clock =
  "Azure takes no request that is dated a quarter of an hour off: set this machine's clock (timedatectl), " +
  "and see that it is kept by NTP.";
const credentials: Hint = ({ account, sasExpiry }, { detail }) => {
  if (/\bdate header\b/i.test(detail)) return clock;
  const when = /Expiry \[([^\]]+)\]/.exec(detail)?.[1] ?? sasExpiry;
  if (when !== undefined) {
    return (
      `Make a new SAS if this one has expired (it ends at ${when}); otherwise check that it ` +
      `is of the account '${account}', and this machine's clock.`
    );
  }
  return (
    `Check that the key, connection string or login is of the account '${account}' and has not expired ` +
    "or been regenerated, and this machine's clock."
  );
};
const container: Hint = ({ account, container: name }) =>
  `Make the container with 'az storage container create --account-name ${account} --name ${name} ` +
  "--auth-mode login', or correct the store's URL.";
const beingDeleted: Hint = ({ container: name }) =>
  `Somebody has deleted '${name}', which takes Azure half a minute or more; until then it can be neither ` +
  "used nor made. Wait, and make it anew, or restore it with its blobs where the account keeps what is " +
  "deleted.";
export const network: Hint = ({ account }) =>
  `Check the network, the storage account's firewall and that the account '${account}' exists, ` +
  "then run again.";
export const again: Hint = () =>
  "Azure was busy or had a fault of its own; run again, and see " +
  "https://azure.status.microsoft if it goes on.";
const rehydrate: Hint = () =>
  "Rehydrate it first with 'az storage blob set-tier --tier Hot'; that takes up to 15 hours, and under " +
  "an hour for most with high priority.";
const firewall: Hint = (place, facts) =>
  `${credentials(place, facts) ?? ""} Or allow this machine's address in the storage account's firewall.`;
export const none: Hint = () => undefined;
const disabled: Hint = () =>
  "Enable the storage account again, or ask who disabled it; a subscription that ran out of money does this.";
const leased: Hint = () =>
  "Somebody holds a lease on this blob; end it with 'az storage blob lease break' if nobody works on it.";
const immutable: Hint = () =>
  "An immutability policy or legal hold protects this blob; it can be removed when the policy has run out.";
const tier: Hint = () =>
  "Choose another access tier, or --access-tier Default for the account's own: this kind of storage " +
  "account does not offer the one that was asked for (premium and general-purpose v1 accounts have none, " +
  "Archive is on LRS, GRS and RA-GRS alone).";

/**
 * Azure's error code → ours. https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 */
export const BY_CODE: Readonly<Record<string, readonly [ErrorCode, Hint]>> = {
  BlobNotFound: ["store.not-found", none],
  ContainerNotFound: ["store.missing", container],
  ContainerBeingDeleted: ["store.missing", beingDeleted],
  ContainerDisabled: ["store.denied", disabled],
  BlobAlreadyExists: ["store.exists", none],
  // A SAS that may create but not write says this where others say BlobAlreadyExists.
  UnauthorizedBlobOverwrite: ["store.exists", none],
  // An append or page blob, or a folder of a hierarchical namespace, has that name.
  InvalidBlobType: ["store.exists", none],
  ResourceTypeMismatch: ["store.exists", none],
  ConditionNotMet: ["store.changed", none],
  InvalidBlockList: ["store.changed", none],
  BlobArchived: ["store.archived", rehydrate],
  BlobBeingRehydrated: ["store.archived", rehydrate],
  BlobImmutableDueToPolicy: ["store.denied", immutable],
  BlobImmutableDueToLegalHold: ["store.denied", immutable],
  LeaseIdMissing: ["store.denied", leased],
  LeaseAlreadyPresent: ["store.denied", leased],
  AccessTierNotSupportedForBlobType: ["input.conflict", tier],
  InvalidBlobTier: ["input.conflict", tier],
  BlobAccessTierNotSupportedForAccountType: ["input.conflict", tier],
  AccessTierNotSupported: ["input.conflict", tier],
  AccountTypeNotSupported: ["input.conflict", tier],
  FeatureVersionMismatch: ["input.conflict", tier],
  AccountIsDisabled: ["store.denied", disabled],
  AuthenticationFailed: ["store.denied", credentials],
  InvalidAuthenticationInfo: ["store.denied", credentials],
  NoAuthenticationInformation: ["store.denied", credentials],
  AuthorizationFailure: ["store.denied", firewall],
  AuthorizationSourceIPMismatch: ["store.denied", firewall],
  AuthorizationPermissionMismatch: ["store.denied", rights],
  InsufficientAccountPermissions: ["store.denied", rights],
  AuthorizationProtocolMismatch: ["store.denied", rights],
  AuthorizationResourceTypeMismatch: ["store.denied", rights],
  AuthorizationServiceMismatch: ["store.denied", rights],
  KeyBasedAuthenticationNotPermitted: [
    "store.denied",
    () => "This account takes no keys; use OIDC (azure/login) or a user-delegation SAS.",
  ],
  PublicAccessNotPermitted: ["store.denied", credentials],
  AccountRequiresHttps: ["store.denied", () => "Use https in the connection string's endpoint."],
  // The bytes were damaged on the way; what we hold is whole, so sending it again is right.
  Md5Mismatch: ["store.unreachable", again],
  Crc64Mismatch: ["store.unreachable", again],
  ServerBusy: ["store.unreachable", again],
  InternalError: ["store.unreachable", again],
  OperationTimedOut: ["store.unreachable", again],
  AccountBeingCreated: ["store.unreachable", again],
  RequestTimeout: ["store.unreachable", again],
};

/**
 * These say only that a header was not taken. Older accounts and premium ones mean the tier's by it:
 * https://github.com/rclone/rclone/pull/2509, https://github.com/Azure/azure-sdk-for-rust/issues/165
 */
export function meansTier({ code, header }: FailureFacts): boolean {
  return /^(?:InvalidHeaderValue|UnsupportedHeader)$/.test(code) && /^x-ms-access-tier$/i.test(header ?? "");
}

export const TIER: readonly [ErrorCode, Hint] = ["input.conflict", tier];
