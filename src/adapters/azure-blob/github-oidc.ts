import type { TokenSource } from "./azure-credentials.ts";

/** Who we are in Entra ID, and how to get a fresh OIDC token of this job (`permissions: id-token: write`). */
export interface GithubOidc {
  readonly tenantId: string;
  readonly clientId: string;
  /** Asks GitHub for a token with the given audience; called again for every new access token. */
  readonly getIdToken: (audience: string) => Promise<string>;
}

/**
 * Logs in with the job's own OIDC token instead of the session `azure/login` left behind: every
 * access token is bought with a fresh token of the job, so runs may last as long as the job may.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
 */
export async function githubOidcSource({ tenantId, clientId, getIdToken }: GithubOidc): Promise<TokenSource> {
  const { ClientAssertionCredential } = await import("@azure/identity");
  return new ClientAssertionCredential(tenantId, clientId, () => getIdToken("api://AzureADTokenExchange"));
}
