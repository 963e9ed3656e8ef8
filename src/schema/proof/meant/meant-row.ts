/**
 * What a migration says of rows: which rows of which tables its statements mean, by the values that they
 * have. `UPDATE users … WHERE role = 'guest' AND email IS NULL` means rows with both.
 */

/** What one column of a meant row has. */
export interface MeantValue {
  /** Name of the table, without its schema; undefined where the statement does not say which. */
  readonly relation: string | undefined;
  readonly column: string;
  /** As text; null for NULL. */
  readonly value: string | null;
  readonly strength: Strength;
}

/**
 * How much else the condition leaves open: `exact` nothing; `part` whatever else a document or an array
 * has; `bound` everything on one side; `likely` is one value of many, such as one that a pattern takes.
 */
export type Strength = "exact" | "part" | "bound" | "likely";

/** One row in each table that it speaks of, at most one value for a column; without values any row. */
export type MeantRow = readonly MeantValue[];

/** Any row: what is left of a condition that says nothing of values, or that is not read. */
export const ANY_ROW: readonly MeantRow[] = [[]];

/** Rows of one condition at most, of whatever it is put together. */
export const ALTERNATIVES_MAX = 400;
/** Rows at most where each of several conditions allows several. */
const PRODUCT_MAX = 64;

/**
 * Rows that are meant by both conditions, each of which means one or the other row. Where no row seems to be,
 * what was read of one of them may be too narrow: then those of each.
 */
export function both(ones: readonly MeantRow[], others: readonly MeantRow[]): readonly MeantRow[] {
  const [isOne, isOther] = [isAnyRow(ones), isAnyRow(others)];
  if (isOne || isOther) return isOne ? others : ones;
  const found: MeantRow[] = [];
  for (const one of ones) {
    for (const other of others) {
      const row = joined(one, other);
      if (row !== undefined) found.push(row);
      const isFull = found.length >= PRODUCT_MAX && ones.length > 1 && others.length > 1;
      if (isFull || found.length >= ALTERNATIVES_MAX) return found;
    }
  }
  return found.length > 0 ? found : [...ones, ...others].slice(0, ALTERNATIVES_MAX);
}

/** Whether there are more rows than {@link both} gives. */
export function isCut(ones: readonly MeantRow[], others: readonly MeantRow[]): boolean {
  if (isAnyRow(ones) || isAnyRow(others)) return false;
  const most = ones.length > 1 && others.length > 1 ? PRODUCT_MAX : ALTERNATIVES_MAX;
  return ones.length * others.length > most;
}

function isAnyRow(rows: readonly MeantRow[]): boolean {
  return rows.length === 1 && rows[0]!.length === 0;
}

/** A row that is both; undefined where no row can be. */
function joined(one: MeantRow, other: MeantRow): MeantRow | undefined {
  const values = new Map(one.map((each) => [keyOf(each), each]));
  for (const each of other) {
    const known = values.get(keyOf(each));
    const together = known === undefined ? each : agreed(known, each);
    if (together === undefined) return undefined;
    values.set(keyOf(each), together);
  }
  return [...values.values()];
}

const keyOf = ({ relation, column }: MeantValue): string => `${relation ?? ""}\0${column}`;
const STRENGTHS: readonly Strength[] = ["likely", "bound", "part", "exact"];

function agreed(one: MeantValue, other: MeantValue): MeantValue | undefined {
  if (one.value === other.value) return one;
  const [weight, against] = [one, other].map(({ strength }) => STRENGTHS.indexOf(strength)) as [
    number,
    number,
  ];
  if (weight !== against) return weight > against ? one : other;
  if (one.strength === "exact") return undefined;
  const together = one.strength === "part" ? mergedText(one.value, other.value) : undefined;
  return together === undefined ? one : { ...one, value: together };
}

/** Two parts of a document as one; two of an array have no common text here. */
function mergedText(one: string | null, other: string | null): string | undefined {
  const [a, b] = [one, other].map((text) => (text === null ? undefined : parsedJson(text)));
  return isObject(a) && isObject(b) ? JSON.stringify(merged(a, b)) : undefined;
}

type Document = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function merged(one: Document, other: Document): Document {
  const entries = Object.entries(other).map(([key, value]) => {
    const known = one[key];
    return [key, isObject(known) && isObject(value) ? merged(known, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
}

/** What a text is as JSON; undefined where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
