import { HoldfastError } from "../../kernel/errors.ts";
import { compareKeys, versionKey } from "../../nouns/migration-files/version.ts";
import type { HistoryEntry } from "./entry.ts";
import type { Standing } from "./standing.ts";

/** The entry of a version that is begun and not ended, however long either spells it. */
export function begunOf(begun: Standing["begun"], version: string): HistoryEntry | undefined {
  const key = versionKey(version);
  return begun.find((entry) => compareKeys(versionKey(entry.version), key) === 0);
}

/**
 * What is half applied goes on under the version under which it began.
 *
 * @throws refused.unsafe where its file has another spelling of the version by now
 */
export function requireSameVersion(begun: HistoryEntry, version: string, file: string): void {
  if (begun.version === version) return;
  throw new HoldfastError("refused.unsafe", `${file} is half applied, as ${begun.file}`, {
    hint: `Give the file its name back until it is applied: version ${begun.version}.`,
  });
}
