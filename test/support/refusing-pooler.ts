import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/**
 * Stands before a server as a pooler that knows no `options` in the start-up packet does: it refuses them,
 * and passes on the rest.
 */
export async function startRefusingOptions(to: {
  readonly host: string;
  readonly port: number;
}): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (startup) => {
      if (startup.includes("options\0")) {
        const fields = Buffer.from("SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0");
        const head = Buffer.from([0x45, 0, 0, 0, 0]);
        head.writeInt32BE(fields.length + 4, 1);
        client.end(Buffer.concat([head, fields]));
        return;
      }
      const upstream = connect(to.port, to.host).on("error", () => client.destroy());
      upstream.write(startup);
      client.pipe(upstream).pipe(client);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
