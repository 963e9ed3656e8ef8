import type { Migration } from "../folder/migration.ts";
import { compareKeys, isVersion, versionKey } from "../folder/version.ts";
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
