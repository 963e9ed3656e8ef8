import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import type { Places } from "../../../copy/artifacts/places.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { displayPart } from "../../../../postgres/display-name.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";

/** Definitions whose places the target has, and what is said of those that it has not. */
export interface FittedTexts {
  readonly texts: readonly DefinitionText[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/**
 * What goes to a tablespace or is kept by an access method that the target lacks goes where the target puts
 * it; both are named.
 */
export async function fitPlaces(
  session: DatabaseSession,
  texts: readonly DefinitionText[],
): Promise<FittedTexts> {
  if (!texts.some(({ places }) => places.tablespace !== undefined || places.accessMethod !== undefined)) {
    return { texts, findings: [], notes: [] };
  }
  const tablespaces = await names(
    session,
    "SELECT spcname::text AS name FROM pg_tablespace WHERE has_tablespace_privilege(oid, 'CREATE')",
  );
  const methods = await names(session, "SELECT amname::text AS name FROM pg_am WHERE amtype = 't'");
  const elsewhere = new Map<string, string[]>();
  const findings: Finding[] = [];
  const fitted = texts.map((text): DefinitionText => {
    const { tablespace, accessMethod } = text.places;
    const lacksTablespace = tablespace !== undefined && !tablespaces.has(tablespace);
    const lacksMethod = accessMethod !== undefined && !methods.has(accessMethod);
    // The words stay in force until others are said, over entries that have no place.
    if (lacksTablespace && HAS_TABLESPACE.has(text.entry.type)) {
      elsewhere.set(tablespace, [...(elsewhere.get(tablespace) ?? []), entryTitle(text.entry)]);
    }
    if (lacksMethod && HAS_METHOD.has(text.entry.type)) {
      const { schema = "", tag: name } = namesOf(text.entry);
      findings.push({
        severity: "gap",
        about: text.entry.type === "TABLE" ? "table" : "materialized-view",
        name: `${displayPart(schema)}.${displayPart(name)}`,
        message: `is kept by the access method of the target's choice: it has no ${accessMethod}`,
      });
    }
    const places: Places = {
      ...(tablespace === undefined || lacksTablespace ? {} : { tablespace }),
      ...(accessMethod === undefined || lacksMethod ? {} : { accessMethod }),
    };
    return { ...text, places };
  });
  const notes = [...elsewhere].map(
    ([name, titles]) =>
      `tablespace ${name} is not at the target, or not open to this role; ` +
      `what was in it is in the default one: ${titles.join(", ")}`,
  );
  return { texts: fitted, findings, notes };
}

const HAS_TABLESPACE: ReadonlySet<string> = new Set(["TABLE", "MATERIALIZED VIEW", "INDEX", "CONSTRAINT"]);
const HAS_METHOD: ReadonlySet<string> = new Set(["TABLE", "MATERIALIZED VIEW"]);

async function names(session: DatabaseSession, sql: string): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(sql);
  return new Set(rows.map(({ name }) => name));
}
