import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { SetAside } from "./set-aside-definition.ts";

/** A foreign key that is dropped and made again; its states are read before. */
export interface ForeignKey extends SetAside {
  readonly relation: string;
  readonly name: string;
}

/**
 * Foreign keys from and to the tables, those of other tables included: with them standing, rows would have to
 * come in the order of the keys, removing rows would remove others' (ON DELETE CASCADE), and cycles have no
 * order. Made again they are checked against all rows at once, unless they were NOT VALID before.
 *
 * A key whose triggers are all switched off acts no more and stays. On partitioned tables the key is the one
 * that people made, not its copies.
 */
export async function foreignKeys(session: DatabaseSession, oids: readonly string[]): Promise<ForeignKey[]> {
  return await session.query<ForeignKey & object>(
    `
      WITH RECURSIVE up AS (
        SELECT k.oid, k.conparentid
          FROM pg_constraint k
         WHERE k.contype = 'f'
           AND (k.conrelid = ANY ($1::text[]::oid[]) OR k.confrelid = ANY ($1::text[]::oid[]))
        UNION SELECT k.oid, k.conparentid FROM up JOIN pg_constraint k ON k.oid = up.conparentid
      ), me AS (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
      SELECT format('foreign key %I of ', k.conname) || place AS what,
             CASE WHEN NOT pg_has_role(c.relowner, 'USAGE') THEN 'only the owner of ' || place || ' may'
                  WHEN NOT pg_has_role(f.relowner, 'USAGE')
                    AND NOT has_any_column_privilege(f.oid, 'REFERENCES')
                    THEN 'the role may not refer to ' || format('%I.%I', fn.nspname, f.relname)
                  WHEN states.odd
                    AND NOT me.rolsuper
                    THEN 'only a superuser may put the state of its triggers back' END AS obstacle,
             format('ALTER TABLE %s DROP CONSTRAINT %I', place, k.conname) AS aside,
             ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s', place, k.conname,
                          pg_get_constraintdef(k.oid))]
               || CASE WHEN obj_description(k.oid, 'pg_constraint') IS NULL THEN ARRAY[]::text[]
                       ELSE ARRAY[format('COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, place,
                                         obj_description(k.oid, 'pg_constraint'))] END AS back,
             'Restore the tables on both sides of the key, or make the key NOT VALID at the target first.' AS
             remedy,
             place AS relation, k.conname AS name
        FROM up
        JOIN pg_constraint k ON k.oid = up.oid
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace CROSS JOIN me,
             LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS place) AS placed,
             LATERAL (SELECT coalesce(bool_or(g.tgenabled <> 'O'), false) AS odd,
                             coalesce(bool_and(g.tgenabled = 'D'), false) AS off
                        FROM pg_trigger g
                       WHERE g.tgconstraint = k.oid) AS states
       WHERE k.conparentid = 0 AND NOT states.off ORDER BY k.oid
    `,
    [oids],
  );
}

/**
 * Every key of a family but the first: its copy on a partition, which has a name, perhaps a comment, and
 * triggers with states.
 */
const FAMILY = `
  WITH RECURSIVE family AS (
    SELECT k.oid, k.oid AS top, k.conrelid, k.confrelid
      FROM pg_constraint k
     WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = $1::text::regclass AND k.conname = $2
    UNION ALL SELECT k.oid, family.top, k.conrelid, k.confrelid
                FROM family JOIN pg_constraint k ON k.conparentid = family.oid
  )
`;

/**
 * Notes the names and comments of a key's copies on partitions and the states of all its triggers; to be
 * asked before the key is dropped.
 *
 * @returns puts them on the key made again
 */
export async function rememberFamily(
  session: DatabaseSession,
  { relation, name }: ForeignKey,
): Promise<() => Promise<void>> {
  const before = await copies(session, relation, name);
  const states = await triggers(session, relation, name);
  return async () => {
    const now = new Map((await copies(session, relation, name)).map((copy) => [copy.relation, copy.name]));
    for (const copy of before) {
      const given = now.get(copy.relation);
      if (given === undefined) continue;
      const rename = `
        ALTER TABLE ONLY ${copy.relation} RENAME CONSTRAINT ${quoteIdentifier(given)}
          TO ${quoteIdentifier(copy.name)}
      `;
      if (given !== copy.name) await session.query(rename);
      if (copy.comment !== null) await session.query(copy.comment);
    }
    const made = new Map(
      (await triggers(session, relation, name)).map((trigger) => [trigger.place, trigger]),
    );
    for (const { place, state } of states) {
      const trigger = made.get(place);
      const verb = VERBS[state];
      if (trigger === undefined || state === "O") continue;
      await session.query(
        `ALTER TABLE ONLY ${trigger.relation} ${verb} TRIGGER ${quoteIdentifier(trigger.name)}`,
      );
    }
  };
}

type Copy = { relation: string; name: string; comment: string | null };

/**
 * Copies on partitions of the referring table; those that only mirror partitions of the other side have no
 * name anybody chose.
 */
async function copies(session: DatabaseSession, relation: string, name: string): Promise<Copy[]> {
  return await session.query(
    `
      ${FAMILY}
        SELECT place AS relation, k.conname AS name,
               CASE WHEN obj_description(k.oid, 'pg_constraint') IS NOT NULL THEN format(
                 'COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, place, obj_description(
                   k.oid, 'pg_constraint')) END AS comment
          FROM family
          JOIN pg_constraint k ON k.oid = family.oid
          JOIN pg_constraint top ON top.oid = family.top
          JOIN pg_class c ON c.oid = k.conrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace,
               LATERAL (SELECT format('%I.%I', n.nspname, c.relname) AS place) AS placed
         WHERE k.oid <> top.oid AND k.confrelid = top.confrelid AND k.conrelid <> top.conrelid
    `,
    [relation, name],
  );
}

/** https://www.postgresql.org/docs/current/catalog-pg-trigger.html, tgenabled */
const VERBS = { O: "ENABLE", D: "DISABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" } as const;

type TriggerState = { place: string; relation: string; name: string; state: "O" | "D" | "R" | "A" };

async function triggers(session: DatabaseSession, relation: string, name: string): Promise<TriggerState[]> {
  return await session.query<TriggerState>(
    `
      ${FAMILY}
        SELECT concat_ws(' ', family.conrelid, family.confrelid, g.tgrelid, g.tgfoid) AS place,
               format('%I.%I', n.nspname, c.relname) AS relation, g.tgname AS name, g.tgenabled AS state
          FROM family
          JOIN pg_trigger g ON g.tgconstraint = family.oid
          JOIN pg_class c ON c.oid = g.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
    `,
    [relation, name],
  );
}
