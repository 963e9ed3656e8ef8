import { listed } from "../../kernel/listed.ts";
import type { CornerChoice } from "./canary/corners.ts";
import type { RowsTried } from "./rows-tried.ts";

/** One try of a pair with rows in its tables; without a choice they are ordinary ones. */
export type RowsAttempt = (choice?: CornerChoice) => Promise<RowsTried>;

/** How hard unusual values are tried. */
export interface Effort {
  /** Kinds of values, the most unusual first. */
  readonly levels: readonly CornerChoice["corners"][];
  /** Tries at most, to find out which columns do not take them. */
  readonly narrowing: number;
}

/**
 * Unusual values are for what they lose alone: that a script does not take them may be as it should be, so
 * then ordinary ones decide. One column that does not take them must not hide what others lose: these
 * are tried without it.
 */
export async function withUnusual(attempt: RowsAttempt, effort: Effort): Promise<RowsTried> {
  let last: RowsTried | undefined;
  for (const corners of effort.levels) {
    last = await attempt({ corners, wanted: () => true });
    if (!last.stopped) return last;
    // This is no matter of how unusual a value is.
    if (last.forwardFailed?.certain === true) break;
  }
  const ordinary = await attempt();
  return last === undefined || ordinary.stopped ? ordinary : await narrowed(attempt, ordinary, last, effort);
}

/**
 * @param ordinary what became of ordinary rows
 * @param refused a try that stopped for its unusual values
 */
export async function narrowed(
  attempt: RowsAttempt,
  ordinary: RowsTried,
  refused: RowsTried,
  { levels, narrowing }: Effort,
): Promise<RowsTried> {
  const found = new Map(ordinary.differences.map((each) => [each.object, each]));
  const without: string[] = [];
  const parts = halves(refused.unusual);
  for (let left = narrowing; parts.length > 0; left -= 1) {
    const part = parts.shift()!;
    const columns = new Set(part);
    const tried =
      left > 0
        ? await attempt({ corners: levels[0]!, wanted: (table, column) => columns.has(`${table}.${column}`) })
        : undefined;
    if (tried?.stopped === false) {
      for (const each of tried.differences) if (!found.has(each.object)) found.set(each.object, each);
    } else if (tried === undefined || part.length === 1) without.push(...part);
    else parts.push(...halves(part));
  }
  const where = without.length === 0 ? "" : ` in ${listed(without, NAMED_MAX)}`;
  const note =
    `what becomes of unusual values${where} was not tried, because with them not both scripts go through: ` +
    refused.why;
  return { ...ordinary, differences: [...found.values()], notes: [...ordinary.notes, note] };
}

const NAMED_MAX = 4;

function halves(list: readonly string[]): string[][] {
  if (list.length < 2) return list.length === 0 ? [] : [[...list]];
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}
