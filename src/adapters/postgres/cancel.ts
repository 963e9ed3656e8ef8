import { connect, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { once } from "node:events";
import type { DatabaseAddress } from "../../ports/database.ts";

/** Request codes of the protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const TIMEOUT_MS = 10_000;

/**
 * Asks the server to cancel what the session with this key is doing. The server never answers: it closes the
 * connection, and the running statement fails with SQLSTATE 57014 if it was still running.
 */
export async function requestCancel(
  address: DatabaseAddress,
  tls: ConnectionOptions | undefined,
  pid: number,
  key: number,
): Promise<void> {
  const plain = address.host.startsWith("/")
    ? connect(`${address.host}/.s.PGSQL.${address.port}`)
    : connect({ host: address.host, port: address.port });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await once(plain, "connect", { signal });
    const socket = tls === undefined ? plain : await encrypted(plain, tls, signal);
    const closed = once(socket, "close", { signal });
    socket.on("error", () => undefined);
    socket.resume();
    socket.end(message(CANCEL_REQUEST, pid, key));
    await closed;
  } finally {
    plain.destroy();
  }
}

/** The key lets its owner cancel statements, so it goes through TLS where the session itself does. */
async function encrypted(plain: Socket, tls: ConnectionOptions, signal: AbortSignal): Promise<Socket> {
  plain.write(message(SSL_REQUEST));
  const [answer] = (await once(plain, "data", { signal })) as [Buffer];
  if (answer[0] !== "S".charCodeAt(0)) throw new Error("the server offers no TLS for a cancel request");
  const socket = connectTls({ ...tls, socket: plain });
  await once(socket, "secureConnect", { signal });
  return socket;
}

function message(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 + numbers.length * 4);
  bytes.writeInt32BE(bytes.length, 0);
  numbers.forEach((number, index) => bytes.writeInt32BE(number | 0, 4 + index * 4));
  return bytes;
}
