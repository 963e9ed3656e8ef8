/** Anything that gives bearer tokens; the shape of `@azure/identity`'s credentials. */
export interface TokenSource {
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}
