import type { TokenSource } from "./token-source.ts";
import { LoginFailure } from "../../ports/login-failure.ts";
import { LoginWatch, plainSpoken } from "./login.ts";

/** Who we are in Entra ID, and how to get a fresh OIDC token of this job (`permissions: id-token: write`). */
export interface GithubOidc {
  readonly tenantId: string;
  readonly clientId: string;
  /** Asks GitHub for a token with the given audience; called again for every new access token. */
  readonly getIdToken: (audience: string) => Promise<string>;
  /** Names proxies. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Logs in with the job's own OIDC token instead of the session `azure/login` left behind: every
 * access token is bought with a fresh token of the job, so runs may last as long as the job may.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
 */
export async function githubOidcSource({
  tenantId,
  clientId,
  getIdToken,
  env = {},
}: GithubOidc): Promise<TokenSource> {
  const { ClientAssertionCredential } = await import("@azure/identity");
  const watch = new LoginWatch(env);
  let refusal: LoginFailure | undefined;
  const assertion = async (): Promise<string> => {
    try {
      return await getIdToken("api://AzureADTokenExchange");
    } catch (error) {
      // The library may put words of its own in place of these.
      refusal = idTokenFailure(error);
      throw refusal;
    }
  };
  // Tries again are ours.
  const options = { additionalPolicies: watch.policies, retryOptions: { maxRetries: 0 } };
  const credential = new ClientAssertionCredential(tenantId, clientId, assertion, options);
  return plainSpoken(
    {
      async getToken(scopes, given) {
        refusal = undefined;
        try {
          return await credential.getToken(scopes, given);
        } catch (error) {
          throw refusal ?? error;
        }
      },
    },
    watch,
  );
}

/** GitHub's toolkit puts the status into its text; the rest of it may hold the address that was asked. */
function idTokenFailure(error: unknown): LoginFailure {
  const text = error instanceof Error ? error.message : String(error);
  const status = /Error Code\s*:\s*(\d{3})/.exec(text)?.[1];
  const code = /\b(?:E[A-Z]{4,}|\w*CERT\w*)\b/.exec(text)?.[0];
  const variable = /ACTIONS_ID_TOKEN_REQUEST_\w+/.exec(text)?.[0];
  const what =
    status !== undefined
      ? `answered ${status}`
      : variable !== undefined
        ? `is not known: ${variable} is not set`
        : `gave no token${code === undefined ? "" : ` (${code})`}`;
  const isRefused = variable !== undefined || (status !== undefined && /^4(?!08|29)/.test(status));
  return new LoginFailure(
    isRefused ? "refused" : "unreachable",
    `GitHub's token endpoint ${what}`,
    isRefused
      ? "Give the job permissions: id-token: write; a pull request from a fork never has it."
      : "GitHub was busy or cannot be reached; see https://www.githubstatus.com, then run again.",
  );
}
