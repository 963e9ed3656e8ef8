import { HoldfastError } from "../kernel/errors.ts";
import { emptiness } from "../content/emptiness.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { RestorePlan } from "./plan.ts";

/**
 * A target that was empty when the restore was planned is neither confirmed, nor backed up, nor emptied; so it must be empty still when it is
 * this restore's alone. Another one, or a migration, may have filled it meanwhile.
 *
 * @param guard holds the target's lock
 * @throws database.not-empty
 */
export async function requireStillEmpty({ target, request, backup }: RestorePlan, guard: DatabaseSession): Promise<void> {
  if (!target.empty) return;
  const { empty, examples } = await emptiness(guard);
  if (empty) return;
  const { database } = request.target.address;
  throw new HoldfastError("database.not-empty", `database ${database} was empty when this restore was planned, and is not any more: it holds ${examples.join(", ")}`, {
    hint: `Somebody else has filled it meanwhile, and nothing was touched. To replace what is there by backup ${backup.key.id}, run again with --confirm ${database}.`,
  });
}
