import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";

/** Which container a failed request was about; for the words of hints. */
export interface AzurePlace {
  readonly account: string;
  readonly container: string;
  /** When the SAS in use says it ends (`se`); absent without a SAS. */
  readonly sasExpiry?: string | undefined;
}

type Hint = (place: AzurePlace, facts: FailureFacts) => string | undefined;

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
}

const rights: Hint = () =>
  "Give the identity the role 'Storage Blob Data Contributor' on the container (Owner and Contributor do " +
  "not read or write blobs), or the SAS the permissions rcwdl; a new role takes some minutes to work.";
const credentials: Hint = ({ account, sasExpiry }, { detail }) => {
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
const network: Hint = ({ account }) =>
  `Check the network, the storage account's firewall and that the account '${account}' exists, ` +
  "then run again.";
const again: Hint = () =>
  "Azure was busy or had a fault of its own; run again, and see " +
  "https://azure.status.microsoft if it goes on.";
const rehydrate: Hint = () =>
  "Rehydrate it first with 'az storage blob set-tier --tier Hot'; that takes up to 15 hours, and under " +
  "an hour for most with high priority.";
const firewall: Hint = (place, facts) =>
  `${credentials(place, facts) ?? ""} Or allow this machine's address in the storage account's firewall.`;
const none: Hint = () => undefined;
const disabled: Hint = () =>
  "Enable the storage account again, or ask who disabled it; a subscription that ran out of money does this.";
const leased: Hint = () =>
  "Somebody holds a lease on this blob; end it with 'az storage blob lease break' if nobody works on it.";
const immutable: Hint = () =>
  "An immutability policy or legal hold protects this blob; it can be removed when the policy has run out.";
const tier: Hint = () =>
  "Choose another access tier: this kind of storage account does not offer the one that was asked for.";

/**
 * Azure's error code → ours. https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 */
const BY_CODE: Readonly<Record<string, readonly [ErrorCode, Hint]>> = {
  BlobNotFound: ["store.not-found", none],
  ContainerNotFound: ["store.missing", container],
  ContainerBeingDeleted: ["store.missing", container],
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
  AccessTierNotSupportedForBlobType: ["input.conflict", tier],
  InvalidBlobTier: ["input.conflict", tier],
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
};

/**
 * Turns anything the SDK throws into one of the port's errors. Absence is believed only when Azure itself
 * says so by its code: a bare 404 (a proxy, a captive portal) is `store.unreachable`. The SDK's error is not
 * kept as cause, because it holds the request with its signature; what is worth knowing of it is put into
 * a new one.
 */
export function azureError(error: unknown, doing: string, place: AzurePlace): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const facts = failureFacts(error);
  const [code, hint] = classify(error, facts);
  const store = `${place.account}/${place.container}`;
  if (isNoLogin(error, facts)) {
    return new HoldfastError(code, `${doing}: no credential was found for azure://${store}`, {
      hint: hint(place, facts),
      cause: new Error(`azure: ${(error as Error).name}`),
    });
  }
  const what = [facts.status === undefined ? "no answer" : `HTTP ${facts.status}`, facts.code]
    .filter((part) => part !== "")
    .join(" ");
  return new HoldfastError(code, `${doing}: ${what} from azure://${store}`, {
    hint: hint(place, facts),
    cause: new Error(`azure: ${what}${requestId(error)}`),
  });
}

/** The SDK looked for a login everywhere and found none; it asked the store nothing. */
function isNoLogin(error: unknown, { status }: FailureFacts): boolean {
  return (
    status === undefined &&
    error instanceof Error &&
    /^(?:CredentialUnavailable|AggregateAuthentication|AuthenticationRequired)/.test(error.name)
  );
}

function classify(error: unknown, { status, code }: FailureFacts): readonly [ErrorCode, Hint] {
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (error instanceof Error && /Credential|Authentication/.test(error.name)) {
    return [
      "store.denied",
      () =>
        "Log in first: azure/login with OIDC in Actions (permission id-token: " +
        "write), 'az login' elsewhere; or give a connection string or SAS.",
    ];
  }
  if (
    status === undefined ||
    status === 404 ||
    status === 408 ||
    status === 429 ||
    (status >= 500 && status !== 507)
  ) {
    return ["store.unreachable", status === undefined ? network : again];
  }
  if (status === 507) {
    return [
      "store.full",
      () => "The storage account's limit is reached; ask for a higher one or use another account.",
    ];
  }
  if (status === 412) return ["store.changed", none];
  return ["store.denied", rights];
}

/** Reads status, code and detail of an SDK error (`RestError`) without depending on its class. */
export function failureFacts(error: unknown): FailureFacts {
  const shape = (typeof error === "object" && error !== null ? error : {}) as {
    statusCode?: unknown;
    code?: unknown;
    details?: Record<string, unknown>;
    response?: { status?: unknown; headers?: { get?: (name: string) => string | undefined } };
  };
  const status = [shape.statusCode, shape.response?.status].find(
    (value) => typeof value === "number" && value > 0,
  ) as number | undefined;
  const header = shape.response?.headers?.get?.("x-ms-error-code");
  const code = [header, shape.details?.["errorCode"], shape.code].find(
    (value) => typeof value === "string" && value !== "",
  ) as string | undefined;
  const detail = shape.details?.["authenticationErrorDetail"] ?? shape.details?.["AuthenticationErrorDetail"];
  return { status, code: code ?? "", detail: typeof detail === "string" ? detail : "" };
}

function requestId(error: unknown): string {
  const headers = (
    error as { response?: { headers?: { get?: (name: string) => string | undefined } } } | null
  )?.response?.headers;
  const id = headers?.get?.("x-ms-request-id");
  return id === undefined ? "" : `, request ${id}`;
}
