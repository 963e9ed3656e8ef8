import { qualifiedName } from "../../../postgres/quoting.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { sha256 } from "../../../kernel/streams.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { Difference } from "../compare/difference.ts";
import type { ContentRecord, ContentScope, ExtensionContent, ExtensionRelation } from "../record.ts";
import { scopeValues } from "../scope.ts";
import { attempt } from "../../server/attempt.ts";
import { MEMBER_RELATIONS, OTHERS, OWN, PARTS } from "./extension-members.ts";
import { NET_SCHEMA } from "../omissions/unlisted.ts";

/**
 * What belongs to extensions and is in no dump. A dump holds `CREATE EXTENSION` and the rows of tables that the extension has
 * marked (pg_extension_config_dump), no more: rows of its other tables, rows that a mark's condition leaves out, columns, indexes
 * and triggers that a user put on its tables, a table added by `ALTER EXTENSION … ADD` are all gone after a restore. What the
 * extension's script ships looks the same, so nobody can tell at the source; a copy can: there CREATE EXTENSION alone has been.
 *
 * https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-CONFIG-TABLES
 */

/** Tables whose rows a dump holds not at all or not all of, and sequences whose value it does not hold. */
const RELATIONS = `
  SELECT x.extname::text AS extension, n.nspname::text AS schema, c.relname::text AS name, c.relkind AS relkind,
         CASE WHEN c.relkind = 'S' THEN false ELSE pg_relation_size(c.oid) = 0 END AS empty,
         c.oid = ANY (coalesce(x.extconfig, '{}')) AS filtered,
         has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid)
           AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END AS readable
    FROM ${MEMBER_RELATIONS}
   WHERE ${OWN} AND ${NET_SCHEMA} AND (c.relkind IN ('r', 'S') OR (c.relkind = 'm' AND c.relispopulated))
     AND coalesce((SELECT condition FROM unnest(x.extconfig, x.extcondition) AS marked(relation, condition) WHERE marked.relation = c.oid), 'unmarked') <> ''
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/**
 * Reads what extensions hold beside what a dump holds of them, by extension.
 *
 * @param session with the pinned settings, inside the transaction whose snapshot counts
 */
export async function readExtensionContents(session: DatabaseSession, scope: ContentScope, proof: ContentRecord["proof"]): Promise<ExtensionContent[]> {
  const values = scopeValues(scope);
  const relations = await session.query<RelationRow>(RELATIONS, values);
  const parts = await session.query<{ extension: string; identity: string; definition: string }>(PARTS, values);
  const others = (await attempt(session, () => session.query<{ extension: string; count: number; digest: string }>(OTHERS, values))) ?? [];
  const names = [...new Set([...relations, ...parts, ...others].map(({ extension }) => extension))].sort((a, b) => (a < b ? -1 : 1));
  const found: ExtensionContent[] = [];
  for (const name of names) {
    const measured: ExtensionRelation[] = [];
    for (const row of relations.filter(({ extension }) => extension === name)) {
      measured.push({ ...(await measure(session, row, proof)), ...(row.filtered ? { filtered: true } : {}) });
    }
    const other = others.find(({ extension }) => extension === name);
    found.push({
      name,
      relations: measured,
      parts: Object.fromEntries(parts.filter(({ extension }) => extension === name).map(({ identity, definition }) => [identity, sha256(definition).slice(0, 16)])),
      others: { count: other?.count ?? 0, digest: other?.digest.slice(0, 16) ?? null },
    });
  }
  return found;
}

interface RelationRow {
  readonly extension: string;
  readonly schema: string;
  readonly name: string;
  readonly relkind: "r" | "m" | "S";
  readonly empty: boolean;
  readonly readable: boolean;
  readonly filtered: boolean;
}

/** A row as its output function writes it: a cast to text could be a user's own. */
const ROW_SUM = `coalesce(sum(hashtextextended(format('%s', t.*) COLLATE "C", 0)), 0)::text`;

async function measure(session: DatabaseSession, { schema, name, relkind, empty, readable }: RelationRow, proof: ContentRecord["proof"]): Promise<ExtensionRelation> {
  const kind = relkind === "S" ? "sequence" : "table";
  if (empty) return { schema, name, kind, rows: 0, fingerprint: "0" };
  if (proof === "none") return { schema, name, kind, rows: null, fingerprint: null };
  const sum = kind === "sequence" ? "max(t.last_value::numeric * 2 + t.is_called::int)::text" : proof === "content" ? ROW_SUM : "NULL::text";
  const only = kind === "sequence" ? "" : "ONLY ";
  // Planning may call what a user's index on the table calls, which may fail.
  const [row] = (readable ? await attempt(session, () => session.query<{ rows: string; sum: string | null }>(
    `SELECT count(*)::text AS rows, ${sum} AS sum FROM ${only}${qualifiedName(schema, name)} AS t`,
  )) : undefined) ?? [];
  return row === undefined ? { schema, name, kind, rows: null, fingerprint: null, unreadable: true } : { schema, name, kind, rows: Number(row.rows), fingerprint: row.sum };
}

/** Tables with rows that this role may not read: whether they hold more than the extension ships will never be known. */
export function unreadableExtensionTables(content: ContentRecord): Difference[] {
  return (content.extensionContents ?? []).flatMap(({ name: extension, relations }) =>
    relations.filter(({ unreadable, kind }) => unreadable === true && kind === "table").map((relation): Difference => gap("table", displayName(relation),
      `belongs to extension ${extension}, which has not marked it for dumping, and the role that made this backup may not read it: rows of users in it would be in no backup`)));
}

/** What a gap is about that a proof decides: whether CREATE EXTENSION makes the same rows, shows only in a copy. */
export const UNDECIDED = "extension-rows";

/** Tables with rows that a dump does not hold: a user's, or what CREATE EXTENSION makes again. */
export function undumpedExtensionRows(content: ContentRecord): Difference[] {
  return (content.extensionContents ?? []).flatMap(({ name: extension, relations }) =>
    relations.filter(({ kind, filtered, rows }) => kind === "table" && filtered !== true && (rows ?? 0) > 0)
      .map((relation): Difference => gap(UNDECIDED, displayName(relation),
        `holds ${quantity(relation.rows ?? 0, "row")} that this backup does not: extension ${extension} has not marked the table for dumping; ` +
        "a proof by restoring tells whether CREATE EXTENSION makes the same")));
}

/**
 * Compares what the source's extensions held with what CREATE EXTENSION made in the copy. Every difference is a gap: no dump
 * could have held it. Of an extension that is missing, and of rows that cannot be read here, nothing tells whose they were: such
 * a table stays a gap by its own name, which hangs on no extension. What else an extension of another version has is its own.
 */
export function compareExtensionContents(expected: ContentRecord, actual: ContentRecord): { readonly extension: string; readonly found: Difference }[] {
  const versions = new Map(actual.extensions.map(({ name, version }) => [name, version]));
  const copies = new Map((actual.extensionContents ?? []).map((one) => [one.name, one]));
  const dumped = new Map(expected.tables.map((table) => [displayName(table), table.rows]));
  return (expected.extensionContents ?? []).flatMap((extension) => {
    const here = versions.get(extension.name);
    const copy = copies.get(extension.name) ?? { name: extension.name, relations: [], parts: {}, others: { count: 0, digest: null } };
    const isSame = expected.serverMajor === actual.serverMajor && expected.extensions.find(({ name }) => name === extension.name)?.version === here;
    const found = here === undefined
      ? extension.relations.filter((relation) => isUndumped(relation, dumped)).map((relation) => undecided(extension.name, relation, "the extension is missing here"))
      : [...compareRelations(extension, copy), ...(isSame ? [...compareParts(extension, copy), ...compareOthers(extension, copy)] : [])];
    return found.map((one) => ({ extension: extension.name, found: one }));
  });
}

/** Whether a table may hold rows that the dump does not; one that could not be read at the source is a gap already. */
function isUndumped({ kind, rows, filtered, unreadable, ...names }: ExtensionRelation, dumped: ReadonlyMap<string, number | null>): boolean {
  if (kind !== "table" || unreadable === true || rows === 0) return false;
  return rows === null || filtered !== true || rows > (dumped.get(displayName(names)) ?? 0);
}

function undecided(extension: string, relation: ExtensionRelation, why: string): Difference {
  const held = relation.rows === null ? "may hold rows" : `holds ${quantity(relation.rows, "row")}`;
  const marked = relation.filtered === true ? "has marked only some rows of the table for dumping" : "has not marked the table for dumping";
  return gap(UNDECIDED, displayName(relation), `${held} at the source, and extension ${extension} ${marked}; ${why}, so nothing tells whether CREATE EXTENSION makes the same`);
}

function compareRelations(extension: ExtensionContent, copy: ExtensionContent): Difference[] {
  const made = new Map(copy.relations.map((relation) => [displayName(relation), relation]));
  return extension.relations.flatMap((relation): Difference[] => {
    const now = made.get(displayName(relation)) ?? { rows: 0, fingerprint: "0" };
    if (relation.kind === "table" && now.rows === null && (relation.rows ?? 0) > 0) return [undecided(extension.name, relation, "they could not be counted here")];
    if (relation.kind === "table" && relation.rows === null && relation.unreadable !== true && now.rows === 0) {
      return [undecided(extension.name, relation, "they were not counted at the source")];
    }
    const same = relation.rows === now.rows && (relation.fingerprint === now.fingerprint || relation.fingerprint === null || now.fingerprint === null);
    if (relation.rows === null || now.rows === null || same) return [];
    const whose = `of extension ${extension.name} is not marked for dumping as a whole, and a dump does not hold`;
    if (relation.kind === "sequence") return [gap("sequence", displayName(relation), `${whose} its value: it stands elsewhere here than at the source`)];
    const how = relation.rows === now.rows
      ? `its ${quantity(relation.rows, "row")} differ from the source's`
      : `CREATE EXTENSION made ${quantity(now.rows, "row")}, the source held ${quantity(relation.rows, "row")}`;
    return [gap("table", displayName(relation), `${whose} the other rows: ${how}`)];
  });
}

function compareParts(extension: ExtensionContent, copy: ExtensionContent): Difference[] {
  const [before, now] = [new Map(Object.entries(extension.parts)), new Map(Object.entries(copy.parts))];
  const missing = [...before].filter(([identity, digest]) => now.get(identity) !== digest);
  // A table that is missing has been said; its columns and indexes would only bury that.
  const gone = new Set(missing.filter(([identity]) => identity.startsWith("relation ") && !now.has(identity)).map(([identity]) => identity.slice("relation ".length)));
  return missing.filter(([identity]) => !isOn(identity, gone)).map(([identity]) => {
    const [about, name] = [identity.slice(0, identity.indexOf(" ")), identity.slice(identity.indexOf(" ") + 1)];
    return gap(about === "relation" ? "table" : about, name,
      `${now.has(identity) ? "has been altered at the source and differs here" : "is missing here"}: it belongs to extension ${extension.name}, and a dump holds nothing of an extension but CREATE EXTENSION`);
  });
}

function isOn(identity: string, relations: ReadonlySet<string>): boolean {
  return !identity.startsWith("relation ") && [...relations].some((relation) => identity.slice(identity.indexOf(" ") + 1).startsWith(`${relation}.`));
}

function compareOthers({ name, others }: ExtensionContent, copy: ExtensionContent): Difference[] {
  if (others.digest === null || copy.others.digest === null || others.digest === copy.others.digest) return [];
  return [gap("extension", name,
    `has been altered at the source: its functions, types and the like are ${others.count} there and ${copy.others.count} here, or not the same; a dump holds nothing of an extension but CREATE EXTENSION`)];
}

function gap(about: string, name: string, message: string): Difference {
  return { severity: "gap", about, name, message };
}
