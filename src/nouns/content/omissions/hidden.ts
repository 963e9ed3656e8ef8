import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { Difference } from "../compare/difference.ts";
import type { ContentScope } from "../record.ts";

/** What pg_dump leaves out because its role may not see it. Values of options are never read here. */

interface Mapping {
  readonly user: string;
  readonly server: string;
  /** As among the compared objects. */
  readonly identity: string;
  readonly readable: boolean;
}

/**
 * User mappings whose options this role may not read, which pg_dump then writes without user and password;
 * and those it leaves out altogether. The view's own rule is asked instead of the options: a mapping
 * may have none.
 *
 * https://www.postgresql.org/docs/current/view-pg-user-mappings.html
 */
export async function hiddenUserMappings(
  session: DatabaseSession,
  scope: ContentScope,
  entries: readonly TocEntry[],
): Promise<Difference[]> {
  if (scope.includeSchemas.length > 0) return [];
  const mappings = await session.query<Mapping>(`
    SELECT coalesce(u.usename::text, 'public') AS user, u.srvname::text AS server,
           CASE WHEN u.umuser = 0 THEN 'public' ELSE quote_ident(u.usename) END || ' on '
           || quote_ident(u.srvname) AS identity,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
             OR CASE WHEN u.umuser = 0 THEN pg_has_role(s.srvowner, 'USAGE') ELSE u.usename = current_user
                       AND (pg_has_role(s.srvowner, 'USAGE')
                            OR has_server_privilege(s.oid, 'USAGE')) END AS readable
      FROM pg_user_mappings u JOIN pg_foreign_server s ON s.oid = u.srvid
     ORDER BY 2, 1
  `);
  const written = entries.filter(({ type }) => type === "USER MAPPING").map(({ rest }) => rest);
  return mappings.flatMap(({ user, server, identity, readable }): Difference[] => {
    const isWritten = written.some((rest) =>
      rest.startsWith(printed(`- USER MAPPING ${user} SERVER ${server} `)),
    );
    if (isWritten && readable) return [];
    return [
      {
        severity: "gap",
        about: "user-mapping",
        name: identity,
        message: isWritten
          ? "is in this backup without its options, such as user and password: " +
            "the role that made it may not read them; a superuser may"
          : "is not in this backup: pg_dump left it out, as it does where the server belongs to an extension",
      },
    ];
  });
}

/**
 * pg_dump reads subscriptions only as a superuser, because they hold passwords. Their names can be
 * read by everybody.
 */
export async function hiddenSubscriptions(
  session: DatabaseSession,
  scope: ContentScope,
  entries: readonly TocEntry[],
): Promise<Difference[]> {
  if (scope.includeSchemas.length > 0) return [];
  const rows = await session.query<{ name: string }>(`
    SELECT subname::text AS name FROM pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY subname
  `);
  const written = entries.filter(({ type }) => type === "SUBSCRIPTION").map(({ rest }) => rest);
  return rows
    .filter(({ name }) => !written.some((rest) => rest.startsWith(printed(`- ${name} `))))
    .map(({ name }): Difference => ({
      severity: "gap",
      about: "subscription",
      name,
      message: "is not in this backup: pg_dump leaves subscriptions out unless its role is a superuser",
    }));
}

/** pg_dump leaves large objects out as soon as schemas are named. */
export async function leftOutLargeObjects(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<Difference[]> {
  if (scope.includeSchemas.length === 0) return [];
  const [row] = await session.query<{ count: string }>(
    "SELECT count(*)::text AS count FROM pg_largeobject_metadata",
  );
  if (row === undefined || row.count === "0") return [];
  return [
    {
      severity: "gap",
      about: "large-objects",
      name: "large objects",
      message:
        `${row.count} exist and none is in this backup: they belong to no schema, so a backup of named ` +
        "schemas leaves them out; one with --exclude-schemas holds them",
    },
  ];
}

/** As `pg_restore --list` prints names: each line break is a space. */
function printed(text: string): string {
  return text.replace(/[\r\n]/g, " ");
}
