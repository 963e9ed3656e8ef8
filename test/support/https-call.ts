import { request } from "node:https";

/** An answer, whole. */
export interface HttpsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: ReturnType<typeof JSON.parse>;
}

/** What a call may have beside its address. */
export interface HttpsCall {
  readonly method?: string;
  /** PEM of the authority that is to be trusted, and no other. */
  readonly ca: string;
  /** Undefined sends none. */
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call on a connection of its own, so that a cut one is seen by whoever was cut. */
export function httpsCall(url: string, how: HttpsCall): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: how.method ?? "GET",
        ca: how.ca,
        agent: false,
        headers: {
          ...(how.token === undefined ? {} : { authorization: `Bearer ${how.token}` }),
          ...how.headers,
        },
      },
      (response) => {
        response.on("error", reject);
        void response.toArray().then((chunks) => {
          const text = Buffer.concat(chunks as Buffer[]).toString("utf8");
          let json: unknown;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          resolve({ status: response.statusCode!, headers: response.headers, text, json });
        }, reject);
      },
    );
    sent.setTimeout(20_000, () => sent.destroy(new Error("no answer for 20 s")));
    sent.on("error", reject);
    const { body } = how;
    sent.end(body === undefined ? undefined : Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}
