import type { Migration } from "../folder/migration.ts";
import { compareKeys, isVersion, versionKey } from "../../nouns/migration-files/version.ts";
import type { Books } from "./tool.ts";

/** A version as it is compared: `202611270900` and `20261127090000` are one. */
export const keyText = (version: string): string => versionKey(version).join(".");

/** Of these, all that have a version. */
export const keysOf = (entries: readonly { readonly version: string }[]): ReadonlySet<string> =>
  new Set(entries.filter(({ version }) => isVersion(version)).map(({ version }) => keyText(version)));

/** Of these migrations: what another tool has applied. */
export function appliedOf(books: Books, migrations: readonly Migration[]): readonly Migration[] {
  const applied = keysOf(books.applied);
  const { through } = books;
  return migrations.filter(
    ({ version, key }) =>
      applied.has(keyText(version)) || (through !== undefined && compareKeys(key, through.key) <= 0),
  );
}

/**
 * Of the tables found: those that may be this folder's. Where one of a tool's names versions of ours, others
 * of that tool's which name none are another application's, in a schema of its own. What is unclear stays.
 *
 * @param ours keys of the folder's versions and of the history's
 */
export function maybeOurs(found: readonly Books[], ours: ReadonlySet<string>): readonly Books[] {
  const isOurs = ({ applied, through }: Books): boolean =>
    [...applied, ...(through === undefined ? [] : [through])].some(
      ({ version }) => isVersion(version) && ours.has(keyText(version)),
    );
  return found.filter(
    (books) =>
      isOurs(books) ||
      books.unclear !== undefined ||
      !found.some((other) => other.tool === books.tool && isOurs(other)),
  );
}
