import { cheapPassword } from "../cheap-password.ts";
import type { Shape } from "./shape.ts";

/** Roles that the platform took from `postgres` in 2025, leaving it rights on the tables of its services. */
const SERVICES = ["supabase_auth_admin", "supabase_storage_admin"];

/** Whether `postgres` is a member of the services' roles; on a strict platform it is not. */
export function membershipsOf(shape: Shape, strict: boolean): Shape["memberships"] {
  if (!strict) return shape.memberships;
  return shape.memberships.filter(({ role, member }) => member !== "postgres" || !SERVICES.includes(role));
}

/** Makes the roles, which all databases of the server share. Whoever may log in has the password. */
export function rolesSql(shape: Shape, password: string): string {
  const roles = shape.roles.filter(({ name }) => name !== "supabase_admin");
  // The first comes first where the catalog sorts rights by their roles' age.
  const byAge = roles.toSorted((a, b) => Number(b.name === "postgres") - Number(a.name === "postgres"));
  const made = byAge.map(({ name, attributes }) => {
    const secret = attributes.includes("LOGIN") ? ` PASSWORD '${cheapPassword(password)}'` : "";
    return `CREATE ROLE ${name} ${attributes.join(" ")}${secret};`;
  });
  const settings = shape.roles.flatMap(({ name, settings }) => {
    return settings.map((setting) => `ALTER ROLE ${name} SET ${assignment(setting)};`);
  });
  const memberships = shape.memberships.map(({ role, member }) => `GRANT ${role} TO ${member};`);
  return [
    ...made,
    ...memberships,
    ...settings,
    // On the platform an extension of the server lets postgres set this; PostgreSQL 15 can grant it.
    "GRANT SET ON PARAMETER session_replication_role TO postgres;",
  ].join("\n");
}

/** `search_path` is a list whose names are written as in SQL; every other value is one literal. */
function assignment(setting: string): string {
  const [name = "", value = ""] = setting.split(/=(.*)/s);
  return name === "search_path" ? `${name} TO ${value}` : `${name} TO '${value}'`;
}
