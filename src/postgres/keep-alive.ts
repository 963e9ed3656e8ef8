import type { DatabaseAddress } from "./database-address.ts";

/** How a link that died without a word is found out, by the system under both clients. */
export interface KeepAliveChoice {
  readonly enabled: boolean;
  readonly idleSeconds: number;
  readonly intervalSeconds: number;
  readonly count: number;
  /** Undefined where the system's own choice stays. */
  readonly userTimeoutMs: number | undefined;
}

/** A minute in all; the system's own choice is two hours. */
const OURS = { enabled: true, idleSeconds: 30, intervalSeconds: 10, count: 3 } as const;

/** What the URL says, and where it says nothing, what we take. */
export function keepAliveOf({ demands }: DatabaseAddress): KeepAliveChoice {
  return { ...OURS, userTimeoutMs: undefined, ...demands?.keepAlive };
}

/** A setting by which the server finds out that a client is gone. */
export interface LostClientSetting {
  readonly name: string;
  /** What is asked for at most; a role or a URL may have set less. */
  readonly value: number;
  /** First major version that knows it; 0 for all that we do. */
  readonly since: number;
}

/**
 * Lets the server notice within two minutes that a machine is gone that said no goodbye, and end what that
 * holds: a snapshot, which keeps VACUUM from its work, or a lock. By itself it may take hours, and a quarter
 * of one where it has sent what was never acknowledged: then keep-alives are silent, and `tcp_user_timeout`
 * counts. Where the connection is no TCP, or the server's system knows none of it, these are 0 and stay so.
 * https://www.postgresql.org/docs/current/runtime-config-connection.html#RUNTIME-CONFIG-TCP-SETTINGS
 */
export const LOST_CLIENT: readonly LostClientSetting[] = [
  { name: "tcp_keepalives_idle", value: 60, since: 0 },
  { name: "tcp_keepalives_interval", value: 15, since: 0 },
  { name: "tcp_keepalives_count", value: 4, since: 0 },
  { name: "tcp_user_timeout", value: 120_000, since: 12 },
];
