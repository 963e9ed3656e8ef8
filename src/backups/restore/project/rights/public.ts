import { isHoldfastError } from "../../../../kernel/errors.ts";
import { namesOf } from "../../../copy/artifacts/toc-names.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding, Manifest } from "../../../../nouns/catalog/manifest.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { BothEnds } from "../ends/choose-into.ts";

const STANDARD_COMMENT = "COMMENT ON SCHEMA public IS 'standard public schema'";

/**
 * Makes the schema `public` where somebody has dropped it, as every new database has it; the archive gives
 * the rights that it had besides. Where it stands it is not touched, as the platform's default privileges
 * hang on it, but for its comment where it has none.
 *
 * https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
 *
 * @returns what could not be done
 */
export async function makePublic(
  session: DatabaseSession,
  { objects }: Pick<ContentRecord, "objects">,
): Promise<readonly Finding[]> {
  const [there] = await session.query<{ bare: boolean; owns: boolean; owner: string }>(`
    SELECT obj_description(oid, 'pg_namespace') IS NULL AS bare, pg_has_role(nspowner, 'USAGE') AS owns,
           pg_get_userbyid(nspowner)::text AS owner
      FROM pg_namespace
     WHERE nspname = 'public'
  `);
  if (there !== undefined) {
    // Somebody has made it anew since; an archive names only a comment that is another than this.
    if (!there.bare || !("schema public" in (objects.comment ?? {}))) return [];
    if (!there.owns) {
      return [
        {
          severity: "gap",
          about: "comment",
          name: "schema public",
          message: `could not be set: the schema belongs to ${there.owner}`,
        },
      ];
    }
    await session.query(STANDARD_COMMENT);
    return [];
  }
  const [owner] = await session.query("SELECT FROM pg_roles WHERE rolname = 'pg_database_owner'");
  await session.query("CREATE SCHEMA public");
  await session.query(STANDARD_COMMENT);
  await session.query(
    owner === undefined
      ? "GRANT ALL ON SCHEMA public TO PUBLIC"
      : "GRANT USAGE ON SCHEMA public TO PUBLIC; ALTER SCHEMA public OWNER TO pg_database_owner",
  );
  return [];
}

/** Whether an entry gives the rights on `public`. */
export function isPublicsRights(entry: TocEntry): boolean {
  return entry.type === "ACL" && namesOf(entry).tag === "SCHEMA public";
}

/**
 * Gives the rights on `public` that the source had, and none that the target's platform gave besides: an
 * archive says what they are other than in a new database, so they are set back to that first. Both or
 * neither: without the second step nobody could use the schema.
 *
 * @param give carries out what the archive says of them, and throws what the server refuses
 * @returns what stayed as it was at the target
 */
export async function givePublicsRights(
  session: DatabaseSession,
  { content, tools }: Manifest,
  give: () => Promise<void>,
): Promise<readonly Finding[]> {
  const schemas = content.objects.schema;
  if (schemas !== undefined && !("public" in schemas)) return [];
  const [reset] = await session.query<{ sql: string }>(RESET, [
    Number.parseInt(tools.pgDump, 10) < CLOSED_SINCE,
  ]);
  const refused = await refusal(
    session,
    async () => {
      if (reset !== undefined) await session.query(reset.sql);
      await give();
    },
    "database.permission",
    "database.query",
  );
  return refused === undefined
    ? []
    : [
        {
          severity: "gap",
          about: "grant",
          name: "schema public",
          message: `could not be given: ${serverWords(refused)}`,
        },
      ];
}

/**
 * Since this version a new database lets only its owner make things in `public`, and pg_dump begins there.
 */
const CLOSED_SINCE = 15;

/** No row where this role may not speak for the owner. */
const RESET = `
  SELECT concat_ws('; ',
                   (SELECT string_agg(DISTINCT format('REVOKE ALL ON SCHEMA public FROM %s',
                                                      CASE x.grantee
                                                           WHEN 0 THEN 'PUBLIC'
                                                           ELSE quote_ident(pg_get_userbyid(x.grantee)) END),
                                      '; ')
                      FROM aclexplode(nspacl) x),
                   format('GRANT ALL ON SCHEMA public TO %I', pg_get_userbyid(nspowner)),
                   'GRANT USAGE' || CASE WHEN $1::bool THEN ', CREATE' ELSE '' END
                   || ' ON SCHEMA public TO PUBLIC') AS sql
    FROM pg_namespace
   WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')
`;

/**
 * Gives `public` the owner that it had: whoever has made it anew at the source owns it there, and its rights
 * are that owner's to give. Where this role may not, the comparison says so.
 *
 * @param owner undefined where the archive does not say
 */
export async function givePublicItsOwner(session: DatabaseSession, owner: string | undefined): Promise<void> {
  if (owner === undefined) return;
  const [other] = await session.query(
    "SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_get_userbyid(nspowner) <> $1",
    [owner],
  );
  if (other !== undefined) {
    await refusal(
      session,
      () => session.query(`ALTER SCHEMA public OWNER TO ${quoteIdentifier(owner)}`),
      "database.permission",
      "database.query",
    );
  }
}

/**
 * What becomes of the owner of `public`, where he is not the target's: it is given to him where this role
 * may, as {@link givePublicItsOwner} does.
 *
 * @param owner undefined where the archive does not say
 */
export async function publicsOwnerNotes(
  session: DatabaseSession,
  owner: string | undefined,
  role: string,
): Promise<readonly string[]> {
  if (owner === undefined) return [];
  const [row] = await session.query<{ here: string; there: boolean }>(
    `
      SELECT pg_get_userbyid(nspowner)::text AS here,
             EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS there
        FROM pg_namespace
       WHERE nspname = 'public' AND pg_get_userbyid(nspowner) <> $1
    `,
    [owner],
  );
  if (row === undefined) return [];
  await session.query("BEGIN READ WRITE");
  try {
    await session.query(`SET LOCAL lock_timeout = '${PATIENCE}'`);
    // Roles of the user's are made first, and whoever makes one may be it.
    const give = `ALTER SCHEMA public OWNER TO ${quoteIdentifier(owner)}`;
    const refused = row.there ? await refusal(session, () => session.query(give)) : undefined;
    const what = `schema public belonged to ${owner} at the source, and belongs to ${row.here} here`;
    if (refused === undefined) return [`${what}: it is given to ${owner}`];
    if (isHoldfastError(refused, "database.lock-timeout")) {
      return [`${what}: it is given to ${owner} where role ${role} may`];
    }
    return [
      `${what}: it stays, as role ${role} may not give it away (${serverWords(refused)}), and so do rights ` +
        "on it that are its owner's to give",
    ];
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

/** Looking holds nobody up. */
const PATIENCE = "100ms";

/**
 * Default privileges of the platform's roles in a schema of the user's that the target has lost: nobody but
 * the platform can give them again.
 */
export function lostDefaults({ source, target }: BothEnds): readonly Finding[] {
  const kept = new Set(target.own.map((own) => own.join(" ")));
  return source.own
    .filter(
      ([kind, name]) =>
        kind === "default-privilege" &&
        / in /.test(name) &&
        !source.schemas.some((schema) => name.includes(` in ${schema} for `)) &&
        !kept.has(`${kind} ${name}`),
    )
    .map(([, name]): Finding => ({
      severity: "gap",
      about: "default-privilege",
      name,
      message:
        "are not at the target, and only the platform's role itself may give them: " +
        "what it makes there later has to be granted by hand",
    }));
}
