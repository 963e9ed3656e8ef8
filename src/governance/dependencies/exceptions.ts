import { printableLine } from "../../kernel/printable.ts";
import type { Finding } from "../findings/finding.ts";
import { fits } from "../../kernel/path-pattern.ts";
import { EXPIRED_EXCEPTION } from "./rules/expired-exception.ts";
import type { AnyRuleName } from "./rules/names.ts";
import type { Hit, Rule } from "./rules/rule.ts";
import { UNUSED_EXCEPTION } from "./rules/unused-exception.ts";
import type { Exception } from "./settings.ts";

/** A finding, with what an exception may name. */
export interface Judged {
  readonly finding: Finding;
  readonly hit: Hit;
}

/** A finding that does not count, and why. */
export interface Waived {
  readonly finding: Finding;
  readonly reason: string;
  /** The last day, `YYYY-MM-DD`. */
  readonly until: string;
}

/** Where an exception is written, by its place in the list. */
export type PlaceOf = (index: number) => { readonly file: string; readonly line: number | null };

/** What remains after the exceptions. */
export interface Excepted {
  readonly counts: readonly Judged[];
  readonly waived: readonly Waived[];
  /** What is to be told of the exceptions themselves. */
  readonly told: readonly Finding[];
}

/**
 * Takes out what the settings except.
 *
 * @param today `YYYY-MM-DD`; the last day of an exception still counts.
 * @param idle Rules that found nothing because they did not look, or that look at changes alone: exceptions
 *   from them are not called unused.
 */
export function applyExceptions(
  judged: readonly Judged[],
  exceptions: readonly Exception[],
  today: string,
  idle: ReadonlySet<AnyRuleName>,
  placeOf: PlaceOf | undefined,
): Excepted {
  const valid = exceptions.filter(({ until }) => until >= today);
  const used = new Set<Exception>();
  const counts: Judged[] = [];
  const waived: Waived[] = [];
  for (const each of judged) {
    const fitting = valid.filter((exception) => excepts(exception, each));
    for (const exception of fitting) used.add(exception);
    const [exception] = fitting;
    if (exception === undefined) counts.push(each);
    else waived.push({ finding: each.finding, reason: exception.reason, until: exception.until });
  }
  const told = exceptions.flatMap((exception, index): Finding[] => {
    const place = placeOf?.(index) ?? { file: null, line: null };
    if (!valid.includes(exception)) {
      const still = judged.some((each) => excepts(exception, each));
      return [expired(exception, still, place)];
    }
    return used.has(exception) || idle.has(exception.rule) ? [] : [unused(exception, place)];
  });
  return { counts, waived, told };
}

function excepts({ rule, package: pattern, advisory }: Exception, { finding, hit }: Judged): boolean {
  return finding.rule === rule && fits(pattern, hit.subject) && advisory === hit.advisory;
}

const called = ({ rule, package: pattern, advisory }: Exception): string =>
  printableLine(`'${pattern}' from ${rule}${advisory === undefined ? "" : ` (${advisory})`}`);

type Place = Pick<Finding, "file" | "line">;

const by = ({ name, severity }: Omit<Rule, "find">): Pick<Finding, "rule" | "severity"> => ({
  rule: name,
  severity,
});

function expired(exception: Exception, still: boolean, place: Place): Finding {
  const now = still ? "what it excepted is still there" : "nothing needs it any more";
  return {
    ...by(EXPIRED_EXCEPTION),
    ...place,
    message: `the exception of ${called(exception)} ended on ${exception.until}; ${now}`,
    fix: still
      ? "Solve what it excepted, or set another day with a reason in `dependencies.exceptions`."
      : "Take it out of `dependencies.exceptions`.",
  };
}

function unused(exception: Exception, place: Place): Finding {
  return {
    ...by(UNUSED_EXCEPTION),
    ...place,
    message: `the exception of ${called(exception)} excepts nothing`,
    fix: "Take it out of `dependencies.exceptions`.",
  };
}
