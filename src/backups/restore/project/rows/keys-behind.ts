import { quantity } from "../../../../kernel/quantity.ts";
import { outsideQuotes } from "../../../../postgres/sql-quotes.ts";
import { leadingNames } from "../../../../nouns/platform/identity.ts";
import { entryKey, entryTitle, isNamed } from "../../../copy/artifacts/toc-names.ts";
import type { LoadContext } from "../../../copy/artifacts/load.ts";
import type { ArtifactRecord, Finding } from "../../../../nouns/catalog/manifest.ts";
import type { ContentRecord, TableRecord } from "../../../../nouns/content/record.ts";
import type { RowsKind } from "../../../../nouns/platform/profile.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { readDefinitions } from "../../../copy/artifacts/read-definitions.ts";
import type { WhoseRows } from "../archive/whose-rows.ts";

/**
 * A foreign key of the user's to rows of the platform's that a restore does not bring, or brings
 * under other keys.
 */
export interface KeyBehind {
  /** As an archive names it. */
  readonly title: string;
  /** As `entryKey` has it. */
  readonly key: string;
  /** What stands in its way, and what helps. */
  readonly why: string;
  /**
   * It leads to numbers, which may be others' at the target: the server would take it, and what refers to one
   * row then refers to another.
   */
  readonly misleads: boolean;
}

/** What a backup says of its tables and their rows. */
interface Sides {
  readonly content: ContentRecord;
  readonly rows: WhoseRows;
  /** Tables of jobs of which any may get another number at the target. */
  readonly jobs: ReadonlySet<string>;
}

/**
 * Finds them among the entries that are to be made, before anything is loaded: the server would say so only
 * at the end. A key whose table has no rows is none of them, and one that does not hold for the rows that are
 * there (`NOT VALID`) is not either.
 *
 * @param contents the whole archive, in which an entry's needs are found
 */
export async function keysBehind(
  context: LoadContext,
  artifact: ArtifactRecord,
  contents: readonly TocEntry[],
  entries: readonly TocEntry[],
  sides: Sides,
): Promise<readonly KeyBehind[]> {
  const byId = new Map(contents.map((entry) => [entry.id, entry]));
  const isAway = (table: TableRecord): boolean =>
    sides.rows.isBehind(table) || sides.jobs.has(`${table.schema}.${table.name}`);
  const found = entries
    .filter(({ type }) => type === "FK CONSTRAINT")
    .flatMap((entry) => {
      const needed = entry.needs.flatMap((id) => byId.get(id) ?? []).filter(({ type }) => type === "TABLE");
      const tables = needed.flatMap((one) => tableOf(one, sides.content) ?? []);
      const child = tables.find((table) => sides.rows.isOwn(table));
      const parent = tables.find(isAway);
      // An extension's table is in no archive: then the definition alone says what the key leads to.
      const isTold = parent !== undefined || new Set(needed.map(({ id }) => id)).size < 2;
      return child === undefined || !isTold || child.rows === 0 ? [] : [{ entry, child, parent }];
    });
  const texts = new Map(
    (
      await readDefinitions(
        context,
        artifact,
        found.map(({ entry }) => entry),
      )
    ).map(({ entry, sql }) => [entry.id, sql]),
  );
  return found.flatMap(({ entry, child, parent: known }) => {
    const sql = texts.get(entry.id);
    if (sql === undefined || / NOT VALID;?\s*$/.test(sql)) return [];
    const parent = known ?? referredTable(sql, sides.content.tables.filter(isAway));
    if (parent === undefined) return [];
    const kind = sides.rows.kindOf(parent.schema, parent.name);
    return [
      {
        title: entryTitle(entry),
        key: entryKey(entry),
        why: whySentence(child, parent, kind),
        misleads: kind === "job" || isNumbered(parent),
      },
    ];
  });
}

/** Its rows are told apart by numbers that a sequence gives: the same numbers are given at the target too. */
function isNumbered({ sequences = [] }: TableRecord): boolean {
  return sequences.length > 0;
}

/** The table that a key leads to, as its definition names it. */
function referredTable(sql: string, tables: readonly TableRecord[]): TableRecord | undefined {
  const at = [...outsideQuotes(sql)].find((place) => sql.startsWith(" REFERENCES ", place));
  const [schema, name] = at === undefined ? [] : leadingNames(sql.slice(at + " REFERENCES ".length));
  return tables.find((table) => table.schema === schema && table.name === name);
}

function tableOf(entry: TocEntry, { tables }: ContentRecord): TableRecord | undefined {
  return tables.find((table) => isNamed(entry, table));
}

function whySentence(child: TableRecord, parent: TableRecord, kind: RowsKind | undefined): string {
  const rows = child.rows === null ? "rows" : quantity(child.rows, "row");
  if (kind === "job") {
    return (
      `${rows} of ${child.schema}.${child.name} may refer to jobs of ${parent.schema}.${parent.name}, ` +
      "which are scheduled anew after the keys are made, and numbered by the target"
    );
  }
  const remedy = kind === "session" ? "--with-sessions brings them" : "no restore into a project brings them";
  return (
    `${rows} of ${child.schema}.${child.name} may refer to rows of ${parent.schema}.${parent.name}, which ` +
    `stay behind: ${remedy}`
  );
}

/** Those that --allow-gaps never makes. */
export function neverMade(keys: readonly KeyBehind[]): readonly KeyBehind[] {
  return keys.filter(({ misleads }) => misleads);
}

/**
 * What a plan says of keys that --allow-gaps leaves out where they cannot be made, and of those that it
 * leaves out in any case.
 */
export function notesOfKeys(keys: readonly KeyBehind[]): string[] {
  return keys
    .filter(({ misleads }) => !misleads)
    .map(({ title, why }) => `${title} is left out where the server refuses it: ${why}`);
}
export function gapsOfKeys(keys: readonly KeyBehind[]): Finding[] {
  return neverMade(keys).map(({ title, why }) => ({
    severity: "gap",
    about: "platform",
    name: title,
    message: `was left out: ${why}`,
  }));
}

/** What it says of one that ends it. */
export function refusalOfKey({ title, why }: KeyBehind): string {
  return `${title} cannot be made: ${why}`;
}
