import { inspect } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { containerClient } from "../../../src/adapters/azure-blob/azure-credentials.ts";
import { azureError } from "../../../src/adapters/azure-blob/azure-errors.ts";
import { githubOidcSource } from "../../../src/adapters/azure-blob/github-oidc.ts";
import { LoginWatch, plainSpoken } from "../../../src/adapters/azure-blob/login.ts";
import type { TokenSource } from "../../../src/adapters/azure-blob/token-source.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";

const PLACE = { account: "acct", container: "backups", env: {} };
const JWT = `eyJhbGciOiJSUzI1NiJ9.${"a".repeat(40)}.${"b".repeat(40)}`;

function failing(error: Error): TokenSource {
  return { getToken: async () => Promise.reject(error) };
}

async function told(source: TokenSource): Promise<HoldfastError> {
  const error: unknown = await source.getToken("scope").then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return azureError(error, "listing p/", PLACE);
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe("a login that fails", () => {
  it.each([
    [
      "AADSTS700213: No matching federated identity record found for presented assertion subject " +
        "'repo:o/r:environment:restore'. Check your federated identity credential Subject.",
      /federated credential/,
    ],
    [
      "AADSTS70021: No matching federated identity record found for presented assertion.",
      /federated credential/,
    ],
    ["AADSTS700024: Client assertion is not within its valid time range.", /AZURE_CLIENT_ID/],
    ["AADSTS7000215: Invalid client secret provided.", /client secret/],
    ["AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.", /AZURE_TENANT_ID/],
    ["AADSTS53003: Access has been blocked by Conditional Access policies.", /Entra ID's/],
  ])("is told in Entra ID's own words: %s", async (words, hint) => {
    const text = `invalid_client: Error(s): 1 - ${words} Trace ID: 0f Correlation ID: 1f Timestamp: 2026`;
    for (const name of ["AuthenticationRequiredError", "CredentialUnavailableError", "AuthenticationError"]) {
      const error = await told(plainSpoken(failing(named(name, text))));
      expect(error.code).toBe("store.denied");
      expect(error.message).toBe(`listing p/: the login was refused for azure://acct/backups: ${words}`);
      expect(error.hint).toMatch(hint);
    }
  });

  it("says what was looked for where nobody is logged in", async () => {
    for (const name of ["CredentialUnavailableError", "AggregateAuthenticationError"]) {
      const error = await told(
        plainSpoken(failing(named(name, "AzureCliCredential: Please run 'az login'"))),
      );
      expect(error.code).toBe("store.denied");
      expect(error.message).toContain("no credential was found for azure://acct/backups: AzureCliCredential");
      expect(error.hint).toContain("azure/login");
    }
  });

  it("does not take an identity service that is busy or cannot be reached for a refusal", async () => {
    for (const text of [
      "AADSTS90033: A transient error has occurred. Please try again.",
      "network_error: See https://aka.ms/msal.js.errors#network_error for details",
    ]) {
      expect(await told(plainSpoken(failing(named("AuthenticationRequiredError", text))))).toMatchObject({
        code: "store.unreachable",
      });
    }
  });

  it("names host and code of what the library swallowed, and the proxy", async () => {
    const watch = new LoginWatch({ HTTPS_PROXY: "http://me:TOPSECRET@proxy:3128" });
    const source: TokenSource = {
      async getToken() {
        const request = createPipelineRequest({ url: "https://login.microsoftonline.com/t/token" });
        const down = Object.assign(new Error("connect ECONNREFUSED 10.0.0.9:3128"), { code: "ECONNREFUSED" });
        await watch.policies[0]?.policy
          .sendRequest(request, async () => Promise.reject(down))
          .catch(() => undefined);
        throw named("AuthenticationRequiredError", "network_error: See https://aka.ms/x for details");
      },
    };
    const error = await told(plainSpoken(source, watch));
    expect(error.code).toBe("store.unreachable");
    expect(error.message).toContain(
      "no answer from login.microsoftonline.com: connect ECONNREFUSED 10.0.0.9:3128, by way of the proxy " +
        "http://proxy:3128 (HTTPS_PROXY)",
    );
    expect(inspect(error, { depth: 9 })).not.toContain("TOPSECRET");
  });

  it("tells an answer that is not the identity service's", async () => {
    const watch = new LoginWatch({});
    const source: TokenSource = {
      async getToken() {
        const request = createPipelineRequest({ url: "https://login.microsoftonline.com/t/token" });
        const headers = createHttpHeaders({ server: "squid/5.7" });
        await watch.policies[0]?.policy.sendRequest(request, async () => ({ request, headers, status: 407 }));
        throw named("AuthenticationRequiredError", "unknown_error");
      },
    };
    const error = await told(plainSpoken(source, watch));
    expect([error.code, error.message]).toEqual(["store.unreachable", expect.stringContaining("HTTP 407")]);
    expect(error.hint).toContain("The proxy wants a login");
  });

  it("does not take a machine without an identity of its own for the cause", async () => {
    const watch = new LoginWatch({});
    const request = createPipelineRequest({ url: "http://169.254.169.254/metadata/identity" });
    const down = Object.assign(new Error("connect EHOSTUNREACH"), { code: "EHOSTUNREACH" });
    await watch.policies[0]?.policy
      .sendRequest(request, async () => Promise.reject(down))
      .catch(() => undefined);
    expect(watch.met).toBeUndefined();
  });

  it("ends its waiting, and hears the caller's signal", async () => {
    const silent: TokenSource = { getToken: () => new Promise(() => undefined) };
    expect(await told(plainSpoken(silent, new LoginWatch({}), 20))).toMatchObject({
      code: "store.unreachable",
    });
    const stop = new AbortController();
    const asked = plainSpoken(silent, new LoginWatch({})).getToken("scope", { abortSignal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow("stopped");
  });

  it("shows no token, whatever the library quotes", async () => {
    const error = await told(
      plainSpoken(failing(named("AuthenticationError", `AADSTS1: bad assertion ${JWT}`))),
    );
    expect(error.message).toMatch(/AADSTS1: bad assertion …$/);
  });
});

describe("a login by GitHub's token", () => {
  const source = (error: Error) =>
    githubOidcSource({
      tenantId: "11111111-1111-1111-1111-111111111111",
      clientId: "22222222-2222-2222-2222-222222222222",
      getIdToken: async () => Promise.reject(error),
    });

  it.each([
    [
      "Failed to get ID Token. \n \n        Error Code : 403\n \n        Error Message: no",
      "answered 403",
      "store.denied",
    ],
    [
      "Failed to get ID Token. \n \n        Error Code : 503\n \n        Error Message: x",
      "answered 503",
      "store.unreachable",
    ],
    [
      "Failed to get ID Token. \n \n        Error Code : undefined\n \n        Error Message: " +
        "getaddrinfo ENOTFOUND x",
      "gave no token (ENOTFOUND)",
      "store.unreachable",
    ],
    [
      "Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_TOKEN env variable",
      "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set",
      "store.denied",
    ],
  ])("names GitHub's endpoint and what it said: %s", async (text, words, code) => {
    const error = await told(await source(new Error(text)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  });
});

describe("an endpoint without TLS", () => {
  it("is named before a login is sent to it", async () => {
    const parts = { account: "acct", container: "backups", prefix: "" };
    const opening = containerClient(parts, {}, { endpoint: "http://10.0.0.1:10000/acct", env: {} });
    await expect(opening).rejects.toMatchObject({
      code: "input.conflict",
      message: expect.stringContaining("http://10.0.0.1:10000/acct") as unknown,
    });
  });
});
