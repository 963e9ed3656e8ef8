import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificates } from "./certificate.ts";
import type { SandboxAnswer, SandboxRequest } from "./part.ts";

/** A server on loopback that ends when it is told to. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:41234`, as it stands in addresses. */
  readonly host: string;
}

const LOOPBACK = "127.0.0.1";

/**
 * Listens with HTTPS on loopback, on a free port or the given one.
 *
 * @throws what Node throws where the port is taken
 */
export async function listen(
  listener: RequestListener,
  { certificate, key }: Certificates,
  port = 0,
): Promise<Listener> {
  const server = createServer({ cert: certificate, key }, listener);
  server.listen(port, LOOPBACK);
  await once(server, "listening");
  const taken = (server.address() as AddressInfo).port;
  return { port: taken, host: `${LOOPBACK}:${taken}`, [Symbol.asyncDispose]: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** The call as parts see it. `ended` aborts when the sandbox is closed. */
export function requestOf(
  incoming: IncomingMessage,
  response: ServerResponse,
  ended: AbortSignal,
): SandboxRequest {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client is gone")));
  return {
    method: incoming.method ?? "GET",
    url: new URL(incoming.url ?? "/", `https://${incoming.headers.host ?? LOOPBACK}`),
    headers: incoming.headers,
    body: incoming,
    signal: AbortSignal.any([ended, gone.signal]),
  };
}

/** Sends an answer, whole. What the client has not been let send is thrown away with the connection. */
export function send(response: ServerResponse, answer: SandboxAnswer): void {
  const body = bodyOf(answer);
  const type = answer.json === undefined ? {} : { "content-type": "application/json; charset=utf-8" };
  response.writeHead(answer.status, {
    ...type,
    ...answer.headers,
    // A body of 204 would be taken for the next answer.
    ...(answer.status === 204 ? {} : { "content-length": String(body.byteLength) }),
  });
  response.end(answer.status === 204 ? undefined : body);
}

function bodyOf({ json, text, bytes }: SandboxAnswer): Uint8Array {
  if (bytes !== undefined) return bytes;
  return Buffer.from(json === undefined ? (text ?? "") : JSON.stringify(json), "utf8");
}
