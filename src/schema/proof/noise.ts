import type { PreparedScript } from "../script/prepare.ts";
import type { Chain } from "./chain.ts";
import type { StateDifference } from "./compare-states.ts";
import type { SchemaState } from "./state.ts";

/**
 * What varies by itself before the pair is noise afterwards only where it varies then too: a frozen time that
 * is gone, or a name that is the same in every try, is the pair's doing.
 */
export async function withoutNoiseOf(
  found: readonly StateDifference[],
  chain: Chain,
  pair: { readonly scripts: readonly PreparedScript[]; readonly state: SchemaState },
): Promise<ReturnType<typeof withoutNoise>> {
  if (found.length === 0) return { left: [], notes: [] };
  const before = await chain.noise();
  const maybe = withoutNoise(found, before);
  return maybe.notes.length === 0 ? maybe : withoutNoise(found, before, await chain.noise(pair));
}

/**
 * What of the differences is nobody's doing is left aside, with a note.
 *
 * @param noise what varied before the pair: `<object>` and `<object>\0<field>`
 * @param then what varies after it, where that is known
 */
export function withoutNoise(
  found: readonly StateDifference[],
  noise: ReadonlySet<string>,
  then?: ReadonlySet<string>,
): { readonly left: StateDifference[]; readonly notes: string[] } {
  const notes: string[] = [];
  const shapes = new Set([...noise].map(shapeOf));
  const shapesThen = then && new Set([...then].map(shapeOf));
  // What is gone cannot vary any more: something of its kind has to.
  const variesThen = (object: string, change: StateDifference["change"]): boolean =>
    change === "missing"
      ? shapesThen === undefined || shapesThen.has(shapeOf(object))
      : then === undefined || then.has(object);
  const uneven = unevenShapes(found);
  const isNoise = (object: string, change: StateDifference["change"]): boolean =>
    variesThen(object, change) &&
    !(change !== "changed" && uneven.has(shapeOf(object))) &&
    (noise.has(object) ||
      (change !== "changed" && shapeOf(object) !== object && shapes.has(shapeOf(object))));
  const left = found.flatMap((difference): StateDifference[] => {
    const { object, change, fields } = difference;
    // A name made of a random number or of the time is another one each time: here, in the control, and in
    // the next try.
    if (isNoise(object, change)) {
      notes.push(`${object} is another one after every apply of the same scripts, so it was left aside`);
      return [];
    }
    const kept = fields.filter(
      ({ name }) => !noise.has(`${object}\0${name}`) || then?.has(`${object}\0${name}`) === false,
    );
    if (kept.length < fields.length) {
      notes.push(
        `${object} was left aside in ${fields
          .filter((each) => !kept.includes(each))
          .map(({ name }) => name.replaceAll("-", " "))
          .join(", ")}: two clean applies of the same scripts differ there`,
      );
    }
    return change === "changed" && kept.length === 0 ? [] : [{ ...difference, fields: kept }];
  });
  return { left, notes };
}

/**
 * Shapes of which more is gone than new, or more new than gone: one that has another name now is one gone and
 * one new.
 */
function unevenShapes(found: readonly StateDifference[]): ReadonlySet<string> {
  const balance = new Map<string, number>();
  for (const { object, change } of found) {
    if (change === "changed") continue;
    const shape = shapeOf(object);
    balance.set(shape, (balance.get(shape) ?? 0) + (change === "missing" ? -1 : 1));
  }
  return new Set([...balance].flatMap(([shape, count]) => (count === 0 ? [] : [shape])));
}

/** A name without its digits, decimal or hexadecimal. */
function shapeOf(object: string): string {
  return object.replace(/(?:[0-9a-f]{6,}|\d+)/g, "#");
}
