import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { readDigests } from "../../../../nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { leadingNames } from "../../../../nouns/platform/identity.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import type { TargetObjects } from "./target-objects.ts";

/**
 * How row-level security of the platform's tables is otherwise at the target: it is never changed there,
 * and always told.
 */
export interface RowSecurityOfPlatform {
  readonly gaps: readonly Finding[];
  readonly notes: readonly string[];
}

/** What of a table's row-level security can be on, and what puts it there and takes it away. */
const SWITCHES = [
  { field: "enabled", word: "on", on: "ENABLE", off: "DISABLE" },
  { field: "forced", word: "forced on its owner", on: "FORCE", off: "NO FORCE" },
] as const;

/**
 * Holds it against the source's, table by table. What is off here and was on there shows everybody's rows to
 * whoever may read the table, and is a gap whatever the versions are. What is on here and was not may be what
 * a later version of the platform does, and is noted then; of one version it was somebody, and it may hide
 * rows from the platform's own service.
 */
export function rowSecurityOfPlatform(
  { source, target }: BothEnds,
  content: ContentRecord,
  here: TargetObjects,
): RowSecurityOfPlatform {
  const found = { gaps: [] as Finding[], notes: [] as string[] };
  for (const table of Object.keys(content.objects.table ?? {})) {
    const [schema = ""] = leadingNames(table);
    if (
      !source.schemas.includes(schema) ||
      whoseIs(source, "table", table) === "user" ||
      !Object.hasOwn(here.objects.table ?? {}, table)
    ) {
      continue;
    }
    const [before, now] = [content, here].map(({ objects }) => objects["row-security"]?.[table]);
    const is = readDigests(now ?? "");
    // A record of before says of a table that something is on, and not what: it is hardly ever forced.
    const was =
      content.digests === 2
        ? readDigests(before ?? "")
        : new Map(
            before === undefined ? [] : [["enabled", ""], ...[...is].filter(([field]) => field === "forced")],
          );
    const version = source.migrations[schema];
    const isOfOneVersion = version !== undefined && version !== null && version === target.migrations[schema];
    for (const { field, word, on, off } of SWITCHES) {
      if (was.has(field) === is.has(field)) continue;
      const message = was.has(field)
        ? `is not ${word} here, and was at the source: ALTER TABLE ${table} ${on} ROW LEVEL SECURITY`
        : `is ${word} here, and was not at the source: where it should not be, ALTER TABLE ${table} ${off} ` +
          "ROW LEVEL SECURITY";
      if (was.has(field) || isOfOneVersion) {
        found.gaps.push({ severity: "gap", about: "row-security", name: table, message });
      } else found.notes.push(`row security of ${table}, a table of the platform's, ${message}`);
    }
  }
  return found;
}
