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
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let refusing = false;
  let accepted = 0;
  const server = createServer((incoming) => {
    accepted += 1;
    if (refusing) {
      incoming.destroy();
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
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut(true);
      await closed;
    },
  };
}
