import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers whatever it is asked, in the place of a blob service; `answer` may be exchanged at any time. */
export interface StrangerRelay extends AsyncDisposable {
  readonly port: number;
  readonly asked: readonly string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function startStrangerRelay(): Promise<StrangerRelay> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    request.resume();
    relay.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const relay: StrangerRelay = {
    port: (server.address() as AddressInfo).port,
    asked,
    answer: (_request, response) => void response.writeHead(204).end(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return relay;
}
