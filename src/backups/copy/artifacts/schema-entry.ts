import type { ContentRecord } from "../../../nouns/content/record.ts";
import { fieldDigest, readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * The owner in the entry that makes a schema (`- schema owner`); undefined for any other entry. Where the
 * archive's version is not known its listing is read: names may hold blanks, and one schema's name may begin
 * with another's and a blank, so what follows has to be a role.
 */
export function ownerInEntry(
  { type, rest, names }: TocEntry,
  schema: string,
  { roles }: Pick<ContentRecord, "roles">,
): string | undefined {
  if (names !== undefined) return type === "SCHEMA" && names.tag === schema ? names.owner : undefined;
  const start = `- ${schema} `;
  if (type !== "SCHEMA" || !rest.startsWith(start)) return undefined;
  const owner = rest.slice(start.length);
  // The server's own roles are in no record.
  return owner.startsWith("pg_") || roles.some(({ name }) => name === owner) ? owner : undefined;
}

/** Who owns `public` in a new database since PostgreSQL 15: members are whoever owns the database. */
const DATABASE_OWNER = "pg_database_owner";

/**
 * The owner of `public` at the source. pg_dump writes no entry for it where it belongs to whom it belongs in
 * a new database, which the record tells.
 *
 * @returns undefined where neither says so
 */
export function ownerOfPublic(entries: readonly TocEntry[], content: ContentRecord): string | undefined {
  const owner = entries
    .map((entry) => ownerInEntry(entry, "public", content))
    .find((one) => one !== undefined && one !== "");
  if (owner !== undefined || content.digests !== 2) return owner;
  const recorded = readDigests(content.objects.owner?.["schema public"] ?? "").get("owner");
  return recorded === fieldDigest(DATABASE_OWNER, false) ? DATABASE_OWNER : undefined;
}
