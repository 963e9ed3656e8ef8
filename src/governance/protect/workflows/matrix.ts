/**
 * The jobs that a matrix makes, each with its values in order; undefined where only the run can tell.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
 */
export function combinations(matrix: unknown): readonly Combination[] | undefined {
  if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) return undefined;
  const { include = [], exclude = [], ...axes } = matrix as Readonly<Record<string, unknown>>;
  if (!isRows(include) || !isRows(exclude)) return undefined;
  const lists: (readonly [axis: string, values: readonly Value[]])[] = [];
  for (const [axis, values] of Object.entries(axes)) {
    if (!Array.isArray(values) || !(values as readonly unknown[]).every(isPlainValue)) return undefined;
    lists.push([axis, values as readonly Value[]]);
  }
  const count = lists.length === 0 ? 0 : lists.reduce((product, [, { length }]) => product * length, 1);
  if (count > JOBS_MAX || include.length > JOBS_MAX) return undefined;
  const made = Array.from({ length: count }, (_, at) => combination(lists, at));
  const axisNames = new Set(Object.keys(axes));
  const kept = made.filter(
    (one) => !exclude.some((row) => Object.entries(row).every(([key, value]) => one.get(key) === value)),
  );
  return withIncluded(kept, include, axisNames);
}

type Value = string | number | boolean;
export type Combination = ReadonlyMap<string, Value>;

/** GitHub makes no more of one matrix. */
const JOBS_MAX = 256;

/** One of all, by its number: the last axis is the one that changes first. */
function combination(lists: readonly (readonly [string, readonly Value[]])[], number: number): Combination {
  let rest = number;
  const values = lists.toReversed().map(([axis, list]) => {
    const value = list[rest % list.length]!;
    rest = Math.floor(rest / list.length);
    return [axis, value] as const;
  });
  return new Map(values.reverse());
}

function isPlainValue(value: unknown): value is Value {
  const isText = typeof value === "string" && !value.includes("${{");
  return isText || typeof value === "number" || typeof value === "boolean";
}

function isRows(value: unknown): value is readonly Readonly<Record<string, Value>>[] {
  return (
    Array.isArray(value) &&
    (value as readonly unknown[]).every(
      (row) => typeof row === "object" && row !== null && Object.values(row).every(isPlainValue),
    )
  );
}

/** A row goes to every job whose own values it leaves as they are; where there is none, it is a job. */
function withIncluded(
  kept: readonly Combination[],
  include: readonly Readonly<Record<string, Value>>[],
  axes: ReadonlySet<string>,
): Combination[] {
  const all = kept.map((one) => new Map(one));
  const added: Combination[] = [];
  for (const row of include) {
    const own = Object.entries(row).filter(([key]) => axes.has(key));
    const fitting = all.filter((one) => own.every(([key, value]) => one.get(key) === value));
    if (fitting.length === 0) added.push(new Map(Object.entries(row)));
    for (const one of fitting) for (const [key, value] of Object.entries(row)) one.set(key, value);
  }
  return [...all, ...added];
}
