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
