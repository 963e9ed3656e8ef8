import { HoldfastError } from "../../kernel/errors.ts";
import { emptiness } from "../../nouns/server/emptiness.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { heldAgainst } from "../../nouns/platform/doubtful.ts";
import { readPlatform } from "../../nouns/platform/read-record.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { usersIn } from "./project/ground/users-in.ts";

/**
 * A target that was empty when the restore was planned is neither confirmed, nor backed up, nor emptied;
 * so it must be empty still when it is this restore's alone. Another one, or a migration, may have
 * filled it meanwhile.
 *
 * @param guard holds the target's lock
 * @throws database.not-empty
 */
export async function requireStillEmpty(plan: RestorePlan, guard: DatabaseSession): Promise<void> {
  const { target, request, backup } = plan;
  if (!target.empty) return;
  const examples = await found(plan, guard);
  if (examples.length === 0) return;
  const { database } = request.target.address;
  throw new HoldfastError(
    "database.not-empty",
    `database ${database} was empty when this restore was planned, and is not any more: ` +
      `it holds ${examples.join(", ")}`,
    {
      hint:
        "Somebody else has filled it meanwhile, and nothing was touched. " +
        `To replace what is there by backup ${backup.key.id}, run again with --confirm ${database}.`,
    },
  );
}

/** Examples given in the message. */
const EXAMPLES_MAX = 5;

/** A project is never empty: it is new while nothing in it is its user's. */
async function found({ project, backup }: RestorePlan, session: DatabaseSession): Promise<readonly string[]> {
  if (project === undefined) {
    const { empty, examples } = await emptiness(session);
    return empty ? [] : examples;
  }
  const { scope } = backup.manifest;
  const { rows, objects } = await usersIn(
    session,
    project.profile,
    heldAgainst((await readPlatform(session, scope)) ?? project.target, project.source),
    scope,
  );
  return [...rows, ...objects].slice(0, EXAMPLES_MAX);
}
