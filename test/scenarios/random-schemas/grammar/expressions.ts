import type { Chance } from "../chance.ts";
import type { Column } from "../world.ts";
import { q } from "./names.ts";

/**
 * Conditions over a column of each family, `¤` standing for it; none can fail for any value. Written so that
 * the server prints them another way.
 */
const CONDITIONS: Partial<Record<Column["type"]["family"], readonly string[]>> = {
  int: [
    "¤ IN (1, 2, 3)",
    "¤ BETWEEN -5 AND 5 AND ¤ <> 2 OR ¤ = ANY ('{7,8}'::int[])",
    "(¤, 2) < (5, 6)",
    "CASE WHEN ¤ > 0 THEN true ELSE ¤ % 2 = 0 END",
    "¤ IS DISTINCT FROM 4",
    "NOT (¤ > 3 AND (¤ < 9 OR ¤ = 11))",
  ],
  number: ["¤ > 0.5", "¤ NOT BETWEEN 1 AND 2", "coalesce(¤, 1) <> 'NaN'", "¤ IN (1.5, 2.5)"],
  text: [
    "¤ IN ('a', 'b', 'it''s')",
    "¤ LIKE 'a%' AND ¤ NOT ILIKE '%z' OR ¤ ~ '^\\d+$'",
    "lower(¤) = 'x'",
    "(¤ COLLATE \"C\") < 'm'",
    "substring(¤ FROM 1 FOR 2) <> 'zz'",
    "trim(BOTH 'x' FROM ¤) > ''",
    "position('a' IN ¤) > 0",
    "¤ NOT IN ('q', '\\')",
    "¤ SIMILAR TO '(a|b)+'",
  ],
  time: ["¤ IS NOT NULL", "¤ IS NOT DISTINCT FROM NULL"],
  json: ["¤ ->> 'a' = 'b'", "(¤ #> '{a,b}') IS NULL"],
  jsonb: ["¤ @> '{\"a\": 1}'", "¤ ? 'k' AND ¤ ->> 'k' <> ''", "jsonb_typeof(¤) IN ('object', 'array')"],
  range: ["isempty(¤)", "NOT lower_inc(¤)"],
  network: ["¤ IS NOT NULL"],
  geometry: ["¤ IS NULL OR ¤ IS NOT NULL"],
};

/** A boolean expression over one of the columns, or over none. */
export function condition(chance: Chance, columns: readonly Column[], prefix = ""): string {
  const usable = columns.filter((column) => CONDITIONS[column.type.family] !== undefined);
  if (usable.length === 0) return "1 < 2";
  const one = (): string => {
    const column = chance.pick(usable);
    return chance.pick(CONDITIONS[column.type.family]!).replaceAll("¤", () => `${prefix}${q(column.name)}`);
  };
  return chance.maybe(0.3) ? `(${one()}) ${chance.pick(["AND", "OR"])} (${one()})` : one();
}

/** Immutable expressions over a column, none of which can fail. */
const EXPRESSIONS: Partial<
  Record<Column["type"]["family"], readonly (readonly [sql: string, type: string])[]>
> = {
  int: [
    ["(¤)::numeric * 2 - 1", "numeric"],
    ["CASE WHEN ¤ IN (1, 2) THEN 'few' ELSE 'many' END", "text"],
    ["¤ % 7", "bigint"],
    ["coalesce(¤, 0) = 0", "boolean"],
  ],
  text: [
    ["lower(¤) || '-ü'", "text"],
    ["upper(¤)", "text"],
    ["length(¤)", "integer"],
    ["md5(¤)", "text"],
    ["nullif(¤, '')", "text"],
  ],
  jsonb: [
    ["¤ ->> 'a'", "text"],
    ["¤ -> 'l' -> 0", "jsonb"],
  ],
  number: [["¤ IS NULL", "boolean"]],
  range: [["isempty(¤)", "boolean"]],
  time: [["¤ IS NULL", "boolean"]],
};

/** An immutable expression and its type, or undefined when no column has one. */
export function expression(
  chance: Chance,
  columns: readonly Column[],
): readonly [sql: string, type: string] | undefined {
  const usable = columns.filter((column) => EXPRESSIONS[column.type.family] !== undefined);
  if (usable.length === 0) return undefined;
  const column = chance.pick(usable);
  const [sql, type] = chance.pick(EXPRESSIONS[column.type.family]!);
  return [sql.replaceAll("¤", () => q(column.name)), type];
}
