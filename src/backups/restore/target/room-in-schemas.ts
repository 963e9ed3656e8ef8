import { HoldfastError } from "../../../kernel/errors.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { anyOf } from "../../../kernel/pattern.ts";

/**
 * Types of entries that make nothing in a schema: rows, values, and what is said or given of other things.
 */
const MAKES_NOTHING = anyOf(
  /^(?:ACL|DEFAULT ACL|COMMENT|SECURITY LABEL|SCHEMA)$/,
  /^(?:TABLE DATA|SEQUENCE SET|BLOBS?|MATERIALIZED VIEW DATA|STATISTICS DATA)$/,
  /^(?:ROW SECURITY|DEFAULT|TRIGGER|RULE|POLICY|CHECK CONSTRAINT|FK CONSTRAINT)$/,
  /^(?:PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|SEQUENCE OWNED BY|TABLE ATTACH|INDEX ATTACH)$/,
);

interface Room {
  readonly role: string;
  readonly database: string;
  /**
   * A schema that is there and in which this role may make nothing; whether it belongs to whoever
   * owns the database.
   */
  readonly closed: string | null;
  readonly databaseOwners: boolean | null;
  /** Whether it may make schemas. */
  readonly schemas: boolean;
  readonly present: readonly string[];
}

/**
 * Why an archive cannot be loaded into an empty database by this role at all: without the right to make
 * things where they go everything fails, one after the other, and what is said first is not why. Since
 * PostgreSQL 15 only the database's owner may make things in `public`.
 *
 * @param encoding of the database that was backed up
 * @returns the refusal, or undefined where there is room
 */
export async function whyNoRoom(
  session: DatabaseSession,
  entries: readonly TocEntry[],
  encoding: string,
): Promise<HoldfastError | undefined> {
  // An archive's names are in the database's encoding, and only UTF8 is read as it is written.
  const isRead = (name: string): boolean => encoding === "UTF8" || /^[\x20-\x7e]*$/.test(name);
  const named = entries
    .flatMap(({ type, names }) =>
      names?.schema === undefined || MAKES_NOTHING.test(type) ? [] : [names.schema],
    )
    .filter(isRead);
  const made = new Set(
    entries
      .flatMap(({ type, names }) => (type === "SCHEMA" && names !== undefined ? [names.tag] : []))
      .filter(isRead),
  );
  const wanted = [...new Set(named)];
  const [row] = await session.query<Room>(
    `
      SELECT current_user::text AS role, d.datname::text AS database,
             pg_catalog.has_database_privilege(d.oid, 'CREATE') AS schemas, closed.name AS closed,
             closed.owner = 'pg_database_owner' AS "databaseOwners",
             ARRAY(SELECT nspname::text
                     FROM pg_catalog.pg_namespace
                    WHERE nspname = ANY ($2) OR nspname = ANY ($1)) AS present
        FROM pg_catalog.pg_database d
        LEFT JOIN (
                   SELECT nspname::text AS name, pg_catalog.pg_get_userbyid(nspowner) AS owner
                     FROM pg_catalog.pg_namespace
                    WHERE nspname = ANY ($1) AND NOT pg_catalog.has_schema_privilege(oid, 'CREATE')
                    ORDER BY 1
                    LIMIT 1) AS closed
          ON true
       WHERE d.datname = pg_catalog.current_database()
    `,
    [wanted, [...made]],
  );
  const { role, database, closed: first, databaseOwners, schemas, present } = row!;
  if (first !== null) {
    return new HoldfastError(
      "database.permission",
      `role ${role} may make nothing in schema ${first} of database ${database}, where objects ` +
        "of the backup go",
      {
        hint:
          (databaseOwners === true
            ? `Make the database its own (ALTER DATABASE ${displayPart(database)} OWNER TO ` +
              `${displayPart(role)}); or `
            : "") +
          `GRANT CREATE ON SCHEMA ${displayPart(first)} TO ${displayPart(role)} and use --no-privileges, ` +
          "since rights are then not those of the backup. Nothing was touched.",
      },
    );
  }
  const missing = [...made].find((name) => !present.includes(name));
  if (schemas || missing === undefined) return undefined;
  return new HoldfastError(
    "database.permission",
    `role ${role} may make no schema in database ${database}, and the backup has ${missing}`,
    {
      hint: `GRANT CREATE ON DATABASE ${displayPart(database)} TO ${displayPart(role)}. Nothing was touched.`,
    },
  );
}
