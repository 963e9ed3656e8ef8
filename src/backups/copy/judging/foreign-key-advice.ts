import type { ListedProblem } from "../loading/listed-problem.ts";
import { mayBe } from "../artifacts/toc-names.ts";

/** pg_restore names a foreign key's entry so. */
const ENTRY = /^FK CONSTRAINT /;

/** How such a key is named among what a backup lacks. */
const OF_KEY = "constraint ";

/** The server's words for a row without its counterpart. */
const VIOLATED = /violates foreign key constraint "([^"]+)"/;

/**
 * What to do about a foreign key that the restored rows break. The server never checks rows that were written
 * with its triggers off (session_replication_role = replica, DISABLE TRIGGER ALL), so a valid key may stand
 * over rows that break it, and nobody hears of it before a restore.
 *
 * @param incomplete what the backup of a part was known to need beside itself, see `IncompleteObjects`
 * @returns undefined where the error is another
 */
export function foreignKeyAdvice(
  { entry, message, listed }: ListedProblem,
  incomplete: ReadonlyMap<string, string>,
): string | undefined {
  const name = VIOLATED.exec(message)?.[1];
  if (name === undefined || !ENTRY.test(entry)) return undefined;
  if (
    listed !== undefined &&
    [...incomplete.keys()].some((key) => key.startsWith(OF_KEY) && mayBe(listed, key.slice(OF_KEY.length)))
  ) {
    return (
      "what it refers to is not in this backup, and rows of that are not there: " +
      "bring them first, and restore again, or restore a backup of everything"
    );
  }
  return (
    `where no difference in rows is told, the source itself holds rows that break ${name} ` +
    "(written while triggers were off, say): no restore can make the key over them; " +
    "at the source, find and mend them, or make the key NOT VALID, and back up again"
  );
}
