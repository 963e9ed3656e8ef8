import { namesOf } from "../../copy/toc-names.ts";
import type { DefinitionText } from "../../copy/definition-script.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import { readObjectsOf } from "../../../nouns/content/read/objects.ts";
import { cutAfter } from "../../../postgres/sql-quotes.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { ContentRecord, ObjectKind } from "../../../nouns/content/record.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import { leadingNames, schemaOf, wordAndRest } from "../../../nouns/platform/identity.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { BothEnds } from "./choose-into.ts";
import { isRightOnPlatform } from "./users-part.ts";

/** What became of rights on the platform's objects. */
interface PlatformRights {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Objects named in a note. */
const TOLD_MAX = 20;

/**
 * Gives the platform's objects the rights that they had, where both ends are of one version of its service: then what differs was given or taken
 * away by somebody. Between two versions it may be the service's own doing, and is named only. Every object's rights are set as a whole, and kept
 * only where they are the source's then.
 *
 * @param objects of the source, its rights among them
 * @param texts the archive's lists of rights on the platform's objects
 */
export async function restorePlatformRights(
  session: DatabaseSession, ends: BothEnds, objects: ContentRecord["objects"], texts: readonly DefinitionText[],
): Promise<PlatformRights> {
  const { source, target } = ends;
  const expected = objects.grant ?? {};
  const schemas = source.schemas.filter((schema) => target.schemas.includes(schema));
  const isMeant = (identity: string): boolean => isRightOnPlatform(source, "grant", identity) && schemas.includes(schemaOf("grant", identity) ?? "");
  const differing = async (): Promise<readonly string[]> => {
    const now = await readObjectsOf(session, { includeSchemas: schemas, excludeSchemas: [] }, "grant");
    return [...new Set([...Object.keys(expected), ...Object.keys(now)])].filter(isMeant).filter((identity) => !isSame(expected[identity], now[identity]));
  };
  const found = await differing();
  const skewed = found.filter((identity) => !isOfOneVersion(source, target, identity));
  const others = skewed.length === 0 ? [] : skewed.filter(await standsAtBoth(session, objects, schemas));
  const usual = found.filter((identity) => isOfOneVersion(source, target, identity));
  const set = async (identities: readonly string[]): Promise<void> => {
    for (const identity of identities) await setRights(session, identity, textsFor(identity, texts));
  };
  await session.query("SAVEPOINT rights_on_platform");
  if (usual.length > 0) await set(usual);
  const still = new Set(usual.length > 0 ? await differing() : []);
  const left = usual.filter((identity) => still.has(identity));
  if (left.length > 0) {
    await session.query("ROLLBACK TO SAVEPOINT rights_on_platform");
    await set(usual.filter((identity) => !still.has(identity)));
  }
  await session.query("RELEASE SAVEPOINT rights_on_platform");
  const more = others.length > TOLD_MAX ? ` and ${others.length - TOLD_MAX} more` : "";
  return {
    findings: left.map((name): Finding => ({
      severity: "gap", about: "grant", name, message: "on the platform's own is not as at the source, and this role may not make it so: somebody may have given or taken rights there",
    })),
    notes: others.length === 0 ? [] : [`rights on the platform's own that are not as at the source and were left, as its versions may differ in them: ${others.slice(0, TOLD_MAX).join(", ")}${more}`],
  };
}

/** Kinds of what has rights in a schema. */
const WITH_RIGHTS: readonly ObjectKind[] = ["table", "view", "materialized-view", "sequence", "function", "type", "schema"];

/** What stands at one end alone came with one version or went with the other: nobody asks for its rights. */
async function standsAtBoth(session: DatabaseSession, source: ContentRecord["objects"], schemas: readonly string[]): Promise<(identity: string) => boolean> {
  const known = new Set(WITH_RIGHTS.flatMap((kind) => Object.keys(source[kind] ?? {})));
  const now = new Set<string>();
  for (const kind of WITH_RIGHTS) {
    for (const identity of Object.keys(await readObjectsOf(session, { includeSchemas: [...schemas], excludeSchemas: [] }, kind))) now.add(identity);
  }
  return (identity) => {
    const [word, rest] = wordAndRest(identity);
    const of = word === "column" ? displayName({ schema: leadingNames(rest)[0] ?? "", name: leadingNames(rest)[1] ?? "" }) : rest;
    return known.has(of) && now.has(of);
  };
}

/** Only where both say of which version they are. */
function isOfOneVersion(source: PlatformRecord, target: PlatformRecord, identity: string): boolean {
  const schema = schemaOf("grant", identity) ?? "";
  return typeof source.migrations[schema] === "string" && source.migrations[schema] === target.migrations[schema];
}

/** `MAINTAIN` came with 17 and is no difference between majors. */
function isSame(left: string | undefined, right: string | undefined): boolean {
  const of = (digests: string | undefined): string =>
    [...(digests === undefined ? [] : readDigests(digests))].filter(([name]) => name !== "maintain").map((pair) => pair.join("=")).sort().join();
  return of(left) === of(right);
}

/** The archive's lists for an object; a function's of every function of that name, because the two write arguments in different ways. */
function textsFor(identity: string, texts: readonly DefinitionText[]): readonly DefinitionText[] {
  const [word, rest] = wordAndRest(identity);
  const [schema, ...names] = leadingNames(rest);
  return texts.filter(({ entry }) => {
    const said = namesOf(entry);
    const [kind, name] = wordAndRest(said.tag);
    // A column's rights stand on their own, and views are tables to them.
    return kind.toLowerCase() === word && said.schema === schema && leadingNames(name).join("\n") === names.join("\n");
  });
}

/** A right on an object begins with what is allowed, in capitals; a role's name, of which one becomes a member, never does. */
const ON_OBJECT = /^\s*(?:GRANT|REVOKE) (?:ALL|SELECT|INSERT|UPDATE|DELETE|TRUNCATE|REFERENCES|TRIGGER|MAINTAIN|USAGE|CREATE|EXECUTE)\b/;

/**
 * Sets an object's rights to what the server gives of itself, and then to what the archive says; all of it or nothing. As the owner: a role with
 * grant options of its own would give its own rights beside the owner's, and take none of his away. What the archive says in another's name is
 * not said here.
 */
async function setRights(session: DatabaseSession, identity: string, texts: readonly DefinitionText[]): Promise<void> {
  const [word, rest] = wordAndRest(identity);
  const statements = texts.flatMap(({ sql }) => cutAfter(sql, ";")).filter((statement) => statement.trim() !== "");
  if (!statements.every((statement) => ON_OBJECT.test(statement))) return;
  const [schema = "", name = "", column = ""] = leadingNames(rest);
  await refusal(session, async () => {
    const steps = await session.query<{ sql: string; owner: string; role: string }>(REVOKES, [word, rest, schema, name, column]);
    if (steps[0] === undefined) return;
    await session.query(`SET LOCAL ROLE ${quoteIdentifier(steps[0].owner)}`);
    for (const sql of [...steps.map((step) => step.sql).filter((step) => step !== ""), ...statements]) await session.query(sql);
    await session.query(`SET LOCAL ROLE ${steps[0].role === "none" ? "NONE" : quoteIdentifier(steps[0].role)}`);
  }, "database.permission", "database.query");
}

const ROUTINE = "quote_ident(n.nspname) || '.' || quote_ident(o.proname) || '(' || pg_get_function_identity_arguments(o.oid) || ')'";

/** Everything is taken from everybody but the owner; what the server gives of itself (EXECUTE to all) is given again. */
const REVOKES = `
  WITH meant AS (
    SELECT format('%s %s', CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, o.oid::regclass) AS name, '' AS columns, o.relacl AS acl, o.relowner AS owner,
           NULL::aclitem[] AS standard
      FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace WHERE $1::text IN ('table', 'sequence') AND $2::text IS NOT NULL AND n.nspname = $3 AND o.relname = $4
    UNION ALL
    SELECT format('TABLE %s', o.oid::regclass), format(' (%I)', a.attname), a.attacl, o.relowner, NULL
      FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_attribute a ON a.attrelid = o.oid
     WHERE $1::text = 'column' AND n.nspname = $3 AND o.relname = $4 AND a.attname = $5
    UNION ALL
    SELECT format('ROUTINE %s', o.oid::regprocedure), '', o.proacl, o.proowner, acldefault('f', o.proowner)
      FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE $1::text = 'function' AND n.nspname = $3 AND o.proname = $4 AND ${ROUTINE} = $2
    UNION ALL
    SELECT format('TYPE %s', o.oid::regtype), '', o.typacl, o.typowner, acldefault('T', o.typowner)
      FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace WHERE $1::text = 'type' AND n.nspname = $3 AND o.typname = $4
  )
  SELECT DISTINCT format('REVOKE ALL%s ON %s FROM %s', m.columns, m.name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END) AS sql,
         pg_get_userbyid(m.owner)::text AS owner, current_setting('role') AS role
    FROM meant m, aclexplode(m.acl) a WHERE a.grantee <> m.owner
  UNION ALL SELECT '', pg_get_userbyid(m.owner)::text, current_setting('role') FROM meant m
  UNION ALL
  SELECT format('GRANT %s ON %s TO PUBLIC', s.privilege_type, m.name), pg_get_userbyid(m.owner)::text, current_setting('role') FROM meant m, aclexplode(m.standard) s WHERE s.grantee = 0`;
