import * as z from "zod";
import type { Section } from "./section.ts";

/** Where editors find the schema; the tag moves with every release of the first major version. */
export const SCHEMA_URL =
  "https://raw.githubusercontent.com/truststream/holdfast/v1/schemas/holdfast.schema.json";

/**
 * The first line of a settings file:
 * https://github.com/redhat-developer/yaml-language-server#using-inlined-schema
 */
export const SCHEMA_COMMENT = `# yaml-language-server: $schema=${SCHEMA_URL}`;

/**
 * The settings file as JSON Schema, for editors. Of draft 7, which all of them read. What no such schema can
 * say (that two sets of rules have one name) `settings check` says.
 */
export function settingsSchema(sections: readonly Section[]): Readonly<Record<string, unknown>> {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: SCHEMA_URL,
    title: "Holdfast's settings",
    description: "What `.github/holdfast.yml` may say: https://github.com/truststream/holdfast",
    // A file or a section with nothing in it is well, and YAML says null of it.
    type: ["object", "null"],
    properties: Object.fromEntries(
      sections.map(({ name, schema }) => {
        const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
        return [name, { ...rest, type: ["object", "null"] }];
      }),
    ),
    additionalProperties: false,
  };
}
