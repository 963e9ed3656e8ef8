import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import { isPlatformsTable } from "../../../nouns/platform/whose.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";

/** Something that a project needs and no backup of its database holds. */
export interface KitItem {
  readonly what: string;
  /** Where it comes from. */
  readonly how: string;
}

/** Said of each: commands come one by one, and none is named that does not exist. */
const NO_COMMAND = "no Holdfast command yet";

/** What has to come from elsewhere before a restored project is whole. */
export function rebuildKit(record: PlatformRecord, content: ContentRecord): readonly KitItem[] {
  if (record.name !== "supabase") return [];
  const rowsOf = (schema: string, name: string): number =>
    content.tables.find(
      (table) => table.schema === schema && table.name === name && isPlatformsTable(record, table),
    )?.rows ?? 0;
  const files = rowsOf("storage", "objects");
  const secrets = rowsOf("vault", "secrets");
  return [
    {
      what: files === 0 ? "files in storage buckets" : `the files of ${files} storage objects`,
      how: `copy the buckets, with the storage service's S3 interface for example; ${NO_COMMAND}`,
    },
    {
      what: "edge functions and their secrets",
      how:
        "deploy them with functions deploy, or take a kept set back with functions rollback; then supabase " +
        "secrets set",
    },
    {
      what: secrets === 0 ? "secrets of the vault" : `${secrets} secrets of the vault`,
      how: `put them in anew: they are encrypted with a key that stays with the project; ${NO_COMMAND}`,
    },
    {
      what: "settings of sign-in (providers, e-mail templates, JWT secret and API keys)",
      how: `set them in the project's dashboard; ${NO_COMMAND}`,
    },
    {
      what: "passwords of the database's roles",
      how: `ALTER ROLE … LOGIN PASSWORD for each that logs in; ${NO_COMMAND}`,
    },
  ];
}
