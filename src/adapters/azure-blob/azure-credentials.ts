import {
  AnonymousCredential,
  BlobServiceClient,
  StorageSharedKeyCredential,
  type ContainerClient,
  type StoragePipelineOptions,
} from "@azure/storage-blob";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { AzureUrl } from "./azure-url.ts";
import { withoutTrailing } from "../../kernel/cut.ts";

/** Anything that gives bearer tokens; the shape of `@azure/identity`'s credentials. */
export interface TokenSource {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

/** One way of proving who we are. */
export type AzureCredentials =
  /**
   * As the portal shows it; with `BlobEndpoint` for emulators and private clouds, or
   * `UseDevelopmentStorage=true`.
   */
  | { readonly connectionString: Secret }
  /** A shared access signature, with or without `?`, or the whole URL the portal shows. */
  | { readonly sas: Secret }
  | { readonly accountKey: Secret }
  /**
   * Without a source: `DefaultAzureCredential`. In GitHub Actions it works after `azure/login` with OIDC,
   * whose Azure CLI session it finds; on Azure machines it finds the managed identity, elsewhere `az login`.
   * The SDK asks for a new token some minutes before the old one expires, also in the middle of a long
   * upload. But an `azure/login` session holds a federated token that GitHub made for some minutes only, so
   * the Azure CLI cannot renew after about an hour (AADSTS700024): long runs use {@link githubOidcSource}.
   */
  | { readonly tokenSource?: TokenSource };

/** Blob endpoint, where it is not the public cloud's `https://<account>.blob.core.windows.net`. */
export interface AzureEndpoint {
  readonly endpoint?: string | undefined;
}

/**
 * One try per request: retries are ours, so that they are counted, logged and know whether a commit may
 * have happened.
 */
const PIPELINE: StoragePipelineOptions = {
  retryOptions: { maxTries: 1 },
  userAgentOptions: { userAgentPrefix: "holdfast" },
};

/**
 * Makes the client of the store's container; sends nothing yet.
 *
 * @throws input.conflict when a connection string is of another account than the URL, input.malformed when it
 *   cannot be read
 */
export async function containerClient(
  url: AzureUrl,
  credentials: AzureCredentials,
  { endpoint }: AzureEndpoint,
): Promise<ContainerClient> {
  if ("connectionString" in credentials) {
    return fromConnectionString(url, credentials.connectionString).getContainerClient(url.container);
  }
  const service = withoutTrailing(endpoint ?? `https://${url.account}.blob.core.windows.net`, "/");
  if ("sas" in credentials) {
    return new BlobServiceClient(
      `${service}?${sasQuery(credentials.sas)}`,
      new AnonymousCredential(),
      PIPELINE,
    ).getContainerClient(url.container);
  }
  if ("accountKey" in credentials) {
    const key = new StorageSharedKeyCredential(url.account, credentials.accountKey.reveal());
    return new BlobServiceClient(service, key, PIPELINE).getContainerClient(url.container);
  }
  const source = credentials.tokenSource ?? new (await import("@azure/identity")).DefaultAzureCredential();
  return new BlobServiceClient(service, source, PIPELINE).getContainerClient(url.container);
}

function fromConnectionString(url: AzureUrl, connectionString: Secret): BlobServiceClient {
  const text = connectionString.reveal().trim();
  let service: BlobServiceClient;
  try {
    service = BlobServiceClient.fromConnectionString(text, PIPELINE);
  } catch {
    // The SDK's message is not passed on: it may quote what it could not read.
    throw new HoldfastError("input.malformed", "the Azure connection string cannot be read", {
      hint:
        "Copy it whole from the portal (Access keys, or Shared access signature), beginning " +
        "with DefaultEndpointsProtocol= or BlobEndpoint=.",
    });
  }
  const account = /(?:^|;)\s*AccountName=([^;]*)/i.exec(text)?.[1] ?? service.accountName;
  if (account !== "" && account !== url.account) {
    throw new HoldfastError(
      "input.conflict",
      `the store's URL names the account '${url.account}', the connection string '${account}'`,
      {
        hint: "Make both name the same storage account.",
      },
    );
  }
  return service;
}

/**
 * When the SAS in use ends, as it says itself; that part is no secret, and the first thing to know when
 * access is refused.
 */
export function sasExpiry(credentials: AzureCredentials): string | undefined {
  const text =
    "sas" in credentials
      ? credentials.sas.reveal()
      : "connectionString" in credentials
        ? credentials.connectionString.reveal()
        : "";
  const expiry = /(?:^|[?&;=])se=([^&;\s]+)/.exec(text)?.[1];
  return expiry === undefined || !/^[\d\-T:Z.%A-F]+$/i.test(expiry) ? undefined : decodeURIComponent(expiry);
}

function sasQuery(sas: Secret): string {
  const text = sas.reveal().trim();
  const query = text.includes("?") ? text.slice(text.indexOf("?") + 1) : text;
  if (/(?:^|&)sig=/.test(query) && !/\s/.test(query)) return query;
  throw new HoldfastError("input.malformed", "the SAS has no signature (sig=)", {
    hint: "Copy the whole token from the portal; it looks like sv=…&se=…&sp=…&sig=….",
  });
}
