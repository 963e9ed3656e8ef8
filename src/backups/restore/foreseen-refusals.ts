import { HoldfastError, isHoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { findClient } from "../copy/artifacts/client-programs.ts";
import { requireReadable } from "../../nouns/content/read/readable.ts";
import { detectPlatform } from "../../nouns/platform/detect.ts";
import { mayLeaveOut } from "../../nouns/platform/may-leave-out.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { RestorePorts } from "./request/ports.ts";
import { requireClearable } from "./clear/clear.ts";
import { requireDroppable } from "./clear/require-droppable.ts";
import type { RestorePlan } from "./restore-plan.ts";
import type { Refusals } from "./care/refusals.ts";
import { requireUnlocked } from "./target/target-lock.ts";

type Planned = Pick<RestorePlan, "request" | "backup" | "target" | "mode" | "safetyBackup"> &
  Partial<Pick<RestorePlan, "project">>;

/**
 * What would end a restore after its plan, as far as it can be asked without writing: another restore that is
 * under way, roles that this one may not make, a safety backup that it may not take, and what emptying some
 * schemas would take along.
 *
 * @throws what kept one of these from being asked: that says nothing about what a restore would do
 */
export async function foreseeRefusals(plan: Planned, refusals: Refusals, ports: RestorePorts): Promise<void> {
  const { request, backup, mode, safetyBackup, target } = plan;
  await using session = await request.target.connect({ purpose: "restore plan" });
  const asked: readonly Asked[] = [
    { ask: () => requireUnlocked(session, request.target), refuses: ["lock.held"] },
    { ask: () => requireRoles(session, plan), refuses: ["database.permission"] },
    ...(safetyBackup ? [{ ask: () => requireSafety(session, plan, ports), refuses: SAFETY_REFUSES }] : []),
    ...(mode === "in-place" && !target.empty && request.part !== "data" && request.tables.length === 0
      ? [
          {
            ask: () => requireDroppable(session, backup.manifest.scope),
            refuses: ["database.permission"],
          } as const,
          {
            ask: () =>
              requireClearable(
                session,
                backup.manifest.scope,
                backup.manifest.content.extensions.map(({ name }) => name),
              ),
            refuses: ["refused.outside-scope"],
          } as const,
        ]
      : []),
  ];
  for (const { ask, refuses } of asked) await refusals.ask(ask, refuses, session.lost);
}

/**
 * One thing that is asked, and the codes by which it says that a restore would be refused; every other one is
 * a failure to ask.
 */
interface Asked {
  readonly ask: () => Promise<void>;
  readonly refuses: readonly ErrorCode[];
}

const SAFETY_REFUSES: readonly ErrorCode[] = ["tool.missing", "database.permission", "database.row-security"];

/** @throws database.permission where roles are to be made and this one may not make any */
async function requireRoles(session: DatabaseSession, { request, target, project }: Planned): Promise<void> {
  const roles = project === undefined ? (request.createRoles ? target.missingRoles : []) : project.roles;
  if (roles.length === 0) return;
  const [row] = await session.query<{ may: boolean }>(
    "SELECT rolsuper OR rolcreaterole AS may FROM pg_catalog.pg_roles WHERE rolname = current_user",
  );
  if (row!.may) return;
  throw new HoldfastError(
    "database.permission",
    `role ${target.facts.role} may not create the roles that the target ` +
      `lacks: ${roles.map(({ name }) => name).join(", ")}`,
    {
      hint:
        "Give it CREATEROLE, or have them made before by a role that has it." +
        (project === undefined ? " Or leave --create-roles out, with --no-owner and --no-privileges." : "") +
        " Nothing was touched.",
    },
  );
}

/**
 * @throws tool.missing, database.permission, database.row-security: what a safety backup would end with, of
 *   the whole target, by the role that restores
 */
async function requireSafety(
  session: DatabaseSession,
  { target }: Planned,
  ports: RestorePorts,
): Promise<void> {
  const way = "refuse the safety backup with --no-safety-backup. Nothing was touched.";
  if ((await findClient(target.facts.major, false, ports)) === undefined) {
    throw new HoldfastError(
      "tool.missing",
      "no safety backup of the target can be made: no pg_dump here is of PostgreSQL " +
        `${target.facts.major} or newer`,
      {
        hint:
          `Install PostgreSQL ${target.facts.major} client programs, or name their folder ` +
          `in HOLDFAST_PG_BIN; or ${way}`,
      },
    );
  }
  try {
    const profile = await detectPlatform(session);
    await requireReadable(
      session,
      { includeSchemas: [], excludeSchemas: [] },
      profile && mayLeaveOut(profile),
    );
  } catch (error) {
    if (!isHoldfastError(error, "database.permission", "database.row-security")) throw error;
    throw new HoldfastError(error.code, `no safety backup of the target can be made: ${error.message}`, {
      hint: `${error.hint ?? ""} Or ${way}`.trim(),
      cause: error,
    });
  }
}
