import { eventTriggersSql, functionsSql } from "./functions.ts";
import { grant, grantByDefault } from "./rights.ts";
import type { Platform, Shape } from "./shape.ts";
import { tableRulesSql, tablesSql } from "./tables.ts";

/** How many steps of their own set-up the platform's services have noted in a project. */
const STEPS: Readonly<Record<Platform, { readonly auth: number; readonly storage: number }>> = {
  older: { auth: 44, storage: 26 },
  newer: { auth: 71, storage: 54 },
};

/**
 * Makes an empty database that of a new project. To be run by `supabase_admin`, as one transaction:
 * `postgres` is a superuser while it lasts, as it once was on the platform. What it made then, an event
 * trigger above all, it has kept.
 */
export function platformSql(shape: Shape, platform: Platform): string {
  return [
    "SET search_path = ''; ALTER ROLE postgres SUPERUSER;",
    schemasSql(shape),
    extensionsSql(shape),
    tablesSql(shape),
    functionsSql(shape),
    tableRulesSql(shape),
    ...shape.defaultPrivileges.map(grantByDefault),
    "SET ROLE postgres; CREATE PUBLICATION supabase_realtime; RESET ROLE;",
    stepsSql(platform),
    eventTriggersSql(shape),
    "ALTER ROLE postgres NOSUPERUSER;",
  ].join("\n");
}

function schemasSql(shape: Shape): string {
  return shape.schemas
    .map(({ name, owner, acl }) => {
      const made = name === "public" ? "" : `CREATE SCHEMA ${name} AUTHORIZATION ${owner};`;
      return `${made}\n${grant(`SCHEMA ${name}`, owner, acl)}`;
    })
    .join("\n");
}

/**
 * By `postgres` while it is a superuser, so that it owns what is in them too. The rights on that are more
 * than the extension's own script gives, which a dump therefore writes.
 */
function extensionsSql(shape: Shape): string {
  const made = shape.extensions.filter(({ owner }) => owner === "postgres");
  return [
    "SET ROLE postgres;",
    ...made.map(({ name, schema }) => `CREATE EXTENSION "${name}" SCHEMA ${schema};`),
    "GRANT ALL ON ALL FUNCTIONS IN SCHEMA extensions TO postgres WITH GRANT OPTION;",
    "GRANT ALL ON ALL FUNCTIONS IN SCHEMA extensions TO dashboard_user;",
    "RESET ROLE;",
  ].join("\n");
}

/** The services' notes of how far their set-up is; numbers and names are made up. */
function stepsSql(platform: Platform): string {
  const { auth, storage } = STEPS[platform];
  return `
    INSERT INTO auth.schema_migrations (version)
      SELECT to_char(timestamp '2021-03-01 09:10:11' + n * interval '26 days 5:00:07', 'YYYYMMDDHH24MISS')
      FROM generate_series(1, ${auth}) n;
    INSERT INTO storage.migrations (id, name, hash, executed_at)
      SELECT n, 'step-' || n, left(encode(sha256(('step ' || n)::bytea), 'hex'), 40),
        timestamp '2022-01-01 00:00' + n * interval '27 days'
      FROM generate_series(0, ${storage}) n;
  `;
}
