import type { CanaryType } from "./columns.ts";
import { arrayOf, HEADER, plainValue } from "./values.ts";

/** Unusual values of a type; those that only few columns ever have are extremes. */
interface Corners {
  readonly values: readonly string[];
  readonly extremes?: readonly string[];
}

const LONG = `  Long Text, in Mixed Case  ${"abc XYZ ".repeat(40)} `;
const TEXTS: Corners = { values: ["", LONG, "Größe Ωμέγα Жук 漢字 🎉"] };

/** Types that have them; every other type's rows are ordinary ones. */
const BY_NAME: Readonly<Record<string, Corners>> = {
  int2: { values: ["-7", "30000", "0"] },
  int4: { values: ["-7", "2000000000", "0"] },
  int8: { values: ["-7", "9000000000000000001", "0"] },
  float4: { values: ["-7.25", "0.1", "1e+30"], extremes: ["NaN", "-Infinity"] },
  // What is narrower takes these too, with fewer digits: only then is it seen that some are lost.
  float8: { values: ["-7.25", "123456789.123456789", "1e+30"], extremes: ["NaN", "-Infinity", "1e+200"] },
  money: { values: ["-7.25", "0"] },
  text: TEXTS,
  citext: TEXTS,
  varchar: TEXTS,
  bpchar: TEXTS,
  uuid: { values: ["ffffffff-ffff-4fff-bfff-ffffffffffff"] },
  date: { values: ["1899-12-31", "2399-12-31"], extremes: ["infinity", "-infinity"] },
  timestamp: {
    values: ["1899-12-31 23:59:59.999999", "2399-12-31 00:00:00"],
    extremes: ["infinity", "-infinity"],
  },
  timestamptz: {
    values: ["1899-12-31 23:59:59.999999+00", "2399-12-31 00:00:00+00"],
    extremes: ["infinity", "-infinity"],
  },
  time: { values: ["23:59:59.999999"] },
  timetz: { values: ["23:59:59.999999-08"] },
  interval: { values: ["-1 mons +40 days -25:05:06.789"] },
  json: { values: ['{"b" : [1, null, "ü"], "a": {"c": -1.50, "c": 2}}', "{}"], extremes: ["[]", "null"] },
  jsonb: { values: ['{"b": [1, null, "ü"], "a": {"c": -1.50}}', "{}"], extremes: ["[]", "null"] },
  bytea: { values: ["\\x", "\\x00ff5c27"] },
  inet: { values: ["2001:db8::1/64"] },
  cidr: { values: ["2001:db8::/32"] },
};

/**
 * Unusual values of a type, in their text form: negative, large, empty, long, not of ASCII alone, several
 * elements in no order and one of them twice, every further label of an enum.
 *
 * @param extremes with those that only few columns ever have, such as NaN and infinity
 */
export function cornerValues(type: CanaryType, extremes: boolean): readonly string[] {
  const one = ofElement(type, extremes);
  if (!type.array) return one;
  const plain = [plainValue({ ...type, array: false }, 1), plainValue({ ...type, array: false }, 2)];
  const [first, second] = plain;
  return first === undefined || second === undefined
    ? []
    : [arrayOf([second, first, second]), "{}", ...(one.length === 0 ? [] : [arrayOf([...one, first])])];
}

function ofElement(type: CanaryType, extremes: boolean): readonly string[] {
  // The ordinary rows have the first two.
  if (type.kind === "e") return type.labels.slice(2);
  if (type.kind !== "b") return [];
  if (type.name === "numeric") return numerics(type.modifier, extremes);
  const found = BY_NAME[type.name];
  if (found === undefined) return [];
  const values = [...found.values, ...(extremes ? (found.extremes ?? []) : [])];
  return found === TEXTS && type.modifier > HEADER
    ? values.map((value) =>
        Array.from(value)
          .slice(0, type.modifier - HEADER)
          .join(""),
      )
    : values;
}

/** All the digits that it can have, and below nothing. */
function numerics(modifier: number, extremes: boolean): readonly string[] {
  const rare = extremes ? ["NaN"] : [];
  if (modifier < HEADER) return ["-7.25", "12345678901234567890.123456789", "0", ...rare];
  const precision = ((modifier - HEADER) >> 16) & 0xffff;
  const scale = (((modifier - HEADER) & 0x7ff) ^ 1024) - 1024;
  if (scale < 0 || scale > precision) return rare;
  const nines = `${"9".repeat(precision - scale) || "0"}${scale === 0 ? "" : `.${"9".repeat(scale)}`}`;
  return [`-${nines}`, nines, "0", ...rare];
}
