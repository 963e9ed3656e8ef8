import { Socket } from "node:net";
import type { DatabaseAddress } from "../../ports/database.ts";
import { keepAliveOf } from "../../postgres/keep-alive.ts";

/** What Node's types do not say yet: https://nodejs.org/api/net.html#socketsetkeepaliveenable-initialdelay */
type SetKeepAlive = (enable: boolean, delayMs: number, intervalMs: number, count: number) => void;

/** A socket for the driver that shows signs of life as the URL asks, or as we do. */
export function socketFor(address: DatabaseAddress): Socket {
  const socket = new Socket();
  const { enabled, idleSeconds, intervalSeconds, count } = keepAliveOf(address);
  if (!enabled || address.host.startsWith("/")) return socket;
  socket.once("connect", () => {
    const set = socket.setKeepAlive.bind(socket) as unknown as SetKeepAlive;
    set(true, idleSeconds * 1000, intervalSeconds * 1000, count);
  });
  return socket;
}

/**
 * What Node looks at itself, so that no timeout of a socket ends what still goes out; its types do not say
 * so.
 */
interface Sending {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  /** The socket below TLS, which alone tells what has gone. */
  readonly _parent?: Sending | null;
}

/**
 * Something that is another value as soon as a byte has come or gone. Node counts what was written once all
 * of it has gone: of one long text nothing would move for minutes where a line is slow, so the system is
 * asked.
 */
export function movementOf(socket: Socket): string {
  const { bytesRead, bytesWritten, writableLength } = socket;
  const sending = socket as unknown as Sending;
  const unsent = (sending._parent ?? sending)._handle?.writeQueueSize ?? 0;
  return `${bytesRead} ${bytesWritten - writableLength} ${unsent}`;
}
