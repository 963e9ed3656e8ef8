import { Pace } from "./pace.ts";

/** What a progress display needs to know. */
export interface Pacing {
  readonly label: string;
  readonly unit: "bytes" | "tables" | "migrations";
  /** An estimate in the same unit. */
  readonly total: number | undefined;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Makes a closing note safe to show. */
  readonly clean: (note: string) => string;
}

/** Milliseconds between two lines while nothing moves. */
const STILL_EVERY_MS = 30_000;

/** Whole lines with time between them, for logs that cannot be redrawn; also while nothing moves. */
export function spacedProgress(
  print: (line: string) => void,
  pacing: Pacing,
  spacingMs: number,
): { add(count: number): void; done(note?: string): void } {
  const { label, elapsed } = pacing;
  const pace = new Pace(pacing.unit, pacing.total, elapsed());
  let printedAt = elapsed();
  let ended = false;
  // Without unref the timer would keep a finished process alive if a command forgot to end its progress.
  const timer = setInterval(() => {
    const now = elapsed();
    if (pace.stillMs(now) >= STILL_EVERY_MS) print(`${label}: ${pace.describe(now)}`);
  }, STILL_EVERY_MS).unref();
  return {
    add(count) {
      const now = elapsed();
      pace.add(count, now);
      if (ended || now - printedAt < spacingMs) return;
      printedAt = now;
      print(`${label}: ${pace.describe(now)}`);
    },
    done(note) {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      const told = note === undefined ? pace.summary(elapsed()) : pacing.clean(note);
      if (told !== undefined) print(`${label}: ${told}`);
    },
  };
}
