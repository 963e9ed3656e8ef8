import type { DatabaseSession } from "../../../ports/database.ts";
import { foreignKeys } from "./foreign-keys.ts";
import type { LiveTable } from "./live-tables.ts";
import type { SetAside } from "./set-aside-definition.ts";

/**
 * Everything to set aside, in the order in which it goes; it comes back in the opposite order. Event triggers
 * go first: they would see the rest.
 *
 * `session_replication_role` is not used: it does not stop what is marked `ENABLE ALWAYS` or
 * `ENABLE REPLICA`, it leaves deferred unique constraints unchecked, and few roles may set it.
 * https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER
 */
export async function readSetAside(
  session: DatabaseSession,
  tables: readonly LiveTable[],
): Promise<SetAside[]> {
  const oids = tables.map((table) => table.oid);
  const found: SetAside[] = [];
  found.push(...(await eventTriggersAside(session)));
  for (const sql of [TRIGGERS, CHECKS, DOMAIN_CHECKS]) {
    found.push(...(await session.query<SetAside & object>(sql, [oids])));
  }
  return [...found, ...(await foreignKeys(session, oids))];
}

/** Event triggers alone. */
export async function eventTriggersAside(session: DatabaseSession): Promise<SetAside[]> {
  return await session.query<SetAside & object>(EVENT_TRIGGERS);
}

const TABLE = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";
const NAME = "format('%I.%I', n.nspname, c.relname)";
const OWNED = "pg_has_role(c.relowner, 'USAGE')";
const NOT_OWNER = `'only the owner of ' || ${NAME} || ' may'`;
const SUPERUSER = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)";

/**
 * They fire at the ALTER TABLEs to come, and an audit log would note them as if somebody had changed the
 * schema. Others than superusers leave them on.
 */
const EVENT_TRIGGERS = `
  SELECT 'event trigger ' || quote_ident(evtname) AS what, NULL AS obstacle,
         format('ALTER EVENT TRIGGER %I DISABLE', evtname) AS aside,
         ARRAY[format('ALTER EVENT TRIGGER %I ENABLE%s', evtname,
                      CASE evtenabled WHEN 'A' THEN ' ALWAYS' WHEN 'R' THEN ' REPLICA' ELSE '' END)] AS back
    FROM pg_event_trigger
   WHERE evtenabled <> 'D' AND ${SUPERUSER}
   ORDER BY evtname
`;

/**
 * The triggers people made. Those of foreign keys come and go with the keys; those of deferrable unique
 * constraints must act. Before PostgreSQL 15 a partition's copy of its parent's trigger counts as the
 * server's own, which only a superuser may switch; that of a constraint trigger has a constraint of its
 * own like it.
 */
const TRIGGERS = `
  SELECT format('trigger %I on ', g.tgname) || ${NAME} AS what,
         CASE WHEN NOT ${OWNED} THEN ${NOT_OWNER} WHEN g.tgisinternal
                AND NOT ${SUPERUSER}
                THEN 'on this server only a superuser may, because it belongs to a partition' END AS obstacle,
         format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', ${NAME}, g.tgname) AS aside,
         ARRAY[format('ALTER TABLE ONLY %s ENABLE %sTRIGGER %I', ${NAME},
                      CASE g.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END,
                      g.tgname)] AS back
    FROM pg_trigger g JOIN ${TABLE} ON c.oid = g.tgrelid
   WHERE g.tgrelid = ANY ($1::text[]::oid[])
     AND g.tgenabled <> 'D'
     AND (NOT g.tgisinternal
          OR g.tgconstraint = 0
          OR EXISTS (SELECT FROM pg_constraint k WHERE k.oid = g.tgconstraint AND k.contype = 't'))
   ORDER BY g.tgrelid, g.tgname
`;

const COMMENT = (on: string): string => `
  CASE WHEN obj_description(k.oid, 'pg_constraint') IS NULL THEN ARRAY[]::text[]
       ELSE ARRAY[format('COMMENT ON CONSTRAINT %I ON ${on} IS %L', k.conname, place,
                         obj_description(k.oid, 'pg_constraint'))] END
`;

/**
 * Heirs of a constraint that are valid although it is not. Each is validated together with all below it, so
 * the highest go first.
 */
const VALIDATED_BELOW = `
  WITH RECURSIVE below AS (
    SELECT i.inhrelid AS oid, 1 AS level FROM pg_inherits i WHERE i.inhparent = k.conrelid
    UNION SELECT i.inhrelid, below.level + 1 FROM below JOIN pg_inherits i ON i.inhparent = below.oid
  )
  SELECT coalesce(json_agg(json_build_object('what',
                                             format('constraint %I of %I.%I', h.conname, hn.nspname,
                                                    hc.relname),
                                             'sql',
                                             format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', hn.nspname,
                                                    hc.relname, h.conname)) ORDER BY below.level,
                           below.oid),
                  '[]')
    FROM below
    JOIN pg_constraint h ON h.conrelid = below.oid
         AND h.contype = k.contype
         AND h.conname = k.conname
         AND h.convalidated
    JOIN pg_class hc ON hc.oid = below.oid
    JOIN pg_namespace hn ON hn.oid = hc.relnamespace
`;

/**
 * CHECK and NOT NULL constraints that hold for new rows only: the backup's may be older. They come from
 * above in an inheritance tree and go down with it, so the highest goes first. One that is not enforced (18)
 * disturbs nobody. Below, one may have been validated already: that state is brought back.
 */
const CHECKS = `
  WITH RECURSIVE tree AS (
    SELECT oid FROM unnest($1::text[]::oid[]) AS oid
    UNION SELECT i.inhparent FROM tree JOIN pg_inherits i ON i.inhrelid = tree.oid
  ), height AS (
    SELECT tree.oid, tree.oid AS at, 0 AS level FROM tree
    UNION ALL SELECT height.oid, i.inhparent, height.level + 1
                FROM height JOIN pg_inherits i ON i.inhrelid = height.at
  )
  SELECT format('constraint %I of ', k.conname) || place AS what,
         CASE WHEN NOT ${OWNED} THEN ${NOT_OWNER} END AS obstacle,
         format('ALTER TABLE %s DROP CONSTRAINT %I', place, k.conname) AS aside,
         ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s', place, k.conname, pg_get_constraintdef(k.oid))]
         || ${COMMENT("%s")} AS back,
         (${VALIDATED_BELOW}) AS validate
    FROM pg_constraint k JOIN ${TABLE} ON c.oid = k.conrelid, LATERAL (SELECT ${NAME} AS place) AS placed
   WHERE k.conrelid IN (SELECT oid FROM tree)
     AND k.contype IN ('c', 'n')
     AND NOT k.convalidated
     AND k.conislocal
     AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
   ORDER BY (SELECT max(level) FROM height WHERE height.oid = k.conrelid), k.oid
`;

/** The same for domains, of the types that the tables' columns are made of. */
const DOMAIN_CHECKS = `
  WITH RECURSIVE used AS (
    SELECT atttypid AS oid
      FROM pg_attribute
     WHERE attrelid = ANY ($1::text[]::oid[]) AND attnum > 0 AND NOT attisdropped
    UNION SELECT part.oid
            FROM used
            JOIN pg_type t ON t.oid = used.oid,
                 LATERAL ( SELECT t.typbasetype AS oid
                           UNION SELECT t.typelem
                                 UNION SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
                                       UNION SELECT a.atttypid
                                               FROM pg_attribute a
                                              WHERE a.attrelid = t.typrelid
                                                AND t.typtype = 'c'
                                                AND a.attnum > 0
                                                AND NOT a.attisdropped ) AS part
           WHERE part.oid <> 0
  )
  SELECT format('constraint %I of domain ', k.conname) || place AS what,
         CASE WHEN NOT pg_has_role(t.typowner, 'USAGE')
                THEN 'only the owner of the domain may' END AS obstacle,
         format('ALTER DOMAIN %s DROP CONSTRAINT %I', place, k.conname) AS aside,
         ARRAY[format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', place, k.conname, pg_get_constraintdef(k.oid))]
         || ${COMMENT("DOMAIN %s")} AS back
    FROM pg_constraint k
    JOIN pg_type t ON t.oid = k.contypid
    JOIN pg_namespace n ON n.oid = t.typnamespace,
         LATERAL (SELECT format('%I.%I', n.nspname, t.typname) AS place) AS placed
   WHERE k.contypid IN (SELECT oid FROM used) AND NOT k.convalidated
   ORDER BY k.oid
`;
