import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A proxy for any TCP service on the loopback, such as PostgreSQL, that can cut what passes through it. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly accepted: number;
  /**
   * Cuts every connection without a goodbye, as a lost network does. New ones are accepted unless `forGood`.
   */
  cut(forGood?: boolean): void;
  /**
   * From here on nothing passes any more, of connections that are open and, if `newToo`, of those to come;
   * none is closed. As a load balancer or a network does that forgot a connection without telling anybody.
   */
  fallSilent(newToo: boolean): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let refusing = false;
  let isSilent = false;
  let accepted = 0;
  const server = createServer((incoming) => {
    accepted += 1;
    if (refusing) {
      incoming.destroy();
      return;
    }
    if (isSilent) {
      open.add(incoming);
      incoming.on("error", () => undefined);
      incoming.on("close", () => open.delete(incoming));
      return;
    }
    const outgoing = connect(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (forGood = false): void => {
    refusing ||= forGood;
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    cut,
    fallSilent(newToo) {
      isSilent ||= newToo;
      for (const socket of open) {
        socket.unpipe();
        // What arrives is taken, as by a kernel that has room, and goes nowhere.
        socket.resume();
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut(true);
      await closed;
    },
  };
}
