import { createServer as createPlainServer } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { runOk, temporaryFolder } from "./tools.ts";

/**
 * Entra ID as a job meets it, and GitHub's issuer of OIDC tokens before it. The token endpoint takes what
 * Microsoft says of "an access token request with a federated credential", and refuses what it does not:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 * GitHub's side: https://docs.github.com/actions/reference/security/oidc
 */
export interface IdentityProvider extends AsyncDisposable {
  /** Address of the provider itself, for a client that is told of it. */
  readonly authority: string;
  /** What a job has in its environment; the proxy leads to `login.microsoftonline.com`, played here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Certificate and key of the provider and the proxy, good for a store beside them. */
  readonly tls: ServerOptions & { readonly cert: string };
  /** Access tokens that were issued. */
  readonly issued: number;
  /** Whether a token is one of ours and lives still. */
  isLive(token: string): boolean;
}

export const TENANT = "11111111-2222-3333-4444-555555555555";
export const CLIENT = "66666666-7777-8888-9999-000000000000";
/** What GitHub says of a job in an environment. */
const SUBJECT = "repo:truststream/shop:environment:restore";
const AUDIENCE = "api://AzureADTokenExchange";
const REQUEST_TOKEN = "the-runner-may-ask";

/** How long what is issued lives, in seconds. */
export interface Lives {
  readonly accessTokens: number;
  /** GitHub's tokens, which Entra ID takes no longer than that. */
  readonly idTokens: number;
}

export async function startIdentityProvider(lives: Lives): Promise<IdentityProvider> {
  const folder = temporaryFolder("identity");
  const tls = await certificateFor(folder);
  const ends = new Map<string, number>();
  const idTokens = new Map<string, number>();
  const provider = createServer(tls, (request, response) => {
    void bodyOf(request).then((body) => answer(request, body, response));
  });
  const answer = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "https://provider");
    if (url.pathname === "/github/token") {
      issueIdToken(request, url, response);
      return;
    }
    if (url.pathname === `/${TENANT}/v2.0/.well-known/openid-configuration`) {
      const base = `https://${request.headers.host}/${TENANT}`;
      json(response, 200, {
        issuer: `${base}/v2.0`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      });
      return;
    }
    if (request.method !== "POST" || url.pathname !== `/${TENANT}/oauth2/v2.0/token`) {
      json(response, 404, { error: "not_found", error_description: url.pathname });
      return;
    }
    const refusal = refusalOf(new URLSearchParams(body), idTokens);
    if (refusal !== undefined) {
      json(response, 401, refusal);
      return;
    }
    const token = accessToken(ends.size);
    ends.set(token, Date.now() + lives.accessTokens * 1000);
    json(response, 200, { token_type: "Bearer", expires_in: lives.accessTokens, access_token: token });
  };
  const issueIdToken = (request: IncomingMessage, url: URL, response: ServerResponse): void => {
    if (request.headers.authorization !== `Bearer ${REQUEST_TOKEN}`) {
      json(response, 401, {});
      return;
    }
    const claims = { sub: SUBJECT, aud: url.searchParams.get("audience"), jti: idTokens.size };
    const value = unsigned(claims);
    idTokens.set(value, Date.now() + lives.idTokens * 1000);
    json(response, 200, { value });
  };
  const port = await listen(provider);
  const proxy = createPlainServer();
  proxy.on("connect", (request, socket) => {
    if (request.url !== "login.microsoftonline.com:443") {
      return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    provider.emit("connection", socket);
  });
  const proxyPort = await listen(proxy);
  const authority = `https://127.0.0.1:${port}`;
  return {
    authority,
    tls,
    environment: {
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${authority}/github/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: "127.0.0.1",
      NODE_EXTRA_CA_CERTS: join(folder, "cert.pem"),
    },
    get issued() {
      return ends.size;
    },
    isLive: (token) => (ends.get(token) ?? 0) > Date.now(),
    async [Symbol.asyncDispose]() {
      await Promise.all([close(provider), close(proxy)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const ASKED = {
  client_id: CLIENT,
  scope: "https://storage.azure.com/.default",
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  grant_type: "client_credentials",
};

/** The codes are Microsoft's: https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
function refusalOf(asked: URLSearchParams, idTokens: ReadonlyMap<string, number>): object | undefined {
  const refuse = (error: string, code: number, text: string): object => ({
    error,
    error_description: `AADSTS${code}: ${text}`,
    error_codes: [code],
  });
  for (const [name, value] of Object.entries(ASKED)) {
    const given = asked.get(name);
    if (given === null) return refuse("invalid_request", 900144, `the body must contain '${name}'`);
    // A client may ask for OpenID's own scopes beside.
    if (!given.split(" ").includes(value)) return refuse("invalid_request", 90014, `${name} is ${given}`);
  }
  const assertion = asked.get("client_assertion") ?? "";
  const end = idTokens.get(assertion);
  if (end === undefined) return refuse("invalid_client", 50027, "the assertion is no token of the issuer");
  const { aud } = JSON.parse(Buffer.from(assertion.split(".")[1]!, "base64url").toString()) as {
    aud: string;
  };
  if (aud !== AUDIENCE) return refuse("invalid_client", 700212, `no credential has the audience ${aud}`);
  return end > Date.now()
    ? undefined
    : refuse("invalid_client", 700024, "Client assertion is not within its valid time range.");
}

/** As Azurite's `--oauth basic` reads it; how long it lives is the provider's own to say. */
function accessToken(number: number): string {
  const now = Math.floor(Date.now() / 1000);
  return unsigned({
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
    iat: now - 9,
    nbf: now - 9,
    exp: now + 3600,
    jti: number,
  });
}

function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.c2ln`;
}

async function certificateFor(folder: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await runOk("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=login.microsoftonline.com", "-keyout", key, "-out", cert],
    ...["-addext", "subjectAltName=DNS:login.microsoftonline.com,IP:127.0.0.1"],
  ]);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
