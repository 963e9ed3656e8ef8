import { OBJECT_CLASSES } from "../content/read/objects/all.ts";
import { always } from "../content/read/objects/object-class.ts";
import { objectQuery, type ObjectRow } from "../content/read/objects/object-query.ts";
import { serverFacts } from "../content/read/objects/server-facts.ts";
import { decodeText } from "../content/read/objects/server-text.ts";
import type { ContentScope, ObjectKind } from "../content/record.ts";
import { scopeValues } from "../content/scope.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { leadingNames } from "./identity.ts";
import type { PlatformProfile } from "./profile.ts";
import type { PlatformRecord } from "./record.ts";

/** Kinds of what a platform puts outside of its schemas. */
const KINDS: ReadonlySet<ObjectKind> = new Set([
  "event-trigger",
  "publication",
  "default-privilege",
  "foreign-server",
  "language",
]);

/** Where the function of an event trigger stands. */
const FUNCTION_SCHEMA = always(
  "sign",
  `
    (SELECT fn.nspname::text
       FROM pg_proc p JOIN pg_namespace fn ON fn.oid = p.pronamespace
      WHERE p.oid = e.evtfoid)
  `,
  "",
);

/**
 * What the platform has put outside of its schemas, in scope: event triggers and publications that its
 * profile names, and what roles own that nobody but the platform can be, known or not: event triggers whose
 * function stands in its schemas, publications, foreign servers and languages, and rights that such roles'
 * future objects get. The owner alone would not do: who owns an event trigger had to be a superuser at that
 * time, and on some projects that was the role that people work as.
 *
 * @param schemas the platform's that are there
 */
export async function readOwn(
  session: DatabaseSession,
  scope: ContentScope,
  profile: PlatformProfile,
  schemas: readonly string[],
): Promise<PlatformRecord["own"]> {
  const server = await serverFacts(session);
  const own: PlatformRecord["own"] = [];
  const isPlatformRole = (role: string | null): boolean =>
    role !== null && profile.onlyPlatform.includes(role);
  const isOwn = (kind: ObjectKind, name: string, owner: string | null, sign: string): boolean => {
    if (kind === "event-trigger" && profile.eventTriggers.includes(name)) return true;
    if (kind === "publication" && profile.publications.includes(name)) return true;
    if (kind === "event-trigger" && !schemas.includes(sign)) return false;
    return isPlatformRole(kind === "default-privilege" ? name : owner);
  };
  for (const each of OBJECT_CLASSES.filter(({ kind }) => KINDS.has(kind))) {
    const rows = await session.query<ObjectRow>(
      objectQuery(server, { ...each, fields: each.kind === "event-trigger" ? [FUNCTION_SCHEMA] : [] }),
      scopeValues(scope),
    );
    for (const row of rows) {
      const identity = decodeText(server, row.identity);
      const [name = ""] = leadingNames(identity);
      const sign = row["f0"] ?? "";
      if (isOwn(each.kind, name, row.owner, sign === "" ? "" : decodeText(server, sign))) {
        own.push([each.kind, identity]);
      }
    }
  }
  return own;
}
