import type { Finding } from "../../catalog/manifest.ts";
import { quoteIdentifier } from "../../kernel/sql.ts";
import { refusal } from "../../content/refusal.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { BothEnds } from "./choose-into.ts";

/**
 * Makes the schema `public` where somebody has dropped it, as every new database has it; the archive gives the rights that it had besides. Where it
 * stands it is never touched: the platform's default privileges hang on it.
 *
 * https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
 */
export async function makePublic(session: DatabaseSession): Promise<void> {
  const [there] = await session.query("SELECT FROM pg_namespace WHERE nspname = 'public'");
  if (there !== undefined) return;
  const [owner] = await session.query("SELECT FROM pg_roles WHERE rolname = 'pg_database_owner'");
  await session.query("CREATE SCHEMA public; COMMENT ON SCHEMA public IS 'standard public schema'");
  await session.query(owner === undefined ? "GRANT ALL ON SCHEMA public TO PUBLIC" : "GRANT USAGE ON SCHEMA public TO PUBLIC; ALTER SCHEMA public OWNER TO pg_database_owner");
}

/**
 * Gives `public` the owner that it had: whoever has made it anew at the source owns it there, and its rights are that owner's to give. Where this role
 * may not, the comparison says so.
 *
 * @param owner undefined where the archive does not say
 */
export async function givePublicItsOwner(session: DatabaseSession, owner: string | undefined): Promise<void> {
  if (owner === undefined) return;
  const [other] = await session.query("SELECT FROM pg_namespace WHERE nspname = 'public' AND pg_get_userbyid(nspowner) <> $1", [owner]);
  if (other !== undefined) await refusal(session, () => session.query(`ALTER SCHEMA public OWNER TO ${quoteIdentifier(owner)}`), "database.permission", "database.query");
}

/** Default privileges of the platform's roles in a schema of the user's that the target has lost: nobody but the platform can give them again. */
export function lostDefaults({ source, target }: BothEnds): readonly Finding[] {
  const kept = new Set(target.own.map((own) => own.join(" ")));
  return source.own
    .filter(([kind, name]) => kind === "default-privilege" && / in /.test(name) && !source.schemas.some((schema) => name.includes(` in ${schema} for `)) && !kept.has(`${kind} ${name}`))
    .map(([, name]): Finding => ({
      severity: "gap", about: "default-privilege", name,
      message: "are not at the target, and only the platform's role itself may give them: what it makes there later has to be granted by hand",
    }));
}
