import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { makeCertificates } from "../../src/sandbox/router/certificate.ts";

/**
 * Stands where a PostgreSQL server should, with TLS that anybody could offer, and says at login what a test
 * has it say. It keeps everything that it is sent, decrypted.
 */
export interface LyingServer extends AsyncDisposable {
  readonly port: number;
  /** All bytes of clients, start-up packets included. */
  readonly heard: () => string;
}

/** Answers to a request for TLS; other servers know none. */
const SSL_REQUEST = 80877103;

/**
 * @param says what is sent after the start-up packet, and after each further message; then it only listens
 * @param plain whether it has no TLS
 */
export async function startLyingServer(says: readonly Buffer[], plain = false): Promise<LyingServer> {
  const { certificate, key } = makeCertificates(new Date(), "0a0b0c0d");
  const heard: Buffer[] = [];
  const open = new Set<Socket>();
  const serve = (socket: Socket): void => {
    const left = [...says];
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      heard.push(bytes);
      const next = left.shift();
      if (next !== undefined) socket.write(next);
    });
  };
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (first: Buffer) => {
      if (first.length !== 8 || first.readInt32BE(4) !== SSL_REQUEST) {
        heard.push(first);
        if (says[0] !== undefined) socket.write(says[0]);
        return;
      }
      socket.write(plain ? "N" : "S");
      if (plain) serve(socket);
      else serve(new TLSSocket(socket, { isServer: true, cert: certificate, key }));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard).toString("latin1"),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** One message of the server's: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function authentication(code: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  const number = Buffer.alloc(4);
  number.writeInt32BE(code);
  return message("R", Buffer.concat([number, rest]));
}

const READY = message("Z", Buffer.from("I"));

/** What a server can say at a login. */
export const SAYS = {
  cleartext: authentication(3),
  md5: authentication(5, Buffer.from("salt")),
  sasl: (...mechanisms: string[]): Buffer => authentication(10, Buffer.from(`${mechanisms.join("\0")}\0\0`)),
  ok: Buffer.concat([authentication(0), READY]),
  refusal: (state: string, words: string): Buffer =>
    message("E", Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${words}\0\0`)),
} as const;
