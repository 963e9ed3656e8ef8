import { createServer, request, type ServerOptions } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Azurite } from "./azurite.ts";

/** A store that takes only tokens that live, and is slow to take blocks of data. */
export interface GuardedStore extends AsyncDisposable {
  /** Blob endpoint, with the account in its path. */
  readonly endpoint: string;
  /** Blocks that were taken. */
  readonly blocks: number;
  /** Tokens with which data was sent or committed, each once. */
  readonly tokens: ReadonlySet<string>;
}

/** What stands before Azurite, which has to accept bearer tokens. */
export interface Guard {
  readonly tls: ServerOptions;
  readonly isLive: (token: string) => boolean;
  /** Pause after each block, one after another. */
  readonly blockMs: number;
}

export async function guardStore(azurite: Azurite, { tls, isLive, blockMs }: Guard): Promise<GuardedStore> {
  const tokens = new Set<string>();
  let blocks = 0;
  let slowly: Promise<unknown> = Promise.resolve();
  const server = createServer(tls, (incoming, outgoing) => {
    const token = (incoming.headers.authorization ?? "").replace(/^Bearer /, "");
    if (!isLive(token)) {
      refuse(incoming, outgoing);
      return;
    }
    const part = /[?&]comp=(block|blocklist)(?:&|$)/.exec(incoming.url ?? "")?.[1];
    if (part !== undefined) tokens.add(token);
    if (part !== "block") {
      pass(azurite, incoming, outgoing);
      return;
    }
    blocks += 1;
    slowly = slowly.then(() => setTimeout(blockMs));
    void slowly.then(() => pass(azurite, incoming, outgoing));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { pathname } = new URL(azurite.endpoint);
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    get blocks() {
      return blocks;
    },
    tokens,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** As Azure answers a token whose time is over. */
function refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  const code = "InvalidAuthenticationInfo";
  outgoing.writeHead(401, { "content-type": "application/xml", "x-ms-error-code": code });
  outgoing.end(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Lifetime validation failed.</Message></Error>`,
  );
}

function pass(azurite: Azurite, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const onward = request(
    `https://127.0.0.1:${azurite.port}${incoming.url ?? "/"}`,
    { method: incoming.method, headers: incoming.headers, ca: azurite.certificate },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}
