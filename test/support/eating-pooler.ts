import { connect, createServer, type AddressInfo } from "node:net";

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const SSL_REQUEST = 80_877_103;
const VERSION_3 = 196_608;

/** A pooler that finds by a word of the start-up packet's `options` whom a session is for, and drops it. */
export interface EatingPooler extends AsyncDisposable {
  readonly port: number;
  /** Names of the sessions that had no such word. */
  readonly refused: readonly string[];
}

/**
 * @param to the server's port
 * @param demands refuse who has no options
 */
export async function startEating(to: number, demands = false): Promise<EatingPooler> {
  const refused: string[] = [];
  const server = createServer((client) => {
    const onward = connect(to, "127.0.0.1");
    let isStarted = false;
    client.on("data", (bytes: Buffer) => {
      const kind = isStarted ? 0 : bytes.readInt32BE(4);
      if (kind === SSL_REQUEST) return void client.write("N");
      if (isStarted || kind !== VERSION_3) {
        isStarted = true;
        return void onward.write(bytes);
      }
      isStarted = true;
      const words = bytes.subarray(8).toString("utf8").split("\0");
      const at = words.indexOf("options");
      if (demands && at < 0) {
        refused.push(words[words.indexOf("application_name") + 1] ?? "");
        client.end(message("E", "SFATAL\0C08P01\0MTenant or user not found\0\0"));
        onward.destroy();
        return;
      }
      if (at >= 0) {
        words[at + 1] = words[at + 1]!.replace(/(?:--cluster|reference)=\S+\s*/g, "").trim();
        if (words[at + 1] === "") words.splice(at, 2);
      }
      onward.write(startUp(words.join("\0")));
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
    refused,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

function startUp(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(VERSION_3, 4);
  return Buffer.concat([head, body]);
}

function message(kind: string, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
