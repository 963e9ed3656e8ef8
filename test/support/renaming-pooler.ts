import { connect, createServer, type AddressInfo } from "node:net";

/**
 * Of the start-up packet and of the question for TLS:
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
const [START_UP, ASKS_FOR_TLS] = [196_608, 80_877_103];

/** Lets every session have the same application_name, as some poolers do, and passes on the rest as it is. */
export async function startRenaming(
  to: number,
  name: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((client) => {
    const onward = connect(to, "127.0.0.1");
    let isStarted = false;
    client.on("data", (bytes: Buffer) => {
      const kind = isStarted ? 0 : bytes.readInt32BE(4);
      if (kind === ASKS_FOR_TLS) {
        client.write("N");
        return;
      }
      isStarted = true;
      onward.write(kind === START_UP ? renamed(bytes, name) : bytes);
    });
    onward.on("data", (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function renamed(packet: Buffer, name: string): Buffer {
  const words = packet.subarray(8).toString("utf8").split("\0");
  const at = words.indexOf("application_name");
  if (at >= 0) words[at + 1] = name;
  const body = Buffer.from(words.join("\0"));
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(START_UP, 4);
  return Buffer.concat([head, body]);
}
