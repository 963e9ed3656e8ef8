import { displayName } from "../../content/display-name.ts";
import type { MeasuredContent, ObjectKind } from "../../content/record.ts";
import type { PlatformRecord } from "../../platform/record.ts";
import { whoseIs } from "../../platform/whose.ts";

/**
 * What of a content record is the user's: what a restore into a project brings, and what is compared afterwards. The platform's own comes from the
 * target's platform and need not be of the same version. Rights on the platform's objects are given again one by one and belong to its lists.
 *
 * @param like large objects are not brought: the record to take their number from
 */
export function usersPart<Content extends MeasuredContent>(content: Content, record: PlatformRecord, like: Pick<MeasuredContent, "largeObjects">): Content {
  const users = (kind: Parameters<typeof whoseIs>[1], identity: string): boolean => whoseIs(record, kind, identity) === "user";
  const isRightOfPlatform = (kind: string, identity: string): boolean =>
    kind === "grant" && record.schemas.some((schema) => new RegExp(`^(?:table|sequence|column|function|type|schema) ${schema}(?:\\.|$)`).test(identity));
  const objects = Object.fromEntries(Object.entries(content.objects).map(([kind, map]) => [kind, Object.fromEntries(Object.entries(map)
    .filter(([identity]) => users(kind as ObjectKind, identity) && !isRightOfPlatform(kind, identity)))]));
  const extensions = content.extensions.filter(({ name }) => users("extension", name));
  return {
    ...content,
    tables: content.tables.filter((table) => users(table.kind === "matview" ? "materialized-view" : "table", displayName(table))),
    sequences: content.sequences.filter((sequence) => users("sequence", displayName(sequence))),
    objects,
    roles: content.roles.filter(({ name }) => users("role", name)),
    extensions,
    ...(content.extensionContents === undefined ? {} : {
      extensionContents: content.extensionContents.filter(({ name }) => extensions.some((extension) => extension.name === name)),
    }),
    largeObjects: like.largeObjects,
  };
}
