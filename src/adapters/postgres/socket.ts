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
