import { isOfRights } from "../../copy/artifacts/rounds.ts";
import { likelyNamesOf } from "../../copy/artifacts/toc-names.ts";
import type { DatabaseFacts } from "../../../nouns/server/database-facts.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { NotMadeHere } from "./not-made-here.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { isOfAllTables, ofSuperusers, PUBLICATION, wordOf } from "./superuser-only.ts";
import type { RestoreMode } from "../request/restore-mode.ts";

/** Since this major version members of `pg_create_subscription` may make subscriptions. */
const SUBSCRIPTION_ROLE_SINCE = 16;

/** Names shown of one kind. */
const NAMES_MAX = 5;

/**
 * What the role of a restore cannot make, in sentences: said before anything is touched. A managed platform
 * may allow more than PostgreSQL does, so what the server was asked about counts before PostgreSQL's rules.
 */
export function rightsWarnings(
  entries: readonly TocEntry[],
  facts: DatabaseFacts,
  { allowed }: NotMadeHere,
  content: ContentRecord,
): string[] {
  const { superuser, role, major } = facts;
  if (superuser) return [];
  const kinds = new Map<string, string[]>();
  const add = (kind: string, entry: TocEntry): void => {
    kinds.set(kind, [...(kinds.get(kind) ?? []), nameOf(entry)]);
  };
  const mayBeOfAll = (entry: TocEntry): boolean =>
    content.digests === 2 ? isOfAllTables(entry, content) : !listsItsTables(entry, entries);
  const asked = new Map(
    ofSuperusers(entries, content)
      .filter((of) => of.asked !== PUBLICATION)
      .map((of) => [of.entry.id, of.asked]),
  );
  for (const entry of entries) {
    const kind = asked.get(entry.id);
    if (allowed.has(kind ?? entry.type)) continue;
    if (kind !== undefined) add(wordOf(kind), entry);
    else if (entry.type === "SUBSCRIPTION") add(subscriptionKind(major), entry);
    else if (entry.type === "PUBLICATION" && mayBeOfAll(entry)) add(MAYBE_ALL_TABLES, entry);
  }
  return [...kinds].map(([kind, names]) => {
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
    const shown = names.slice(0, NAMES_MAX).join(", ") + more;
    return (
      `PostgreSQL lets only a superuser make the ${kind} ${shown}, and role ${role} is none: ` +
      "expect it to be missing"
    );
  });
}

const MAYBE_ALL_TABLES = "publication that is FOR ALL TABLES, as may be";

function subscriptionKind(major: number): string {
  return major < SUBSCRIPTION_ROLE_SINCE
    ? "subscription"
    : "subscription (or a member of pg_create_subscription)";
}

/** A publication's name stands before the table's or schema's. */
function nameOf(entry: TocEntry): string {
  const { schema, tag } = likelyNamesOf(entry);
  return entry.type === "PUBLICATION TABLES IN SCHEMA" && schema !== undefined && tag.endsWith(` ${schema}`)
    ? tag.slice(0, -schema.length - 1)
    : tag;
}

/** The archive has entries of its own for the tables and schemas of a publication. */
function listsItsTables(publication: TocEntry, entries: readonly TocEntry[]): boolean {
  const name = nameOf(publication);
  return entries.some(
    (entry) => /^PUBLICATION TABLE/.test(entry.type) && likelyNamesOf(entry).tag.startsWith(`${name} `),
  );
}

/** Roles that own something in the archive and that the restoring role cannot hand it to. */
export async function ownersOutOfReach(
  session: DatabaseSession,
  entries: readonly TocEntry[],
  major: number,
): Promise<string[]> {
  // Rights and what future objects give belong to nobody; of the server's own functions an archive
  // has nothing else.
  const owners = new Set(
    entries.filter((entry) => !isOfRights(entry)).map((entry) => likelyNamesOf(entry).owner),
  );
  // PostgreSQL 16 tells being a member from being able to become it.
  const right = major >= 16 ? "SET" : "MEMBER";
  const rows = await session.query<{ name: string }>(
    `
      SELECT rolname::text AS name FROM pg_catalog.pg_roles
       WHERE rolname = ANY ($1::text[]) AND NOT pg_catalog.pg_has_role(oid, '${right}') ORDER BY 1
    `,
    [[...owners]],
  );
  return rows.map((row) => row.name);
}

/** Since this major version a new database lets only its owner make things in `public`. */
const PUBLIC_CLOSED_SINCE = 15;

/**
 * Roles that own something in the archive's `public` and may make nothing in the target's.
 * Nothing can be given to them there: the new owner of an object needs CREATE on its schema
 * (https://www.postgresql.org/docs/current/sql-altertable.html, under OWNER).
 *
 * @param isNew the restore makes the database, in which the role that restores owns `public`
 */
export async function ownersWithoutRoom(
  session: DatabaseSession,
  entries: readonly TocEntry[],
  major: number,
  isNew: boolean,
): Promise<string[]> {
  const owners = new Set(
    entries
      .filter((entry) => !isOfRights(entry))
      .map(likelyNamesOf)
      .filter(({ schema }) => schema === "public")
      .map(({ owner }) => owner),
  );
  const rows = await session.query<{ name: string }>(
    `
      SELECT r.rolname::text AS name
        FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'public'
       WHERE r.rolname = ANY ($1::text[])
         AND r.rolname <> current_user
         AND NOT r.rolsuper
         AND CASE WHEN $2 THEN $3 ELSE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE') END
       ORDER BY 1
    `,
    [[...owners], isNew, major >= PUBLIC_CLOSED_SINCE],
  );
  return rows.map((row) => row.name);
}

/**
 * Where `public` belonged to a role that this one cannot be, such as a platform's superuser, it keeps the
 * owner that it has here, or gets in a new database; so it does in place where this role cannot be the one
 * that it belongs to here.
 */
export async function publicKept(
  session: DatabaseSession,
  owner: string,
  { major, role }: DatabaseFacts,
  mode: RestoreMode,
): Promise<readonly string[]> {
  const right = major >= 16 ? "SET" : "MEMBER";
  const [row] = await session.query<{ here: string; there: boolean; may: boolean | null; mayHere: boolean }>(
    `
      SELECT pg_catalog.pg_get_userbyid(n.nspowner)::text AS here, r.oid IS NOT NULL AS there,
             pg_catalog.pg_has_role(r.oid, '${right}') AS may,
             pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS "mayHere"
        FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_roles r ON r.rolname = $1
       WHERE n.nspname = 'public'
    `,
    [owner],
  );
  const isNew = mode === "beside";
  // Before PostgreSQL 15 there is no such role, and `public` is its maker's.
  if (row === undefined || (owner.startsWith("pg_") && !row.there) || (!isNew && row.here === owner)) {
    return [];
  }
  const was = `schema public belonged to ${owner} at the source`;
  if (row.may !== true) {
    const kept = isNew ? "in a new database" : `here (${row.here})`;
    return [`${was}, whom role ${role} cannot be: it keeps the owner that it has ${kept}`];
  }
  if (isNew || row.mayHere) return [];
  return [
    `${was}, and belongs to ${row.here} here, whom role ${role} cannot be: ` +
      "it is emptied, and stays with its owner and its rights",
  ];
}
