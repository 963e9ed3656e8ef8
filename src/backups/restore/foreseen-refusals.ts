import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { findClient } from "../copy/client-programs.ts";
import { requireReadable } from "../../nouns/content/read/readable.ts";
import { detectPlatform } from "../../nouns/platform/detect.ts";
import { mayLeaveOut } from "../../nouns/platform/may-leave-out.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { requireClearable } from "./clear.ts";
import type { RestorePlan } from "./restore-plan.ts";

type Planned = Pick<RestorePlan, "request" | "backup" | "target" | "mode" | "safetyBackup"> & Partial<Pick<RestorePlan, "project">>;

/**
 * What would end a restore after its plan, as far as it can be asked without writing: roles that this one may not make, a safety backup that it may not
 * take, and what emptying some schemas would take along. A dry run names all of it; a restore ends at the first, before anything is touched.
 */
export async function foreseenRefusals(plan: Planned, ports: Ports): Promise<readonly HoldfastError[]> {
  const { request, backup, mode, safetyBackup, target } = plan;
  await using session = await request.target.connect({ purpose: "restore plan" });
  const asked = [
    () => requireRoles(session, plan),
    ...(safetyBackup ? [() => requireSafety(session, plan, ports)] : []),
    ...(mode === "in-place" && !target.empty && request.part !== "data" && request.tables.length === 0
      ? [() => requireClearable(session, backup.manifest.scope, backup.manifest.content.extensions.map(({ name }) => name))] : []),
  ];
  const found: HoldfastError[] = [];
  for (const ask of asked) {
    try {
      await ask();
    } catch (error) {
      if (!isHoldfastError(error) || session.lost.aborted) throw error;
      found.push(error);
    }
  }
  return found;
}

/** @throws database.permission where roles are to be made and this one may not make any */
async function requireRoles(session: DatabaseSession, { request, target, project }: Planned): Promise<void> {
  const roles = project === undefined ? (request.createRoles ? target.missingRoles : []) : project.roles;
  if (roles.length === 0) return;
  const [row] = await session.query<{ may: boolean }>("SELECT rolsuper OR rolcreaterole AS may FROM pg_catalog.pg_roles WHERE rolname = current_user");
  if (row!.may) return;
  throw new HoldfastError("database.permission", `role ${target.facts.role} may not create the roles that the target lacks: ${roles.map(({ name }) => name).join(", ")}`, {
    hint: `Give it CREATEROLE, or have them made before by a role that has it.${project === undefined ? " Or leave --create-roles out, with --no-owner and --no-privileges." : ""} Nothing was touched.`,
  });
}

/** @throws what a safety backup would end with: it is of the whole target, by the role that restores */
async function requireSafety(session: DatabaseSession, { target }: Planned, ports: Ports): Promise<void> {
  const way = "refuse the safety backup with --no-safety-backup. Nothing was touched.";
  if ((await findClient(target.facts.major, false, ports)) === undefined) {
    throw new HoldfastError("tool.missing", `no safety backup of the target can be made: no pg_dump here is of PostgreSQL ${target.facts.major} or newer`, {
      hint: `Install PostgreSQL ${target.facts.major} client programs, or name their folder in HOLDFAST_PG_BIN; or ${way}`,
    });
  }
  try {
    const profile = await detectPlatform(session);
    await requireReadable(session, { includeSchemas: [], excludeSchemas: [] }, profile && mayLeaveOut(profile));
  } catch (error) {
    if (!isHoldfastError(error, "database.permission", "database.row-security")) throw error;
    throw new HoldfastError(error.code, `no safety backup of the target can be made: ${error.message}`, { hint: `${error.hint ?? ""} Or ${way}`.trim(), cause: error });
  }
}
