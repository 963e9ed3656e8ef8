import { HoldfastError } from "../../kernel/errors.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Environment } from "./environment.ts";
import { anyOf } from "../../kernel/pattern.ts";

/**
 * A way of proving who we are to Azure storage, as far as inputs and environment decide it; `login` leaves it
 * to Azure's own library.
 */
export type StoreCredentials =
  | { readonly connectionString: Secret }
  | { readonly sas: Secret }
  | { readonly accountKey: Secret }
  | "login";

/**
 * The `store-secret` input, else AZURE_STORAGE_CONNECTION_STRING, else AZURE_STORAGE_SAS_TOKEN, else a login.
 *
 * @throws input.malformed for a secret that is none of the known kinds; never repeats it
 */
export function storeCredentials(secret: Secret | undefined, env: Environment): StoreCredentials {
  if (secret !== undefined) return classify(secret);
  const connectionString = env["AZURE_STORAGE_CONNECTION_STRING"] ?? "";
  if (connectionString !== "") return { connectionString: new Secret(connectionString) };
  const sas = env["AZURE_STORAGE_SAS_TOKEN"] ?? "";
  return sas === "" ? "login" : { sas: new Secret(sas) };
}

/** What a connection string has and no other secret. */
const IN_CONNECTION_STRING = anyOf(
  /(?:^|;)\s*(?:AccountName|DefaultEndpointsProtocol|BlobEndpoint)=/i,
  /(?:^|;)\s*(?:UseDevelopmentStorage|SharedAccessSignature)=/i,
);

function classify(secret: Secret): StoreCredentials {
  const text = secret.reveal().trim();
  if (IN_CONNECTION_STRING.test(text)) return { connectionString: secret };
  if (/(^|[?&])sig=/.test(text)) return { sas: secret };
  // An account key is 64 bytes in base64.
  if (/^[A-Za-z0-9+/]{86}==$/.test(text)) return { accountKey: secret };
  throw new HoldfastError(
    "input.malformed",
    "store-secret is neither a connection string, nor a SAS token, nor an account key",
    {
      hint:
        "Copy it from the storage account's page: 'Access keys' has the connection string, 'Shared access " +
        "signature' the SAS token (it contains sig=).",
    },
  );
}

/** The environment's own credentials, to be masked like an input. */
export const CREDENTIAL_VARIABLES = [
  "AZURE_STORAGE_CONNECTION_STRING",
  "AZURE_STORAGE_SAS_TOKEN",
  "AZURE_CLIENT_SECRET",
] as const;
