import type { Finding, NotCompared } from "../../../nouns/catalog/manifest.ts";
import { fieldDigest, readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import { OBJECT_KINDS, type ContentRecord } from "../../../nouns/content/record.ts";
import { UNDECIDED } from "../../../nouns/content/compare/compare-extensions.ts";
import type { ListedProblem } from "../loading/listed-problem.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import { likelyNamesOf } from "../artifacts/toc-names.ts";
import { leadingNames } from "../../../nouns/platform/identity.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import { whoseIs, type OwnedKind } from "../../../nouns/platform/whose.ts";
import { before } from "../../../kernel/cut.ts";

/**
 * What of a copy's differences is the platform's own. A platform brings its objects itself, and a server that
 * is not the platform's cannot have all of them as they are at home (an event trigger's owner has to be a
 * superuser). Such a difference says nothing of a backup; it is named and counts for no verdict.
 */

const KINDS: ReadonlySet<string> = new Set(OBJECT_KINDS);

/** What users say in a publication of the platform's. */
const MEMBERSHIP = /\bin (?:.*, )?(?:tables|columns|filters|has filters|schemas)\b/;

/** Whether a difference is in an object of the platform's. Rows and values never are. */
export function isPlatformsDifference(
  record: PlatformRecord,
  { about, name, message }: Finding,
  { objects }: Pick<ContentRecord, "objects">,
): boolean {
  if (!KINDS.has(about)) return false;
  if (about === "owner" && name.startsWith("event-trigger ")) {
    return isOfPlatformRole(record, objects.owner?.[name] ?? "");
  }
  // Where one of its roles owns `public` nobody else can give it away, and where it is another's nobody can
  // give it to that role.
  if (about === "owner" && name === "schema public") {
    return publicsOwner(record, objects.owner?.[name] ?? "") !== undefined;
  }
  const isMissing = message.startsWith("is missing");
  // With a sequence its value is gone, and with a publication which tables of the user's it holds.
  if (isMissing && (about === "sequence" || about === "publication")) return false;
  if (about === "publication" && MEMBERSHIP.test(message)) return false;
  return whoseIs(record, about as OwnedKind, name) === "platform";
}

/**
 * Whether a difference in what an extension holds is the platform's: it alters some extensions when they are
 * enabled, and its own keep values of its services. Rows of such tables count, but for what the profile calls
 * logs and the like.
 */
export function isPlatformsContent(
  { name: platform, schemas }: PlatformRecord,
  extension: string,
  { about, name }: Finding,
): boolean {
  const profile = profileOf(platform);
  const [schema = "", table = ""] = leadingNames(name);
  const kind = profile.schemas
    .find((one) => one.name === schema)
    ?.rows.find((one) => one.table === table)?.kind;
  const isOfRows = about === "table" || about === UNDECIDED;
  if (isOfRows && schemas.includes(schema)) {
    return kind === "log" || kind === "bookkeeping" || kind === "session";
  }
  // A table that somebody has added to an extension, somewhere else.
  if (isOfRows) return false;
  return profile.extensions.includes(extension) || profile.alteredExtensions.includes(extension);
}

/**
 * Whether one of its roles owns an event trigger is up to the platform, which lets roles have some that are
 * no superusers.
 */
function isOfPlatformRole({ name }: PlatformRecord, digests: string): boolean {
  const owner = readDigests(digests).get("owner");
  const { onlyPlatform, workingRole } = profileOf(name);
  return [...onlyPlatform, ...(workingRole === undefined ? [] : [workingRole])].some(
    (role) => fieldDigest(role, false) === owner,
  );
}

/** The role of the platform's that owned `public` at the source; undefined where it was nobody's of these. */
export function publicsOwner({ name }: PlatformRecord, digests: string): string | undefined {
  const owner = readDigests(digests).get("owner");
  return profileOf(name).roles.find((role) => fieldDigest(role, false) === owner);
}

/** Entries of rows and values: whosever table they are for, they are missed. */
const OF_ROWS = /^(?:TABLE DATA|SEQUENCE SET|MATERIALIZED VIEW DATA|BLOBS?|BLOB METADATA|LARGE OBJECT)$/;

/**
 * Whether pg_restore went past an entry of the platform's own. What it is part of may stand without quotes in
 * an entry; whatever could be the user's is taken for that, and then it counts.
 */
export function isPlatformsProblem(record: PlatformRecord, { listed, message }: ListedProblem): boolean {
  if (listed === undefined || OF_ROWS.test(listed.type)) return false;
  const { schema, tag, owner } = likelyNamesOf(listed);
  if (listed.type === "DEFAULT ACL") {
    return whoseIs(record, "default-privilege", defaultPrivilege(schema, tag, owner)) === "platform";
  }
  // Comments and rights say of what they are: `EVENT TRIGGER name`, `SCHEMA name`.
  const isBeside = listed.type === "COMMENT" || listed.type === "ACL" || listed.type === "SECURITY LABEL";
  // Rights on the server's own functions; no role of a user's may give them again.
  if (listed.type === "ACL" && schema === "pg_catalog") {
    return whoseIs(record, "grant", "catalog") === "platform";
  }
  // What could not be done to such a `public` shows in its rights, where it matters.
  if (
    schema === undefined &&
    (listed.type === "SCHEMA" ? tag === "public" : listed.type === "ACL" && tag === "SCHEMA public") &&
    profileOf(record.name).roles.includes(owner)
  ) {
    return true;
  }
  if (schema !== undefined) return record.schemas.includes(schema) && !couldBeUsers(record, plain(tag));
  const of = plain(`${isBeside ? "" : `${listed.type} `}${tag}`);
  if (of.startsWith("SCHEMA ")) {
    return record.schemas.some((name) => of === `SCHEMA ${plain(name)}`) && !couldBeUsers(record, of);
  }
  if (of.startsWith("EVENT TRIGGER ") && /change owner of event trigger/.test(message)) {
    return profileOf(record.name).roles.includes(owner);
  }
  return record.own.some(([kind, name]) => kind === "event-trigger" && of === `EVENT TRIGGER ${plain(name)}`);
}

/**
 * `DEFAULT PRIVILEGES FOR TABLES` of a role, in a schema, as a record names it as far as the role and
 * the schema go.
 */
function defaultPrivilege(schema: string | undefined, tag: string, role: string): string {
  const where = schema === undefined ? "" : ` in ${displayPart(schema)}`;
  return `${displayPart(role)}${where} for ${tag.replace(/^DEFAULT PRIVILEGES FOR /, "")}`;
}

/**
 * Whether what the record names as the user's could be what the words of an entry are about: each of its
 * names stands among them.
 */
function couldBeUsers({ users }: PlatformRecord, words: string): boolean {
  const text = ` ${words} `;
  return users.some(([, identity]) => {
    const [, ...names] = before(plain(identity), "(").split(/[. ]/);
    return (
      names.length > 0 && names.every((name) => text.includes(` ${name} `) || text.includes(` ${name}(`))
    );
  });
}

function plain(identity: string): string {
  return identity.replaceAll('"', "");
}

/** Findings and problems parted: what counts, and what is named only. */
export function notCompared(findings: readonly Finding[], problems: readonly ListedProblem[]): NotCompared[] {
  return [
    ...findings.map(({ about, name, message }) => ({ about, name, message })),
    ...problems.map(({ entry, message }) => ({
      about: "pg_restore",
      name: entry,
      message: `reported: ${message}`,
    })),
  ];
}

/** Names told in a report; the receipt has all. */
const TOLD_MAX = 30;

/** For the notes of an outcome: every object by its name. */
export function notComparedNote(title: string, own: readonly NotCompared[]): string[] {
  if (own.length === 0) return [];
  const names = [...new Set(own.map(({ about, name }) => `${about} ${name}`))];
  const more = names.length > TOLD_MAX ? ` and ${names.length - TOLD_MAX} more, named in the receipt` : "";
  const told = names.slice(0, TOLD_MAX).join(", ");
  return [
    `${title}'s own, not compared (the platform brings it, and here it ` +
      `is not as at the source): ${told}${more}`,
  ];
}
