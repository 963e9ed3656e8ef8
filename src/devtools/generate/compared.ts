import { ATTACHED, OBJECT_CLASSES } from "../../nouns/content/read/objects/all.ts";
import type { ObjectField } from "../../nouns/content/read/objects/object-class.ts";
import { cell } from "./tables.ts";

/**
 * What is compared of every class of objects, for `docs/formats.md`: a row a class, its fields with
 * what sets them.
 */
export function comparedTable(): string {
  const rows = new Map<string, { readonly kind: string; readonly fields: Map<string, string> }>();
  const row = (title: string, kind: string): Map<string, string> => {
    const found = rows.get(title) ?? { kind, fields: new Map<string, string>() };
    rows.set(title, found);
    return found.fields;
  };
  for (const { kind, title, fields } of OBJECT_CLASSES) {
    const known = row(title ?? kind, kind);
    for (const field of fields) known.set(field.name, describe(field));
  }
  for (const [kind, field] of Object.entries(ATTACHED)) row(kind, kind).set(field.name, describe(field));
  const lines = [...rows].map(([title, { kind, fields }]) => {
    const named = title === kind ? `\`${kind}\`` : `\`${kind}\`: ${title}`;
    return `| ${named} | ${cell([...fields.values()].join("; ") || "that it exists")} |`;
  });
  return ["| kind | fields, and what sets them |", "|---|---|", ...lines].join("\n");
}

const MARKS: Readonly<Record<ObjectField["compared"], string>> = {
  always: "",
  "same-major": "¹",
  "other-major": "²",
};

/** Of a field that is compared only where the source has it. */
const WHEN_SET = "³";

type Described = Pick<ObjectField, "name" | "set" | "compared" | "since" | "whenSet">;

function describe({ name, set, compared, since, whenSet }: Described): string {
  return (
    `**${name}**${MARKS[compared]}${whenSet === true ? WHEN_SET : ""} ` +
    `${set}${since === undefined ? "" : ` (${since})`}`
  );
}
