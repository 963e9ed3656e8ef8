import { quantity } from "../../../kernel/quantity.ts";
import { entryTitle, isNamed } from "../../copy/toc-names.ts";
import type { LoadContext } from "../../copy/load.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { ContentRecord, TableRecord } from "../../../nouns/content/record.ts";
import type { RowsKind } from "../../../nouns/platform/profile.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { readDefinitions } from "../../copy/read-definitions.ts";
import type { WhoseRows } from "./whose-rows.ts";

/** A foreign key of the user's to rows of the platform's that a restore does not bring. */
export interface KeyBehind {
  /** As an archive names it. */
  readonly title: string;
  /** What stands in its way, and what helps. */
  readonly why: string;
}

/** What a backup says of its tables and their rows. */
interface Sides {
  readonly content: ContentRecord;
  readonly rows: WhoseRows;
}

/**
 * Finds them among the entries that are to be made, before anything is loaded: the server would say so only at the end. A key whose table has no
 * rows is none of them, and one that does not hold for the rows that are there (`NOT VALID`) is not either.
 *
 * @param contents the whole archive, in which an entry's needs are found
 */
export async function keysBehind(
  context: LoadContext, artifact: ArtifactRecord, contents: readonly TocEntry[], entries: readonly TocEntry[], sides: Sides,
): Promise<readonly KeyBehind[]> {
  const byId = new Map(contents.map((entry) => [entry.id, entry]));
  const found = entries.filter(({ type }) => type === "FK CONSTRAINT").flatMap((entry) => {
    const needed = entry.needs.flatMap((id) => byId.get(id) ?? []).filter(({ type }) => type === "TABLE");
    const tables = needed.flatMap((one) => tableOf(one, sides.content) ?? []);
    const child = tables.find((table) => sides.rows.isOwn(table));
    const parent = tables.find((table) => sides.rows.isBehind(table));
    return child === undefined || parent === undefined || child.rows === 0 ? [] : [{ entry, child, parent }];
  });
  const texts = await readDefinitions(context, artifact, found.map(({ entry }) => entry));
  const holds = new Set(texts.filter(({ sql }) => !/ NOT VALID;?\s*$/.test(sql)).map(({ entry }) => entry.id));
  return found.filter(({ entry }) => holds.has(entry.id)).map(({ entry, child, parent }) => ({
    title: entryTitle(entry), why: whySentence(child, parent, sides.rows.kindOf(parent.schema, parent.name)),
  }));
}

function tableOf(entry: TocEntry, { tables }: ContentRecord): TableRecord | undefined {
  return tables.find((table) => isNamed(entry, table));
}

function whySentence(child: TableRecord, parent: TableRecord, kind: RowsKind | undefined): string {
  const rows = child.rows === null ? "rows" : quantity(child.rows, "row");
  const remedy = kind === "session" ? "--with-sessions brings them" : "no restore into a project brings them";
  return `${rows} of ${child.schema}.${child.name} may refer to rows of ${parent.schema}.${parent.name}, which stay behind: ${remedy}`;
}

/** What a plan says of a key that --allow-gaps leaves out, and of one that ends it. */
export function leftOutWhereRefused({ title, why }: KeyBehind): string {
  return `${title} is left out where the server refuses it: ${why}`;
}
export function refusalOfKey({ title, why }: KeyBehind): string {
  return `${title} cannot be made: ${why}`;
}
