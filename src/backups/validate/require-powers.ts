import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { Difference } from "../../nouns/content/compare/difference.ts";
import { databaseFacts } from "../../nouns/server/database-facts.ts";
import type { LoadedSet } from "../copy/loading/recipe.ts";
import type { ScratchHost } from "./scratch.ts";

const REMEDY =
  "Give --scratch the URL of a superuser of a throw-away server, or leave it out to have a private server " +
  "started. Nothing is said about the backup, and no receipt was written.";

/**
 * Where a copy on somebody's own scratch server differs, and pg_restore could not make something there, the
 * backup may be right all the same: a role that is no superuser may not give objects to other owners, make
 * event triggers, and more. So there is no verdict. Our own private server's role may everything.
 *
 * @throws database.permission
 */
export async function requirePowers(
  findings: readonly Difference[],
  { problems }: Pick<LoadedSet, "problems">,
  host: ScratchHost,
): Promise<void> {
  const [first] = problems;
  if (host.isPrivate || first === undefined || !findings.some(({ severity }) => severity === "difference")) {
    return;
  }
  await using session = await host.connect();
  const { superuser, role } = await databaseFacts(session);
  if (superuser) return;
  throw new HoldfastError(
    "database.permission",
    `role ${role} is no superuser on ${host.described}, and the copy that it made there differs: ` +
      `${first.entry} ${first.message}`,
    {
      hint: REMEDY,
    },
  );
}

/**
 * A copy that this role may not even read (row-level security that is forced) gives no verdict either: the
 * same, as an error of its own.
 */
export function unreadableCopy(error: unknown, host: ScratchHost): unknown {
  if (host.isPrivate || !isHoldfastError(error, "database.row-security", "database.permission")) return error;
  return new HoldfastError(
    error.code,
    `the copy on ${host.described} cannot be read by the role that made it: ${error.message}`,
    { hint: REMEDY, cause: error },
  );
}
