import type { DatabaseSession } from "../../ports/database.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { Statement } from "../script/script.ts";
import { fieldsOf, textOf } from "../script/tree.ts";
import type { RunOptions } from "./run-script.ts";

/**
 * Roles belong to the whole server, and on a given one those that a script makes outlive a run that is
 * killed: the next run's `CREATE ROLE` would be refused. So each gets a mark as soon as it is made, in the
 * same transaction where there is one, by which the next run knows that it is nobody's: a setting of the
 * role, for it goes with the role and hinders nobody who drops it. Which setting hardly matters, as nobody
 * logs in as one of these; it may be set by whoever makes roles, and no script of ours or others has a reason
 * to. A run that is killed between a role and its mark, outside of a transaction, leaves it without one.
 */

/** How the mark begins, as the server keeps it; a shadow database's name comes next. */
export const MADE_FOR = "application_name=";
/** How the mark of a role ends that could log in from its beginning: it is no sign that somebody uses it. */
export const COULD_LOG_IN = "_login";

/**
 * Marks roles as soon as a statement has made them.
 *
 * @param database the shadow database for which they are made
 * @param isOurs whether a role may have been made by what is run; asked where a statement does not say which
 *   ones it makes
 */
export async function markingRoles(
  session: DatabaseSession,
  { script }: PreparedScript,
  database: string,
  isOurs: (name: string) => boolean,
): Promise<Pick<RunOptions, "after">> {
  const { statements } = script;
  if (!statements.some(mayMakeRoles)) return {};
  const isSilent = statements.some((each) => mayMakeRoles(each) && madeBy(each) === undefined);
  const before = isSilent ? new Set(await roleNames(session)) : new Set<string>();
  return {
    after: async (statement) => {
      if (!mayMakeRoles(statement) || session.transaction === "failed") return;
      const named = madeBy(statement);
      const made =
        named === undefined
          ? (await roleNames(session)).filter((name) => !before.has(name) && isOurs(name))
          : [named];
      for (const name of made) {
        before.add(name);
        await mark(session, name, database);
      }
    },
  };
}

function mayMakeRoles({ type }: Statement): boolean {
  return type === "CreateRoleStmt" || type === "DoStmt" || type === "CallStmt";
}

/** The role that a statement makes; undefined where it may be any. */
function madeBy({ type, tree }: Statement): string | undefined {
  return type === "CreateRoleStmt" ? textOf(fieldsOf(tree)["role"]) : undefined;
}

async function roleNames(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>("SELECT rolname::text AS name FROM pg_catalog.pg_roles");
  return rows.map(({ name }) => name);
}

/** Where a script goes on as somebody who may not mark a role, it goes on without the mark. */
async function mark(session: DatabaseSession, name: string, database: string): Promise<void> {
  const within = session.transaction === "open";
  if (within) await session.query("SAVEPOINT holdfast_mark");
  const rows = await session.query<{ login: boolean }>(
    "SELECT rolcanlogin AS login FROM pg_catalog.pg_roles WHERE rolname = $1",
    [name],
  );
  const value = `${database}${rows[0]?.login === true ? COULD_LOG_IN : ""}`;
  const refusal = await session.execute(
    `ALTER ROLE ${quoteIdentifier(name)} SET application_name = '${value}'`,
  );
  if (!within) return;
  await session.query(
    `${refusal === undefined ? "" : "ROLLBACK TO SAVEPOINT holdfast_mark; "}RELEASE SAVEPOINT holdfast_mark`,
  );
}
