import { quantity } from "../../../kernel/quantity.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { unknownSchemas, type Doubts } from "../../../nouns/platform/doubtful.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import type { WhoseRows } from "./archive/whose-rows.ts";

/** What was judged without being known, for a plan: nobody should have to find out from what is not there. */
export function doubtNotes({ left, staying, owned }: Doubts): string[] {
  return [
    ...(left.length === 0
      ? []
      : [`not known to this version and left to the platform; make anew what is yours: ${left.join(", ")}`]),
    ...(staying.length === 0
      ? []
      : [
          "not known to this version, not in the backup and left at the target as it " +
            `is: ${staying.join(", ")}`,
        ]),
    ...(owned.length === 0
      ? []
      : [`taken for the platform's, because only it can own them: ${owned.join(", ")}`]),
  ];
}

/** Rows in a schema that is the platform's only by who owns it. */
export function gapsOfOwned(source: PlatformRecord, rows: WhoseRows): Finding[] {
  const unknown = unknownSchemas(source);
  return rows.behind
    .filter(({ schema, rows: count }) => count > 0 && unknown.includes(schema))
    .map(({ title, rows: count }): Finding => ({
      severity: "gap",
      about: "table",
      name: title,
      message:
        `stays behind (${quantity(count, "row")}): its schema is taken for the platform's, because ` +
        "only it can own it",
    }));
}
