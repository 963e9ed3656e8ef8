import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import type { LoadContext } from "../../../copy/artifacts/load.ts";
import { readTableText, type TableText } from "../../../copy/artifacts/table-text.ts";
import type { ArtifactRecord } from "../../../../nouns/catalog/manifest.ts";
import { displayName } from "../../../../postgres/display-name.ts";
import { readDigests } from "../../../../nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { qualifiedName, quoteIdentifier } from "../../../../postgres/quoting.ts";
import { leadingNames } from "../../../../nouns/platform/identity.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { nameKey } from "../archive/name-key.ts";
import type { NamedObject } from "./platform-tables.ts";
import { readDefinitions } from "../../../copy/artifacts/read-definitions.ts";
import { entryKey, namesOf } from "../../../copy/artifacts/toc-names.ts";

/** Parts of tables of the platform's, each as if it were an entry of the archive. */
export interface TableParts {
  readonly texts: readonly DefinitionText[];
  /** What the archive's text was not understood of, as people read it. */
  readonly lost: readonly string[];
}

/** Where a backup's definitions are. */
export interface DefinitionsSource {
  readonly context: LoadContext;
  readonly artifact: ArtifactRecord;
  readonly contents: readonly TocEntry[];
  readonly content: ContentRecord;
}

/**
 * Reads what an archive holds only as a part of a table's definition: checks, and what is set of columns. The
 * table itself is the platform's and stands at the target.
 *
 * @param wanted constraints and columns on tables of the platform's; what the archive has an entry of
 *   is passed over
 */
export async function readTableParts(
  wanted: readonly NamedObject[],
  { context, artifact, contents, content }: DefinitionsSource,
): Promise<TableParts> {
  const keys = new Set(contents.map(entryKey));
  const parts = wanted.filter(
    ([kind, identity]) => (kind === "constraint" || kind === "column") && !keys.has(nameKey(kind, identity)),
  );
  const tables = new Map<string, TocEntry>();
  for (const [, identity] of parts) {
    const table = contents.find(
      (entry) => entryKey(entry) === `table ${leadingNames(identity).slice(0, 2).join(" ")}`,
    );
    if (table !== undefined) tables.set(table.id, table);
  }
  const defaults = contents.filter(
    (entry) =>
      entry.type === "DEFAULT" &&
      parts.some(([, identity]) => entryKey(entry) === nameKey("default", identity)),
  );
  const read = await readDefinitions(context, artifact, [...tables.values(), ...defaults]);
  const texts: DefinitionText[] = [];
  const lost: string[] = [];
  for (const [kind, identity] of parts) {
    const [schema = "", table = "", name = ""] = leadingNames(identity);
    const text = read.find(({ entry }) => entryKey(entry) === `table ${schema} ${table}`);
    const separate = read.find(({ entry }) => entryKey(entry) === nameKey("default", identity))?.sql;
    const known = text === undefined ? undefined : readTableText(text.sql);
    const digests = readDigests(content.objects[kind]?.[identity] ?? "");
    const sql =
      known === undefined
        ? undefined
        : kind === "constraint"
          ? checkSql(qualifiedName(schema, table), name, known)
          : columnSql(qualifiedName(schema, table), name, digests, known, separate);
    if (text === undefined || sql === undefined) {
      lost.push(`${kind} ${displayName({ schema, name: table })}.${name}`);
      continue;
    }
    const { owner } = namesOf(text.entry);
    const type = kind === "constraint" ? "CHECK CONSTRAINT" : "COLUMN";
    const entry = {
      ...text.entry,
      id: `${text.entry.id} ${kind} ${name}`,
      type,
      rest: `${schema} ${table} ${name} ${owner}`,
      names: { schema, tag: `${table} ${name}`, owner },
      needs: [],
    };
    texts.push({ entry, sql, places: {} });
  }
  return { texts, lost };
}

function checkSql(table: string, name: string, { checks }: TableText): string | undefined {
  const check = checks.get(name);
  return check === undefined
    ? undefined
    : `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(name)} ${check};`;
}

function columnSql(
  table: string,
  name: string,
  digests: ReadonlyMap<string, string>,
  { defaults, statistics }: TableText,
  separate: string | undefined,
): string | undefined {
  if (digests.has("generated") || digests.has("identity")) return undefined;
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${quoteIdentifier(name)}`;
  const value = defaults.get(name);
  const target = statistics.get(name);
  const isSet = digests.has("default");
  if (
    (isSet && value === undefined && separate === undefined) ||
    digests.has("statistics-target") !== (target !== undefined)
  ) {
    return undefined;
  }
  const set = value === undefined ? (separate ?? `${alter} DROP DEFAULT;`) : `${alter} SET DEFAULT ${value};`;
  // The server's own choice, which every major takes as -1.
  return `${set}\n${alter} SET STATISTICS ${target ?? "-1"};`;
}
