import { listed } from "../../kernel/listed.ts";
import type { ScriptFile } from "../folder/migration.ts";
import type { HistoryEntry, ScriptName } from "./entry.ts";

/** A script as it is on record, to be carried out once more; undefined where the record is without it. */
export function scriptOf(entry: HistoryEntry, name: ScriptName): ScriptFile | undefined {
  const text = entry[name];
  return text === null
    ? undefined
    : {
        file: name === "forward" ? entry.file : `the rollback of ${entry.file} on record`,
        text,
        firstLine: 1,
        transaction: !entry.withoutTransaction.includes(name),
      };
}

/** What is told of entries that cannot be carried out anew, each by its file. */
export function withoutScript(entries: readonly { readonly file: string }[]): string {
  const was =
    entries.length === 1 ? "was recorded without its script" : "were recorded without their scripts";
  return `${listed(entries.map(({ file }) => file))} ${was}`;
}
