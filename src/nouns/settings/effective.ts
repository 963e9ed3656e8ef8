import type { Json } from "../../kernel/outcome.ts";
import type { Place, SettingsDocument } from "./document.ts";
import { keyText } from "./document.ts";
import { SecretReference } from "./secret-setting.ts";

/** Where a value comes from. */
export type Origin =
  | ({ readonly from: "file" } & Place)
  | { readonly from: "default" }
  /** A secret, whose name alone is in the file. */
  | ({ readonly from: "environment"; readonly variable: string } & Place);

/** One value that counts. */
export interface EffectiveValue {
  readonly key: string;
  /** Of a secret the reference, never what it holds. */
  readonly value: Json;
  readonly origin: Origin;
}

/**
 * Every value of a section, the defaults too, in the order of its declaration. A list of plain values is one
 * value; what a list of maps holds is told piece by piece.
 */
export function effectiveValues(
  value: unknown,
  path: readonly PropertyKey[],
  document: SettingsDocument | undefined,
): EffectiveValue[] {
  if (value instanceof SecretReference) {
    const { line, column } = document?.placeOf(path) ?? { line: 1, column: 1 };
    const origin = { from: "environment", variable: value.variable, line, column } as const;
    return [{ key: keyText(path), value: value.toString(), origin }];
  }
  const inside = piecesOf(value);
  if (inside !== undefined && inside.length > 0) {
    return inside.flatMap(([key, each]) => effectiveValues(each, [...path, key], document));
  }
  const origin: Origin =
    document?.has(path) === true ? { from: "file", ...document.placeOf(path) } : { from: "default" };
  return [{ key: keyText(path), value: value as Json, origin }];
}

function piecesOf(value: unknown): [PropertyKey, unknown][] | undefined {
  if (Array.isArray(value)) {
    const isPlain = value.every((each) => typeof each !== "object" || each === null);
    return isPlain ? undefined : value.map((each, at) => [at, each]);
  }
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).filter(([, each]) => each !== undefined);
}
