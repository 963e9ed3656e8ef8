import { request, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../../ports/clock.ts";
import { FORBIDDEN, letsIn } from "./configuration.ts";
import type { Slot } from "./world.ts";

/** What a new slot shows until something is deployed to it; App Service has such a page, too. */
const EMPTY_PAGE = "Your web app is running and waiting for your content\n";
/** Longer nobody's answer is waited for. App Service gives up after 230 s. */
const ANSWER_MS = 230_000;

/**
 * Answers on a slot's address with whatever runs behind it at this moment. Which that is is decided anew for
 * each request, so that a swap is seen between two of them and never in the midst of one.
 */
export async function serve(
  slot: Slot,
  incoming: IncomingMessage,
  response: ServerResponse,
  clock: Pick<Clock, "elapsed">,
): Promise<void> {
  incoming.on("error", () => undefined);
  response.on("error", () => undefined);
  if (!letsIn(slot.config, slot.site, "front")) {
    incoming.resume();
    response.writeHead(FORBIDDEN.status, "Ip Forbidden", FORBIDDEN.headers).end(FORBIDDEN.text);
    return;
  }
  const { app, start } = slot.content;
  if (clock.elapsed() < slot.unavailableUntil) {
    unavailable(incoming, response, "The service is unavailable.");
    return;
  }
  if (app === undefined) {
    if (start !== undefined) unavailable(incoming, response, "The app is restarting.");
    else {
      incoming.resume();
      response.writeHead(200, { "content-type": "text/plain" }).end(EMPTY_PAGE);
    }
    return;
  }
  if (!(await app.isReady())) {
    unavailable(incoming, response, "The app did not start.");
    return;
  }
  const asked = request({
    host: "127.0.0.1",
    port: app.port,
    method: incoming.method,
    path: incoming.url,
    agent: false,
    headers: {
      ...incoming.headers,
      "x-forwarded-proto": "https",
      "x-forwarded-for": "127.0.0.1",
    },
  });
  asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error("no answer")));
  asked.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  asked.on("error", () => {
    if (response.headersSent) response.destroy();
    else unavailable(incoming, response, "The app did not answer.");
  });
  response.on("close", () => asked.destroy());
  incoming.pipe(asked);
}

function unavailable(incoming: IncomingMessage, response: ServerResponse, text: string): void {
  incoming.resume();
  response.writeHead(503, { "content-type": "text/plain" }).end(`${text}\n`);
}
