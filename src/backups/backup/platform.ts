import type { Finding } from "../../nouns/catalog/manifest.ts";
import { displayName } from "../../postgres/display-name.ts";
import type { Unread } from "../../nouns/content/read/readable.ts";
import type { LeftOut } from "../../nouns/content/left-out.ts";
import type { ContentRecord, ContentScope } from "../../nouns/content/record.ts";
import { quantity } from "../../kernel/quantity.ts";
import { qualifiedName } from "../../postgres/quoting.ts";
import { UNDECIDED } from "../../nouns/content/compare/compare-extensions.ts";
import { leadingNames } from "../../nouns/platform/identity.ts";
import { secretTables } from "../../nouns/platform/may-leave-out.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import { usersOutside } from "../../nouns/platform/read-record.ts";
import type { PlatformRecord } from "../../nouns/platform/record.ts";
import { isPlatformsTable } from "../../nouns/platform/whose.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/** Names told of what is in no backup. */
const TOLD_MAX = 20;

/** What of the platform's is not in this backup, or is of no use from it. */
export async function platformGaps(
  session: DatabaseSession,
  platform: PlatformRecord,
  { leftOut, withoutValue }: Unread,
  { tables }: ContentRecord,
): Promise<Finding[]> {
  const profile = profileOf(platform.name);
  const gapOf = (relation: LeftOut, lost: string): Finding => ({
    severity: "gap",
    about: relation.kind,
    name: displayName(relation),
    message: `is ${profile.title}'s own and the role that made this backup may not read it, so ${lost}`,
  });
  const gaps = [
    ...leftOut.map((relation) => gapOf(relation, "neither it nor what stands on it is in this backup")),
    ...withoutValue.map((sequence) =>
      gapOf(sequence, "its value is not in this backup: only its definition"),
    ),
  ];
  const present = new Set(tables.filter((table) => isPlatformsTable(platform, table)).map(displayName));
  for (const table of secretTables(profile).filter((one) => present.has(displayName(one)))) {
    const relation = qualifiedName(table.schema, table.name);
    const [row] = await session.query<{ count: string }>(
      `SELECT count(*)::text AS count FROM ONLY ${relation}`,
    );
    const count = Number(row?.count ?? 0);
    if (count === 0) continue;
    gaps.push({
      severity: "gap",
      about: "table",
      name: displayName(table),
      message:
        `holds ${quantity(count, "row")} encrypted with a key that stays with this project ` +
        "and is in no database backup: another project cannot decrypt them, so keep the secrets themselves " +
        "in a second place",
    });
  }
  return gaps;
}

/**
 * Whether what a dump leaves out are rows of one of the platform's logs or queues: answers to webhooks, say.
 * They come and go by themselves, and no restore brings them.
 */
export function isPlatformsLog(platform: PlatformRecord, { about, name }: Finding): boolean {
  if (about !== UNDECIDED) return false;
  const [schema, table] = leadingNames(name);
  const rows = profileOf(platform.name).schemas.find((one) => one.name === schema)?.rows;
  return rows?.some((one) => one.table === table && one.kind === "log") === true;
}

/** Said when named schemas are backed up: what people put on the platform's tables stands in neither. */
export async function outsideWarnings(
  session: DatabaseSession,
  scope: ContentScope,
  platform: PlatformRecord,
): Promise<string[]> {
  const outside = await usersOutside(session, scope, platform);
  // Parts of one table are many; the table says it.
  const whole = outside.filter(([kind]) => kind !== "column" && kind !== "comment");
  const told = whole.map(([kind, identity]) => `${kind} ${identity}`);
  if (told.length === 0) return [];
  const more = told.length > TOLD_MAX ? ` and ${told.length - TOLD_MAX} more` : "";
  return [
    `not in this backup, though not ${profileOf(platform.name).title}'s own: ` +
      `${told.slice(0, TOLD_MAX).join(", ")}${more}; they stand in schemas that were left out, ` +
      "and a backup of everything (without --schemas and --exclude-schemas) holds them",
  ];
}
