import type { Holdfast } from "./holdfast.ts";
import type { Narrator } from "./narrator.ts";
import type { PrivateAzurite } from "./private-azurite.ts";
import type { PrivatePostgres } from "./private-postgres.ts";

/** What the story is told with; everything in it is stopped and removed by the caller's stack. */
export interface Stage {
  readonly narrator: Narrator;
  /** A private folder for key and kit. */
  readonly folder: string;
  readonly cancelled: AbortSignal;
  /** Takes what must be disposed of at the end. */
  keep<T extends AsyncDisposable>(thing: T): T;
  /** Hears about every command runner, so that an abrupt end can take it along. */
  onHoldfast(holdfast: Holdfast): void;
}

/** Servers, store and key of the whole demo. */
export interface World extends Stage {
  readonly postgres: PrivatePostgres;
  readonly azurite: PrivateAzurite;
  /** Variables by which a command finds the store. */
  readonly storeSecrets: Readonly<Record<string, string>>;
  /** Whom backups are encrypted to. */
  readonly recipient: string;
}
