import type { ContentRecord } from "../../nouns/content/record.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";

/**
 * The owner in the entry that makes a schema (`- schema owner`); undefined for any other entry. Where the archive's version is not
 * known its listing is read: names may hold blanks, and one schema's name may begin with another's and a blank, so what follows has to be a role.
 */
export function ownerInEntry({ type, rest, names }: TocEntry, schema: string, { roles }: Pick<ContentRecord, "roles">): string | undefined {
  if (names !== undefined) return type === "SCHEMA" && names.tag === schema ? names.owner : undefined;
  const start = `- ${schema} `;
  if (type !== "SCHEMA" || !rest.startsWith(start)) return undefined;
  const owner = rest.slice(start.length);
  // The server's own roles are in no record.
  return owner.startsWith("pg_") || roles.some(({ name }) => name === owner) ? owner : undefined;
}
