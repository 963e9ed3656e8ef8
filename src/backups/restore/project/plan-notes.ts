import { quantity } from "../../../kernel/quantity.ts";
import type { BothEnds } from "./ends/choose-into.ts";
import type { WhoseRows } from "./archive/whose-rows.ts";

/** Versions of the platform that differ. */
export function versionNotes({ source, target }: BothEnds): string[] {
  return source.schemas.flatMap((schema) => {
    const [before, now] = [source.migrations[schema], target.migrations[schema]];
    if (before === now || before === undefined || now === undefined) return [];
    return [
      `${schema} is at ${now ?? "a version that could not be read"} at the target and was ` +
        `at ${before ?? "one that could not be read"} in the backup`,
    ];
  });
}

/** Rows that stay behind, said where somebody may look for them. */
export function behindNotes(rows: WhoseRows): string[] {
  const told = rows.behind.filter(
    ({ kind, rows: count }) => count > 0 && kind !== "secret" && kind !== "bookkeeping",
  );
  return told.map(({ title, kind, rows: count }) => {
    const why =
      kind === "session"
        ? "who is signed in signs in again, or use --with-sessions"
        : kind === "log"
          ? "what has happened"
          : "rows of a table that this version does not know";
    return `${quantity(count, "row")} of ${title} stay behind: ${why}`;
  });
}

/** What a role that may not switch triggers off has to know. */
export function quietNotes(quiet: boolean, role: string): string[] {
  return quiet
    ? []
    : [
        `role ${role} may not set session_replication_role: the platform's own triggers act on the rows ` +
          "that come back, and rows that they change are refused",
      ];
}
