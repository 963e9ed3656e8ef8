/**
 * Something of a live table that would change the backup's rows on their way in, or refuse them although they
 * were good at the source. It is set aside for the load and put back in the same transaction.
 */
export interface SetAside {
  /** For people: `trigger t on public.orders`. */
  readonly what: string;
  /** Why this role cannot do it; null when it can. */
  readonly obstacle: string | null;
  readonly aside: string;
  /** Statements that bring it back exactly as it was. */
  readonly back: readonly string[];
  /** What stays of a restore whose rows break it, for the message when it cannot be brought back. */
  readonly remedy?: string;
  /** Constraints that held for every row and come back for new rows only, until they are validated. */
  readonly validate?: readonly Validation[];
}

/** What says that a constraint holds for every row again. */
export interface Validation {
  /** For people: `constraint k of public.orders`. */
  readonly what: string;
  readonly sql: string;
}
