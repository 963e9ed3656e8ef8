import { OBJECT_CLASSES } from "../content/objects/all.ts";
import { objectQuery, type ObjectRow } from "../content/objects/object-query.ts";
import { serverFacts } from "../content/objects/server-facts.ts";
import { decodeText } from "../content/objects/server-text.ts";
import type { ContentScope, ObjectKind } from "../content/record.ts";
import { scopeValues } from "../content/scope.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { leadingNames } from "./identity.ts";
import type { PlatformProfile } from "./profile.ts";
import type { PlatformRecord } from "./record.ts";

/** Kinds of what a platform puts outside of its schemas. */
const KINDS: ReadonlySet<ObjectKind> = new Set([
  "event-trigger", "publication", "default-privilege", "foreign-server", "language",
]);

/**
 * What the platform has put outside of its schemas, in scope: event triggers and publications that its profile
 * names, rights that its roles' future objects get, and foreign servers and languages that its roles own. Event
 * triggers are told by name and not by owner: who owns one had to be a superuser at that time, and on some projects
 * that was the role that people work as.
 */
export async function readOwn(
  session: DatabaseSession, scope: ContentScope, profile: PlatformProfile,
): Promise<PlatformRecord["own"]> {
  const server = await serverFacts(session);
  const own: PlatformRecord["own"] = [];
  const isPlatformRole = (role: string | null): boolean =>
    role !== null && role !== profile.workingRole && profile.roles.includes(role);
  const isOwn = (kind: ObjectKind, name: string, owner: string | null): boolean => {
    if (kind === "event-trigger") return profile.eventTriggers.includes(name);
    if (kind === "publication") return profile.publications.includes(name);
    return isPlatformRole(kind === "default-privilege" ? name : owner);
  };
  for (const each of OBJECT_CLASSES.filter(({ kind }) => KINDS.has(kind))) {
    const rows = await session.query<ObjectRow>(objectQuery(server, { ...each, fields: [] }), scopeValues(scope));
    for (const row of rows) {
      const identity = decodeText(server, row.identity);
      const [name = ""] = leadingNames(identity);
      if (isOwn(each.kind, name, row.owner)) own.push([each.kind, identity]);
    }
  }
  return own;
}
