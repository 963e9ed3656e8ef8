import type { LeftOut } from "../content/left-out.ts";
import { namesKey } from "./identity.ts";
import type { PlatformProfile, RowsKind } from "./profile.ts";

/** Rows that are somebody's: without them there is no backup of the project. */
const SOMEBODYS: ReadonlySet<RowsKind> = new Set(["user", "job"]);

/**
 * Whether a backup may go without a table or sequence that its role may not read: those that are the
 * platform's own, in one of its schemas and owned by one of its roles. A table whose rows are people's must
 * be read, wherever it stands, and so must what the working role owns.
 */
export function mayLeaveOut(profile: PlatformProfile): (relation: LeftOut) => boolean {
  const schemas = new Set(profile.schemas.map(({ name }) => name));
  const kept = new Set(
    profile.schemas.flatMap(({ name, rows }) =>
      rows.filter(({ kind }) => SOMEBODYS.has(kind)).map(({ table }) => namesKey([name, table])),
    ),
  );
  return ({ schema, name, owner }) =>
    schemas.has(schema) &&
    owner !== profile.workingRole &&
    profile.roles.includes(owner) &&
    !kept.has(namesKey([schema, name]));
}

/** Tables of rows that are encrypted with a key that no dump holds. */
export function secretTables(profile: PlatformProfile): { readonly schema: string; readonly name: string }[] {
  return profile.schemas.flatMap(({ name: schema, rows }) =>
    rows.filter(({ kind }) => kind === "secret").map(({ table: name }) => ({ schema, name })),
  );
}
