import type { DatabaseSession } from "../../ports/database.ts";

/**
 * A fingerprint is of everything up to its version. One that was written down after newer ones leads to the
 * newest version's schema, and nobody has seen those between. Changes nothing where none is newer.
 *
 * @param version the late one, written down as applied
 * @param live the live schema's fingerprint, with it
 */
export async function cameBeforeOthers(
  session: DatabaseSession,
  version: string,
  live: string,
): Promise<void> {
  await session.query(
    `
      UPDATE holdfast.migrations m
        SET fingerprint_before = NULL,
            fingerprint_after = CASE WHEN m.position = newest.position THEN $2 END
        FROM holdfast.migrations late,
             (SELECT max(position) AS position FROM holdfast.migrations WHERE state = 'applied') AS newest
      WHERE late.version = $1 AND late.position < newest.position AND m.position >= late.position
    `,
    [version, live],
  );
}
