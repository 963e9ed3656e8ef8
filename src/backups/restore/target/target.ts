import { WITHOUT_LIMIT } from "../../copy/loading/loading-settings.ts";
import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { supabaseProject } from "../../../postgres/database-url.ts";
import { unavailableExtensions, type UnavailableExtension } from "../../copy/loading/extensions.ts";
import { rehearseExtensions } from "../../copy/loading/rehearse-extensions.ts";
import { ownSearchPath } from "../../copy/loading/refresh.ts";
import { missingRoles } from "../../copy/databases/roles.ts";
import type { Manifest } from "../../../nouns/catalog/manifest.ts";
import { emptiness } from "../../../nouns/server/emptiness.ts";
import { databaseFacts, type DatabaseFacts } from "../../../nouns/server/database-facts.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import { readLockNeeds, type LockNeeds } from "./lock-needs.ts";

/** What was found at the target before anything is touched. */
export interface TargetState {
  readonly facts: DatabaseFacts;
  readonly empty: boolean;
  /** A few of the objects it holds, for the message. */
  readonly holds: readonly string[];
  readonly missingRoles: readonly RoleRecord[];
  readonly unavailableExtensions: readonly UnavailableExtension[];
  /** The search path that its applications have: of the database, or of the role that restores. */
  readonly searchPath: string;
  /** What emptying it in place would take. */
  readonly lockNeeds: LockNeeds;
  /** Whether a new database can be made beside it and take its name. */
  readonly canSwap: { readonly yes: boolean; readonly reason: string };
}

/**
 * Asks the target everything a restore depends on.
 *
 * @param makesObjects whether the restore makes extensions: then they are tried; rows alone need only
 *   what is there
 */
export async function lookAtTarget(
  target: Database,
  manifest: Manifest,
  makesObjects = true,
): Promise<TargetState> {
  await using bare = await target.connect({ purpose: "restore plan", bare: true });
  await bare.query(WITHOUT_LIMIT);
  await using session = await target.connect({ purpose: "restore plan" });
  const facts = await databaseFacts(session);
  if (facts.inRecovery) {
    throw new HoldfastError(
      "database.unsupported",
      `${target.address.host} is a standby and cannot be written`,
      { hint: "Give the primary server as target." },
    );
  }
  const { empty, examples } = await emptiness(session);
  return {
    facts,
    empty,
    holds: examples,
    missingRoles: (await missingRoles(session, manifest.content.roles)).filter(
      (role) => role.needed !== false,
    ),
    unavailableExtensions: makesObjects
      ? await rehearseExtensions(target, manifest.content.extensions, empty)
      : await unavailableExtensions(session, manifest.content.extensions),
    searchPath: await ownSearchPath(bare),
    lockNeeds: await readLockNeeds(session),
    canSwap: await canSwap(session, target, facts),
  };
}

/**
 * Waits for the first word from the target: that it does not exist yet is the one thing a restore can
 * say more about.
 */
export async function sayingHowToCreate<T>(target: Database, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isHoldfastError(error, "database.missing")) throw error;
    throw new HoldfastError("database.missing", error.message, {
      hint:
        `Create it first, for example: createdb --host ${target.address.host} --port ` +
        `${target.address.port} --template template0 ${target.address.database}`,
      cause: error,
    });
  }
}

async function canSwap(
  session: DatabaseSession,
  target: Database,
  facts: DatabaseFacts,
): Promise<TargetState["canSwap"]> {
  if (supabaseProject(target.address)) {
    return { yes: false, reason: "Supabase's services depend on the database itself" };
  }
  const [row] = await session.query<{ owns: boolean }>(`
    SELECT pg_catalog.pg_has_role(datdba, 'USAGE') AS owns
      FROM pg_catalog.pg_database
     WHERE datname = current_database()
  `);
  if (facts.superuser) return { yes: true, reason: "" };
  if (!facts.createDb) return { yes: false, reason: `role ${facts.role} may not create databases` };
  if (!row?.owns) return { yes: false, reason: `role ${facts.role} does not own the database` };
  const setting = await settingOutOfReach(session);
  return setting === undefined
    ? { yes: true, reason: "" }
    : { yes: false, reason: `role ${facts.role} may not give a new database its setting ${setting}` };
}

/**
 * A setting of the database that only somebody with more rights can give to the one that takes its place: one
 * of another role, or of a parameter that ordinary roles may not set. Looked for before anything is loaded,
 * because it would be missed only at the very end.
 */
async function settingOutOfReach(session: DatabaseSession): Promise<string | undefined> {
  const [row] = await session.query<{ setting: string }>(`
    SELECT split_part(entry, '=', 1) || coalesce(' for role ' || owning.rolname, '') AS setting
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
      JOIN pg_catalog.pg_roles me ON me.rolname = current_user
      LEFT JOIN pg_catalog.pg_roles owning ON owning.oid = s.setrole, unnest(s.setconfig) AS entry
      LEFT JOIN pg_catalog.pg_settings p ON p.name = split_part(entry, '=', 1)
     WHERE (s.setrole <> 0 AND s.setrole <> me.oid AND NOT me.rolcreaterole)
        OR p.context IN ('superuser', 'superuser-backend')
     ORDER BY 1
     LIMIT 1
  `);
  return row?.setting;
}
