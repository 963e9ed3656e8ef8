import * as z from "zod";

/**
 * Names as keys. A schema may be called `__proto__` or `constructor`, so such a map has no prototype: every
 * key is a name that was put in, and nothing else is found. (An assignment of `__proto__` to a plain object
 * would set its prototype, which is why `z.record` drops that key.)
 */
export function namesMap<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const map = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) map[name] = value;
  return map;
}

/** Schema of a map from any name to values, as {@link namesMap} makes it. */
export function namesMapOf<Value extends z.ZodType>(
  value: Value,
): z.ZodType<Record<string, z.output<Value>>> {
  const schema = z.unknown().transform((input, context): Record<string, z.output<Value>> => {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      context.addIssue({ code: "invalid_type", expected: "record", input });
      return z.NEVER;
    }
    return namesMap(
      Object.entries(input).map(([name, each]): [string, z.output<Value>] => {
        const parsed = value.safeParse(each);
        if (!parsed.success) {
          context.addIssue({
            code: "custom",
            path: [name],
            message: parsed.error.issues[0]?.message ?? "is wrong",
          });
        }
        return [name, parsed.data as z.output<Value>];
      }),
    );
  });
  // To JSON Schema it is the record that it checks.
  schema._zod.toJSONSchema = () => {
    const { $schema: _, ...json } = z.toJSONSchema(z.record(z.string(), value));
    return json;
  };
  return schema;
}
