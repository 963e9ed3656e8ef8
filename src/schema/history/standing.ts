import { sha256 } from "../../kernel/streams.ts";
import type { Migration } from "../folder/migration.ts";
import { compareKeys, versionKey } from "../../nouns/migration-files/version.ts";
import type { HistoryEntry, ScriptName } from "./entry.ts";

/** How a folder and a database's history stand to each other. */
export interface Standing {
  /** In both. */
  readonly applied: readonly { readonly migration: Migration; readonly entry: HistoryEntry }[];
  /** Of {@link applied}: those whose forward script is not what was carried out. */
  readonly changed: readonly { readonly migration: Migration; readonly entry: HistoryEntry }[];
  /** In the folder alone, in the order in which they are applied. */
  readonly pending: readonly Migration[];
  /** Of {@link pending}: those that come before one that is applied. */
  readonly late: readonly Migration[];
  /** Applied, and in the history alone: an older checkout, or a deleted file. */
  readonly missing: readonly HistoryEntry[];
  /**
   * Begun and not ended: a run was killed, or failed in the middle of a script that is no single transaction.
   */
  readonly begun: readonly HistoryEntry[];
  /** The last one that is applied, in the history's own order. */
  readonly last: HistoryEntry | undefined;
}

/** SHA-256 of a script with its line endings made `\n`: what git does to them is no change. */
export function scriptSha256(text: string): string {
  return sha256(text.replaceAll("\r\n", "\n"));
}

/**
 * Both scripts of a migration as they are written down:
 * `sha256, forward, rollback, rollback_sha256, without_transaction`.
 */
export function scriptsOf(migration: Migration): (string | null | readonly ScriptName[])[] {
  const { forward, rollback } = migration;
  const back = rollback === undefined ? null : scriptSha256(rollback.text);
  return [scriptSha256(forward.text), forward.text, rollback?.text ?? null, back, markedOf(migration)];
}

/** Scripts whose tool's own mark says that no transaction may be put around them. */
export function markedOf({ forward, rollback }: Migration): readonly ScriptName[] {
  return [
    ...(forward.transaction ? [] : (["forward"] as const)),
    ...(rollback === undefined || rollback.transaction ? [] : (["rollback"] as const)),
  ];
}

/**
 * Holds the two against each other by version, filled up to seconds as {@link versionKey} does.
 *
 * @param history in its own order
 */
export function standingOf(migrations: readonly Migration[], history: readonly HistoryEntry[]): Standing {
  const keyOf = ({ version }: { readonly version: string }): string => versionKey(version).join(".");
  const entries = new Map(history.map((entry) => [keyOf(entry), entry]));
  const files = new Set(migrations.map(keyOf));
  const applied = migrations.flatMap((migration) => {
    const entry = entries.get(keyOf(migration));
    return entry?.state === "applied" ? [{ migration, entry }] : [];
  });
  const newest = history
    .filter(({ state }) => state === "applied")
    .map(({ version }) => versionKey(version))
    .sort(compareKeys)
    .at(-1);
  const pending = migrations.filter((migration) => entries.get(keyOf(migration))?.state !== "applied");
  return {
    applied,
    changed: applied.filter(
      ({ migration, entry }) =>
        entry.sha256 !== null && entry.sha256 !== scriptSha256(migration.forward.text),
    ),
    pending,
    late:
      newest === undefined
        ? []
        : pending.filter(
            (migration) => compareKeys(migration.key, newest) < 0 && !entries.has(keyOf(migration)),
          ),
    missing: history.filter((entry) => entry.state === "applied" && !files.has(keyOf(entry))),
    begun: history.filter(({ state }) => state !== "applied"),
    last: history.findLast(({ state }) => state === "applied"),
  };
}
