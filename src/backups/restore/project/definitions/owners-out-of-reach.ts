import { createRoles } from "../../../copy/databases/roles.ts";
import { entryPlace, entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { RoleRecord } from "../../../../nouns/content/record.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { mayBecome, reachRoles } from "../../../copy/rights/reach-roles.ts";

/** Something that will belong to the role that restores, because it may not give it to its owner. */
export interface OwnerOutOfReach {
  /** As an archive names it. */
  readonly title: string;
  /** The names in it alone, see `entryPlace`. */
  readonly place: string;
  readonly owner: string;
  readonly why: string;
}

/** Types that pg_restore gives an owner (`_printTocEntry` in src/bin/pg_dump/pg_backup_archiver.c). */
const OWNED: ReadonlySet<string> = new Set([
  "AGGREGATE",
  "COLLATION",
  "CONVERSION",
  "DOMAIN",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "FOREIGN TABLE",
  "FUNCTION",
  "MATERIALIZED VIEW",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURAL LANGUAGE",
  "PROCEDURE",
  "PUBLICATION",
  "SCHEMA",
  "SEQUENCE",
  "SERVER",
  "STATISTICS",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TYPE",
  "VIEW",
]);

/** Owners of what these entries make. */
export function ownersOf(entries: readonly TocEntry[]): ReadonlySet<string> {
  return new Set(
    entries
      .filter(({ type }) => OWNED.has(type))
      .map((entry) => namesOf(entry).owner)
      .filter((owner) => owner !== ""),
  );
}

/** What is asked about. */
export interface AskedOwners {
  /** What is to be made. */
  readonly entries: readonly TocEntry[];
  /** Roles that the restore makes. */
  readonly roles: readonly RoleRecord[];
  /** Schemas that stay as they are: the platform's, and `public`. */
  readonly standing: ReadonlySet<string>;
}

/**
 * Finds what of a backup cannot be given to its owner, by trying what the restore will do: making the roles,
 * becoming their member, letting an owner make something in the schema. All of it is taken back.
 *
 * @param session in no transaction
 */
export async function usersOwnersOutOfReach(
  session: DatabaseSession,
  { entries, roles, standing }: AskedOwners,
): Promise<readonly OwnerOutOfReach[]> {
  await session.query("BEGIN");
  try {
    const unmade = await refusal(session, () => createRoles(session, roles));
    const owners = ownersOf(entries);
    await reachRoles(session, owners);
    const reasons = new Map<string, string | undefined>();
    const found: OwnerOutOfReach[] = [];
    for (const entry of entries.filter(({ type }) => OWNED.has(type))) {
      const { schema, owner, tag } = namesOf(entry);
      if (owner === "" || (await isOthers(session, entry.type, tag))) continue;
      const at = schema !== undefined && standing.has(schema) ? schema : undefined;
      const key = JSON.stringify([owner, at]);
      if (!reasons.has(key)) reasons.set(key, await whyNot(session, owner, at, unmade !== undefined));
      const why = reasons.get(key);
      if (why !== undefined) found.push({ title: entryTitle(entry), place: entryPlace(entry), owner, why });
    }
    return found;
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

/** One that is there and cannot be dropped stays with its owner. */
async function isOthers(session: DatabaseSession, type: string, name: string): Promise<boolean> {
  if (type !== "SCHEMA" && type !== "EVENT TRIGGER") return false;
  const [row] = await session.query(
    type === "SCHEMA"
      ? "SELECT FROM pg_namespace WHERE nspname = $1 AND NOT pg_has_role(nspowner, 'USAGE')"
      : "SELECT FROM pg_event_trigger WHERE evtname = $1 AND NOT pg_has_role(evtowner, 'USAGE')",
    [name],
  );
  return row !== undefined;
}

async function whyNot(
  session: DatabaseSession,
  owner: string,
  schema: string | undefined,
  unmade: boolean,
): Promise<string | undefined> {
  const may = await mayBecome(session, owner);
  // Roles that could not be made end the restore by themselves.
  if (may === undefined) return unmade ? undefined : `there is no role ${owner}`;
  if (!may) return `it cannot become a member of ${owner}`;
  if (schema === undefined || (await mayCreate(session, owner, schema))) return undefined;
  await refusal(session, () => session.query(lendCreate(schema, owner)));
  return (await mayCreate(session, owner, schema))
    ? undefined
    : `${owner} may not make anything in schema ${schema}`;
}

async function mayCreate(session: DatabaseSession, owner: string, schema: string): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    `
      SELECT r.rolname = current_user OR has_schema_privilege(r.oid, n.oid, 'CREATE') AS may
        FROM pg_roles r, pg_namespace n
       WHERE r.rolname = $1 AND n.nspname = $2
    `,
    [owner, schema],
  );
  // A schema that somebody dropped is made again.
  return row?.may ?? true;
}

/** An owner must be allowed to make things where his stand; what gives him that for a moment. */
export function lendCreate(schema: string, owner: string): string {
  return `GRANT CREATE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(owner)}`;
}

export function takeBackCreate(schema: string, owner: string): string {
  return `REVOKE CREATE ON SCHEMA ${quoteIdentifier(schema)} FROM ${quoteIdentifier(owner)}`;
}

/** Before anything is touched. */
export function refusalsOfOwners(owners: readonly OwnerOutOfReach[], role: string): string[] {
  return owners.map(
    ({ title, owner, why }) => `role ${role} may not give ${title} to its owner ${owner} (${why})`,
  );
}

/** Where that was allowed. */
export function gapOfOwner(
  { title, owner, why }: Pick<OwnerOutOfReach, "title" | "owner" | "why">,
  role: string,
): Finding {
  return {
    severity: "gap",
    about: "owner",
    name: title,
    message: `belongs to ${role} and not to ${owner}, and has the rights that follow from that: ${why}`,
  };
}
