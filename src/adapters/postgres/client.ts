import pg, { type Client } from "pg";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseAddress, SessionOptions } from "../../ports/database.ts";
import { guardLogin, type LoginGuard } from "./login-guard.ts";
import { clientConfig, withoutOurEnvironment } from "./start-up.ts";

/** How a client connects. */
export interface Connecting {
  /** The start-up parameter `options`; undefined where a pooler refuses it. */
  readonly options: string | undefined;
  /** Undefined for a plain connection. */
  readonly tls: ConnectionOptions | undefined;
  /** The longest time for the login, in milliseconds, where the URL does not ask for less. */
  readonly within: number;
}

/** A client of the driver's, not connected yet, and what holds the server to the URL's demands. */
export function newClient(
  address: DatabaseAddress,
  session: SessionOptions,
  { options, tls, within }: Connecting,
): { readonly client: Client; readonly guard: LoginGuard } {
  const config = clientConfig(address, session, options, tls);
  const connectionTimeoutMillis = Math.max(1, Math.min(within, config.connectionTimeoutMillis ?? within));
  const client = withoutOurEnvironment(new pg.Client({ ...config, connectionTimeoutMillis }), options);
  const guard = guardLogin(client, address);
  // Without a listener an error between events would end the process.
  client.on("error", () => undefined);
  return { client, guard };
}
