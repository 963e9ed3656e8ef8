import * as z from "zod";

/** The parts of a JSON Schema that tell which keys there are. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly additionalProperties?: Schema | boolean;
}

/** Keys that a map may have, by its path in what the schema describes; none where that is not said. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: Schema | undefined = z.toJSONSchema(schema, { io: "input" }) as Schema;
  for (const key of path) {
    if (typeof key === "number") at = at?.items;
    else {
      const more: Schema | boolean | undefined = at?.additionalProperties;
      at = at?.properties?.[String(key)] ?? (typeof more === "object" ? more : undefined);
    }
  }
  return [...Object.keys(at?.properties ?? {}), ...(at?.propertyNames?.enum ?? [])];
}
