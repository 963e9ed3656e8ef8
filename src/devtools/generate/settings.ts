import { settingsSchema } from "../../nouns/settings/json-schema.ts";
import type { Section } from "../../nouns/settings/section.ts";
import { cell } from "./tables.ts";

/** The parts of a JSON Schema that settings are made of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Every key of the settings file, a table for each section, for `docs/settings.md`. */
export function settingsTables(sections: readonly Section[]): string {
  const { properties } = settingsSchema(sections) as { properties: Readonly<Record<string, Schema>> };
  return Object.entries(properties)
    .map(([name, schema]) => {
      const rows = keysOf(schema, name);
      return [`### \`${name}\``, "", "| key | takes | default | |", "|---|---|---|---|", ...rows].join("\n");
    })
    .join("\n\n");
}

function keysOf(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]) => {
    const here = `${path}.${key}`;
    const inside = each.type === "array" ? each.items : each;
    if (inside?.properties === undefined) return [row(here, each, schema)];
    return each.type === "array"
      ? [row(here, each, schema), ...keysOf(inside, `${here}[]`)]
      : keysOf(each, here);
  });
}

function row(path: string, schema: Schema, parent: Schema): string {
  const key = path.split(".").at(-1)!;
  const isNeeded = parent.required?.includes(key) === true && schema.default === undefined;
  const text = isNeeded ? "needed" : schema.default === undefined ? "" : code(schema.default);
  return `| \`${path}\` | ${cell(takes(schema))} | ${cell(text)} | ${cell(schema.description ?? "")} |`;
}

/** Longer ones are told by what they are. */
const DEFAULT_MAX = 40;

function code(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= DEFAULT_MAX ? `\`${text}\`` : "see `holdfast settings check`";
}

function takes(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${String(each)}\``).join(", ");
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return schema.anyOf.map(takes).join(", ");
  if (schema.type === "array") {
    const { items } = schema;
    const isMap = items?.properties !== undefined;
    return isMap ? "a list of maps" : `a list of: ${items === undefined ? "anything" : takes(items)}`;
  }
  if (schema.propertyNames !== undefined && typeof schema.additionalProperties === "object") {
    return `a map of rules to ${takes(schema.additionalProperties)}`;
  }
  if (schema.type === "boolean") return "`true`, `false`";
  if (schema.type === "integer" || schema.type === "number") return rangeOf(schema);
  return schema.type === "string" ? "text" : (schema.type ?? "anything");
}

/** Zod writes the whole numbers' own limits too, which say nothing. */
function rangeOf({ minimum, maximum }: Schema): string {
  const isTold = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isTold ? `${minimum ?? 0} to ${maximum}` : "a number";
}
