import * as z from "zod";

/** What may go wrong with calls, whichever service they are for. A script is data: a list of these. */
export const callFault = z.strictObject({
  fault: z.enum([
    /** The connection is cut before anything is done. */
    "cut-before",
    /** It is done, and the connection is cut instead of the answer. */
    "cut-after",
    /** 429 with Retry-After. */
    "throttle",
    /** 503 with Retry-After. */
    "unavailable",
    /** 401, as for a token that was good a moment ago. */
    "expired-token",
    /** The call is taken and never answered, as a peer that has silently gone. */
    "silence",
  ]),
  /** The first call that it is for, from 1, counted among those that the route fits. */
  at: z.int().min(1),
  /** How many calls in a row. */
  times: z.int().min(1).default(1),
  /** Words that `METHOD /path` must hold, whatever their case; every call where it is absent. */
  route: z.string().min(1).optional(),
  retryAfterSeconds: z.number().min(0).default(0),
});

export type CallFault = z.infer<typeof callFault>;

/** Counts calls, and says which are to go wrong. */
export class CallFaults {
  readonly #faults: readonly CallFault[];
  readonly #seen: number[];
  #calls = 0;

  constructor(faults: readonly CallFault[]) {
    this.#faults = faults;
    this.#seen = faults.map(() => 0);
  }

  /** Calls so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Counts one more call; the fault that it meets, the first in the script where there are several. */
  next(method: string, path: string): CallFault | undefined {
    this.#calls += 1;
    const route = `${method} ${path}`.toLowerCase();
    let met: CallFault | undefined;
    for (const [index, fault] of this.#faults.entries()) {
      if (fault.route !== undefined && !route.includes(fault.route.toLowerCase())) continue;
      const number = (this.#seen[index] ?? 0) + 1;
      this.#seen[index] = number;
      if (met === undefined && number >= fault.at && number < fault.at + fault.times) met = fault;
    }
    return met;
  }
}
