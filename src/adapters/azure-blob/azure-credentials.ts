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
import { LoginWatch, plainSpoken } from "./login.ts";
import { proxyFor } from "./proxy.ts";
import type { TokenSource } from "./token-source.ts";
import { storageTransport } from "./transport.ts";

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

/** Where the account is asked, and by way of whom. */
export interface AzureEndpoint {
  /** Blob endpoint, where it is not the public cloud's `https://<account>.blob.core.windows.net`. */
  readonly endpoint?: string | undefined;
  /** The environment, which names proxies: Azure's library reads the same by itself. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * One try per request: retries are ours, so that they are counted, logged and know whether a commit may
 * have happened.
 */
function pipeline(env: Readonly<Record<string, string | undefined>>): StoragePipelineOptions {
  return {
    retryOptions: { maxTries: 1 },
    userAgentOptions: { userAgentPrefix: "holdfast" },
    httpClient: storageTransport(env),
  };
}

/**
 * Makes the client of the store's container; sends nothing yet.
 *
 * @throws input.conflict when a connection string is of another account than the URL, input.malformed when it
 *   cannot be read
 */
export async function containerClient(
  url: AzureUrl,
  credentials: AzureCredentials,
  { endpoint, env = {} }: AzureEndpoint,
): Promise<ContainerClient> {
  // The library would throw without a word of which variable it could not read.
  proxyFor(`${url.account}.blob.core.windows.net`, env);
  const options = pipeline(env);
  if ("connectionString" in credentials) {
    return fromConnectionString(url, credentials.connectionString, options).getContainerClient(url.container);
  }
  const service = withoutTrailing(endpoint ?? `https://${url.account}.blob.core.windows.net`, "/");
  if ("sas" in credentials) {
    return new BlobServiceClient(
      `${service}?${sasQuery(credentials.sas)}`,
      new AnonymousCredential(),
      options,
    ).getContainerClient(url.container);
  }
  if ("accountKey" in credentials) {
    const key = new StorageSharedKeyCredential(url.account, credentials.accountKey.reveal());
    return new BlobServiceClient(service, key, options).getContainerClient(url.container);
  }
  if (!/^https:/i.test(service)) {
    throw new HoldfastError(
      "input.conflict",
      `a login is only sent over https, and the endpoint is ${service}`,
      {
        hint: "Correct the endpoint (AZURE_STORAGE_BLOB_ENDPOINT), or give an account key or SAS.",
      },
    );
  }
  const source = credentials.tokenSource ?? (await defaultLogin(env));
  return new BlobServiceClient(service, plainSpoken(source), options).getContainerClient(url.container);
}

async function defaultLogin(env: Readonly<Record<string, string | undefined>>): Promise<TokenSource> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  const watch = new LoginWatch(env);
  return plainSpoken(new DefaultAzureCredential({ additionalPolicies: watch.policies }), watch);
}

function fromConnectionString(
  url: AzureUrl,
  connectionString: Secret,
  options: StoragePipelineOptions,
): BlobServiceClient {
  const text = unwrapped(connectionString);
  let service: BlobServiceClient;
  try {
    service = BlobServiceClient.fromConnectionString(text, options);
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

/** Without what copying puts around and into it: quotes, breaks of lines, `&` as HTML and JSON write it. */
function unwrapped(secret: Secret): string {
  return secret
    .reveal()
    .replace(/[\r\n\t]+ */g, "")
    .trim()
    .replace(/^(["'`])(.*)\1;?$/, "$2")
    .replace(/&amp;|\\u0026/g, "&")
    .trim();
}

function sasQuery(sas: Secret): string {
  const text = unwrapped(sas);
  const query = text.includes("?") ? text.slice(text.lastIndexOf("?") + 1) : text;
  const signature = /(?:^|&)sig=([^&]*)/.exec(query)?.[1];
  const fault =
    signature === undefined || signature === ""
      ? "has no signature (sig=)"
      : /\s/.test(query)
        ? "has a blank in it, where mostly a + was lost"
        : /%25/.test(signature)
          ? "is percent-encoded twice"
          : /["'`]/.test(query)
            ? "has a quote in it"
            : undefined;
  // A + of the signature that nobody encoded would be read as a blank.
  if (fault === undefined) return query.replaceAll("+", "%2B");
  throw new HoldfastError("input.malformed", `the SAS ${fault}`, {
    hint: "Copy the whole token from the portal, without quotes; it looks like sv=…&se=…&sp=…&sig=….",
  });
}
