import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { fieldDigest, readDigests } from "../../../../nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { namesOf } from "../../../copy/artifacts/toc-names.ts";
import { filledByUsers } from "./members.ts";

/** How a publication of the platform's that users fill has to publish, where that is otherwise than here. */
export interface OptionsToSet {
  /** As SQL has it. */
  readonly publication: string;
  /** What stands between the parentheses of `SET (…)`. */
  readonly options: string;
}

/** What of such publications is not as at the source, beside what they hold. */
export interface PublicationsToDo {
  readonly set: readonly OptionsToSet[];
  /** Publications that hold all tables here, so that none can be put in. */
  readonly full: readonly string[];
  readonly gaps: readonly Finding[];
  readonly notes: readonly string[];
}

const OPERATIONS = ["insert", "update", "delete", "truncate"] as const;

/**
 * Holds the source's publications against the target's by the digests of their fields. Which operations one
 * publishes is one of sixteen choices, so that the digest tells which.
 *
 * @param session asked whether this role may change them
 */
export async function publicationsToDo(
  session: DatabaseSession,
  target: PlatformRecord,
  source: ContentRecord,
  here: Pick<ContentRecord, "objects">,
): Promise<PublicationsToDo> {
  const todo = {
    set: [] as OptionsToSet[],
    full: [] as string[],
    gaps: [] as Finding[],
    notes: [] as string[],
  };
  for (const publication of filledByUsers(target)) {
    const [before, now] = [
      source.objects.publication?.[publication],
      here.objects.publication?.[publication],
    ];
    if (now === undefined || source.digests !== 2) continue;
    const [was, is] = [readDigests(before ?? ""), readDigests(now)];
    const gap = (message: string): void =>
      void todo.gaps.push({ severity: "gap", about: "publication", name: publication, message });
    if (was.has("all-tables") !== is.has("all-tables")) {
      if (is.has("all-tables")) todo.full.push(publication);
      gap(
        (was.has("all-tables")
          ? "holds all tables at the source, and here those that are put in"
          : before === undefined
            ? "holds all tables here, and at the source there is none of that name"
            : "holds all tables here, and at the source some") +
          ": no ALTER PUBLICATION changes that; where it is yours to drop, drop it and make it anew as it " +
          "was, and restore again",
      );
    }
    const options = before === undefined ? undefined : optionsOf(was, is);
    if (options === undefined) continue;
    const [row] = await session.query<{ may: boolean }>(
      "SELECT pg_has_role(pubowner, 'USAGE') AS may FROM pg_publication WHERE quote_ident(pubname) = $1",
      [publication],
    );
    if (row?.may !== true) {
      gap(
        "publishes otherwise than at the source, and only its owner may change that: " +
          `ALTER PUBLICATION ${publication} SET (${options})`,
      );
      continue;
    }
    todo.set.push({ publication, options });
    todo.notes.push(
      `publication ${publication} publishes otherwise than at the source and is set to ${options}`,
    );
  }
  return todo;
}

/** Undefined where nothing differs, or where a digest says nothing to this version. */
function optionsOf(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): string | undefined {
  const differs = (field: string): boolean => was.get(field) !== is.get(field);
  const published = differs("operations") ? operationsOf(was.get("operations")) : undefined;
  const options = [
    ...(published === undefined ? [] : [`publish = '${published}'`]),
    ...(differs("via-root")
      ? [`publish_via_partition_root = ${was.has("via-root") ? "true" : "false"}`]
      : []),
    // A server without that option never has the field.
    ...(differs("generated-columns") && is.has("generated-columns")
      ? ["publish_generated_columns = none"]
      : []),
    ...(differs("generated-columns") && was.get("generated-columns") === fieldDigest("s", false)
      ? ["publish_generated_columns = stored"]
      : []),
  ];
  return options.length === 0 ? undefined : options.join(", ");
}

function operationsOf(digest: string | undefined): string | undefined {
  for (let choice = 0; choice < 2 ** OPERATIONS.length; choice += 1) {
    const chosen = OPERATIONS.map((_, at) => (choice & (1 << at)) !== 0);
    if (fieldDigest(chosen.map((one) => (one ? "t" : "f")).join(","), false) === digest) {
      return OPERATIONS.filter((_, at) => chosen[at]).join(", ");
    }
  }
  return undefined;
}

/** Without what would be put into a publication that holds every table. */
export function withoutFull(entries: readonly TocEntry[], { full }: PublicationsToDo): readonly TocEntry[] {
  return entries.filter(
    (entry) =>
      !entry.type.startsWith("PUBLICATION TABLE") ||
      !full.some((name) => namesOf(entry).tag.startsWith(`${name.replaceAll('"', "")} `)),
  );
}

/**
 * Sets them, inside the restore's transaction.
 *
 * @returns what the server refused
 */
export async function setOptions(
  session: DatabaseSession,
  todo: readonly OptionsToSet[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { publication, options } of todo) {
    const refused = await refusal(session, () =>
      session.query(`ALTER PUBLICATION ${publication} SET (${options})`),
    );
    if (refused === undefined) continue;
    findings.push({
      severity: "gap",
      about: "publication",
      name: publication,
      message: `could not be set to ${options}: ${serverWords(refused)}`,
    });
  }
  return findings;
}
