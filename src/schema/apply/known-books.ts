import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { appliedOf, keysOf, keyText } from "../books/applied-of.ts";
import { findBooks } from "../books/find-books.ts";
import { isVersion } from "../folder/version.ts";
import type { Standing } from "../history/standing.ts";
import { takenBackVersions } from "../history/taken-back.ts";
import type { MigrateRequest } from "./request.ts";

/**
 * What another tool has applied is not applied again: without this a first run on such a database would
 * carry out its whole history once more. What we have taken back ourselves its table may still name. On a
 * database without a history of ours every row of another tool's counts, whether the folder has that
 * version or not: files may have been given other numbers.
 *
 * @throws refused.unsafe
 */
export async function refuseAppliedElsewhere(
  session: DatabaseSession,
  { pending, applied, missing, begun }: Standing,
  { adopt }: MigrateRequest,
): Promise<void> {
  if (adopt === "none" || pending.length === 0) return;
  const history = [...applied.map(({ entry }) => entry), ...missing, ...begun];
  const takenBack = await takenBackVersions(session);
  const known = new Set([...keysOf(history), ...keysOf(takenBack)]);
  for (const books of await findBooks(session)) {
    const news = books.applied.filter(({ version }) =>
      isVersion(version) ? !known.has(keyText(version)) : history.length === 0,
    );
    const again =
      history.length === 0
        ? appliedOf(books, pending).filter(({ version }) => !known.has(keyText(version)))
        : [];
    const names = [
      ...new Set([
        ...again.map(({ forward }) => forward.file),
        ...news
          .filter(({ version }) => !again.some((each) => keyTextOf(each.version) === keyTextOf(version)))
          .map(({ version, name }) => (name === "" ? version : name)),
      ]),
    ];
    if (names.length === 0) continue;
    throw new HoldfastError(
      "refused.unsafe",
      `${books.tool} has applied ${quantity(names.length, "migration")} that the history does not ` +
        `know (${books.table}): ${listed(names, 5)}`,
      {
        hint:
          `Take its history over with --adopt ${books.tool}; where that table is another application's, or ` +
          "these are to be applied again, say --adopt none.",
      },
    );
  }
}

/** Also of what is no version. */
function keyTextOf(version: string): string {
  return isVersion(version) ? keyText(version) : version;
}
