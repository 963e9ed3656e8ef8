import type { Json } from "../../commands/define.ts";
import type { Redactor } from "../../kernel/redact.ts";

/** Redacts every text inside a JSON value; keys and numbers stay, so that it is still the same JSON. */
export function redactJson<T extends Json>(value: T, redactor: Redactor): T {
  const walk = (part: Json): Json => {
    if (typeof part === "string") return redactor.redact(part);
    if (Array.isArray(part)) return part.map(walk);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}
