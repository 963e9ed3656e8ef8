import { isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { compareKeys, isVersion, versionKey } from "../../nouns/migration-files/version.ts";
import { keyText } from "./applied-of.ts";
import { findBooks } from "./find-books.ts";
import type { Books } from "./tool.ts";

/** What other tools' tables said at one time: by table, the versions, and up to which all are applied. */
export type Words = Readonly<
  Record<string, { readonly versions: readonly string[]; readonly through: string | null }>
>;

/**
 * What other tools' tables say now, to be written down with a rollback; null where the role may not read one
 * of them.
 */
export async function wordsNow(session: DatabaseSession): Promise<Words | null> {
  try {
    return Object.fromEntries((await findBooks(session)).map((books) => [books.table, wordOf(books)]));
  } catch (error) {
    if (!isHoldfastError(error, "database.permission")) throw error;
    return null;
  }
}

/** Whether a tool's table says that a version is applied. */
export function saysApplied(books: Books, version: string): boolean {
  return said(wordOf(books), version);
}

/** Whether that table said so then. */
export function saidApplied(words: Words, table: string, version: string): boolean {
  const word = words[table];
  return word !== undefined && said(word, version);
}

function wordOf({ applied, through }: Books): Words[string] {
  return { versions: applied.map(({ version }) => version), through: through?.version ?? null };
}

function said({ versions, through }: Words[string], version: string): boolean {
  if (!isVersion(version)) return versions.includes(version);
  return (
    versions.some((each) => isVersion(each) && keyText(each) === keyText(version)) ||
    (through !== null && compareKeys(versionKey(version), versionKey(through)) <= 0)
  );
}
