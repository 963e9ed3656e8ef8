import { formatDuration } from "../../kernel/duration.ts";
import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Watched } from "./request.ts";
import type { Pulled } from "./trigger.ts";
import { toldOf, type Watching } from "./watching.ts";

/**
 * How a watch ended, for people and machines.
 *
 * @param pulled what came of starting a workflow; undefined where none was to be started
 * @param what what that workflow is
 */
export function watchOutcome(
  watched: Watched,
  seen: Watching,
  pulled: Pulled | undefined,
  what: string | undefined,
): Outcome {
  const { shown } = watched.address;
  return {
    exit: seen.isIll ? EXIT.verdict : EXIT.done,
    outputs: {
      healthy: !seen.isIll,
      tries: seen.tries,
      failures: seen.inRow,
      unclear: seen.unclearInRow,
      last: `${shown} ${seen.last.what}`,
      started: startedOf(pulled),
    },
    report: {
      good: !seen.isIll,
      headline: seen.isIll
        ? `${shown} is ill: ${(seen.lastFailure ?? seen.last).what}`
        : wellFor(watched, seen),
      tables: [],
      notes: seen.isIll ? [toldOf(watched, seen), ...notesOf(pulled, what ?? "")] : [],
    },
  };
}

function wellFor({ address, forMs, failures }: Watched, seen: Watching): string {
  const { tries, failed, unclear, inRow } = seen;
  const all = `${tries} ${tries === 1 ? "try" : "tries"} in ${formatDuration(forMs)}`;
  if (failed + unclear === 0) return `${address.shown} was well: ${all}`;
  const end = inRow === 0 ? "" : `, the last ${inRow}`;
  const rest = unclear === 0 ? "" : `; ${unclear} said nothing about a release`;
  const count = `${failed} failed${end}, and never ${failures} in a row${rest}`;
  return `${address.shown} was well enough: of ${all} ${count}`;
}

function startedOf(pulled: Pulled | undefined): string {
  if (pulled?.kind === "started") return pulled.url ?? "unknown";
  return pulled?.kind === "found" ? pulled.run.url : "";
}

function notesOf(pulled: Pulled | undefined, what: string): readonly string[] {
  switch (pulled?.kind) {
    case undefined:
      return [];
    case "started":
      return [`started ${what}: ${pulled.url ?? "GitHub does not show its run yet"}`];
    case "found":
      return [`${what} was not started again: ${pulled.run.url} counts, ${pulled.why}`];
    case "dry":
      return [`would start ${what}`];
    case "later":
      return [`${what} was not started by this watch: ${pulled.why}`];
  }
}
