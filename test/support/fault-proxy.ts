import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the proxy does with one request. */
export type Treatment =
  | "pass"
  /** The connection is cut before the server hears of it. */
  | "cut-before"
  /** The server does what was asked, and the answer is lost. */
  | "cut-after"
  /** The request's first body byte is flipped on the way. */
  | "flip"
  /** Never answered. */
  | "hang"
  /**
   * The first `bytes` of the answer's body arrive, then the connection is cut (or, with `hang`, stays
   * open in silence).
   */
  | { readonly bodyBytes: number; readonly hang?: boolean }
  /** Answered in the server's place. */
  | { readonly status: number; readonly code?: string };

/** One request as the decision sees it: `seen` counts requests of the same `kind` from 1. */
export interface Passing {
  readonly method: string;
  readonly url: URL;
  /** Azure operation, such as `PUT block`, `PUT blocklist`, `GET`, `GET list`. */
  readonly kind: string;
  readonly seen: number;
  readonly headers: IncomingMessage["headers"];
}

/** A proxy in front of an HTTP server on the loopback that does harm on demand. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  readonly log: readonly string[];
  decide: (passing: Passing) => Treatment;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const counts = new Map<string, number>();
  const log: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://proxy");
    const method = incoming.method ?? "";
    const kind = [method, url.searchParams.get("comp")].filter((part) => part !== null).join(" ");
    const seen = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, seen);
    const treatment = proxy.decide({ method, url, kind, seen, headers: incoming.headers });
    log.push(`${kind} ${typeof treatment === "string" ? treatment : JSON.stringify(treatment)}`);
    treat(treatment, incoming, outgoing, targetPort);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    log,
    decide: () => "pass",
    [Symbol.asyncDispose]: () => close(server),
  };
  return proxy;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

function treat(
  treatment: Treatment,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
): void {
  if (treatment === "cut-before") {
    incoming.socket.destroy();
    return;
  }
  if (treatment === "hang") {
    incoming.resume();
    return;
  }
  if (typeof treatment === "object" && "status" in treatment) {
    incoming.resume();
    incoming.on("end", () => {
      outgoing.writeHead(
        treatment.status,
        treatment.code === undefined ? {} : { "x-ms-error-code": treatment.code },
      );
      outgoing.end();
    });
    return;
  }
  const onward = request(
    { port, host: "127.0.0.1", method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      if (treatment === "cut-after") {
        answer.resume();
        answer.on("end", () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (typeof treatment === "object") passSome(answer, outgoing, treatment);
      else answer.pipe(outgoing);
    },
  );
  onward.on("error", () => incoming.socket.destroy());
  incoming.on("error", () => onward.destroy());
  outgoing.on("close", () => onward.destroy());
  if (treatment === "flip") incoming.once("data", (chunk: Buffer) => chunk.set([(chunk[0] ?? 0) ^ 1]));
  incoming.pipe(onward);
}

function passSome(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  { bodyBytes, hang }: { bodyBytes: number; hang?: boolean },
): void {
  let left = bodyBytes;
  if (left === 0) {
    outgoing.flushHeaders();
    if (hang !== true) setTimeout(() => outgoing.socket?.destroy(), 5);
  }
  answer.on("data", (chunk: Buffer) => {
    if (left <= 0) return;
    const part = chunk.subarray(0, left);
    left -= part.length;
    outgoing.write(part, () => {
      if (left <= 0 && hang !== true) outgoing.socket?.destroy();
    });
  });
}
