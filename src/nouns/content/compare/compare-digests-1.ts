import { tableOf } from "./missing-extensions.ts";
import { displayName, unquoted } from "../../../postgres/display-name.ts";
import type { ContentRecord, ObjectKind } from "../record.ts";

/** Definitions that are the same text whatever major version prints them. */
const NEVER_REPRINTED: ReadonlySet<ObjectKind> = new Set([
  "owner",
  "comment",
  "schema",
  "sequence",
  "row-security",
  "default-privilege",
  "event-trigger",
  "cast",
]);

/** Hexadecimal digits of a digest; a second one is of what every major version prints alike. */
const DIGEST = 16;

/** Whether two of digests 1 are of the same definition, as far as they tell. */
export function compareDigests1(kind: ObjectKind, before: string, now: string, whole: boolean): boolean {
  if (whole || NEVER_REPRINTED.has(kind)) return before.slice(0, DIGEST) === now.slice(0, DIGEST);
  // Without a second digest on both sides there is only the name to go by.
  return before.length <= DIGEST || now.length <= DIGEST || before.slice(DIGEST) === now.slice(DIGEST);
}

/**
 * Digests 1 took a column's options whole, and a server may keep marks of its own there: Debian's PostgreSQL
 * 15.20 has a number in those of every column of a user's table. Such a source shows in that not one column's
 * digest is that of the copy; a changed column alone does not do that.
 */
export function definitionsMarked(expected: ContentRecord, actual: ContentRecord): boolean {
  if (expected.serverMajor !== actual.serverMajor) return false;
  const tables = new Set(
    expected.tables
      .filter(({ kind }) => kind === "table" || kind === "partitioned")
      .map((table) => unquoted(displayName(table))),
  );
  const now = actual.objects.column ?? {};
  const both = Object.entries(expected.objects.column ?? {}).filter(
    ([name]) => Object.hasOwn(now, name) && tables.has(unquoted(tableOf(name))),
  );
  return (
    both.length > 0 && both.every(([name, digest]) => !compareDigests1("column", digest, now[name]!, true))
  );
}
