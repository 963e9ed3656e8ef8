import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a block is answered: at once, after so many milliseconds, or never. */
export type BlockAnswer = number | "never";

/** As much of a blob service as an upload asks for, over a line that is as slow as the test says. */
export interface BlobLine extends AsyncDisposable {
  readonly port: number;
  /** Most blocks that were on the way at the same time, since it was last set. */
  most: number;
  /** Of every block request: how many were on the way when it came, itself included. */
  readonly beside: number[];
  /** Connections that the other side closed before an answer. */
  readonly closed: number;
  answer: (beside: number) => BlockAnswer;
  /** Answers what is no block; blocks and lists are taken by themselves. */
  other: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function startBlobLine(): Promise<BlobLine> {
  let now = 0;
  let closed = 0;
  const beside: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    const { searchParams } = new URL(request.url ?? "/", "http://line");
    if (request.method !== "PUT" || searchParams.get("comp") !== "block") {
      line.other(request, response);
      return;
    }
    now += 1;
    line.most = Math.max(line.most, now);
    beside.push(now);
    const answer = line.answer(now);
    response.on("close", () => {
      now -= 1;
      if (!response.writableFinished) closed += 1;
    });
    request.on("end", () => {
      if (answer !== "never") setTimeout(() => response.writeHead(201, AZURES).end(), answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const line: BlobLine = {
    port: (server.address() as AddressInfo).port,
    most: 0,
    beside,
    get closed() {
      return closed;
    },
    answer: () => 0,
    other: (_request, response) => void response.writeHead(201, { ...AZURES, etag: '"e"' }).end(),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await ended;
    },
  };
  return line;
}

/** Every answer of Azure's has these. */
export const AZURES = { "x-ms-request-id": "1", "x-ms-version": "2025-01-05" };
