import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Which connections fall silent: the one at which it is time, or all of them and those to come. */
export type Silence = "one" | "all";
export const WAYS: readonly Silence[] = ["one", "all"];

/**
 * A relay to a server on the loopback that stops forwarding at the n-th piece that a client sends, in either
 * direction and without closing, as a load balancer or a network that forgot a connection. When a client is
 * gone it tells the server, as the system behind it would.
 */
export interface SilentRelay extends AsyncDisposable {
  readonly port: number;
  /** Pieces that clients have sent. */
  readonly pieces: number;
  /** Connections that are open on the clients' side. */
  readonly open: number;
  /** From the n-th piece on, from now; 0 for never. */
  fallSilentAt(piece: number, what: Silence): void;
  /** At the n-th piece, from now, something else happens; 0 for never. */
  happensAt(piece: number, what: () => void): void;
  /** Tells the server that every client is gone. */
  forgetClients(): void;
}

/** @param host on which it listens */
export async function startSilentRelay(target: number, host = "127.0.0.1"): Promise<SilentRelay> {
  const clients = new Set<Socket>();
  let [pieces, at, what]: [number, number, Silence] = [0, 0, "one"];
  let isSilent = false;
  let event: { readonly piece: number; readonly what: () => void } | undefined;
  const server = createServer((client) => {
    clients.add(client);
    const upstream = connect(target, "127.0.0.1");
    let mine = isSilent;
    const stops = (): boolean => mine || isSilent;
    client.on("data", (bytes) => {
      pieces += 1;
      if (pieces === event?.piece) event.what();
      if (at > 0 && pieces >= at && !isSilent && !mine) {
        mine = true;
        if (what === "all") isSilent = true;
        else at = 0;
      }
      if (!stops()) upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!stops()) client.write(bytes);
    });
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    client.on("close", () => {
      clients.delete(client);
      upstream.destroy();
    });
    upstream.on("close", () => {
      if (!stops()) client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get pieces() {
      return pieces;
    },
    get open() {
      return clients.size;
    },
    fallSilentAt(piece, how) {
      [pieces, at, what, isSilent] = [0, piece, how, false];
    },
    happensAt(piece, then) {
      pieces = 0;
      event = { piece, what: then };
    },
    forgetClients() {
      for (const client of clients) client.destroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}
