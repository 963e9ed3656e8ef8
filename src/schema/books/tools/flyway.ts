import { listed } from "../../../kernel/listed.ts";
import { isVersion, versionKey } from "../../../nouns/migration-files/version.ts";
import type { BookRow, Tool } from "../tool.ts";

/** Undo migrations take the versioned one of the same version back. */
const isUndo = ({ type }: BookRow): boolean => (type ?? "").startsWith("UNDO");
/** What marks the version from which on Flyway was used. */
const BASELINES = new Set(["BASELINE", "SQL_BASELINE"]);
const told = ({ version, script }: BookRow): string => `version ${version} (${script})`;
/** `flyway repair` leaves it of a version whose file is gone: that version is not in force any more. */
const isDeleted = ({ type }: BookRow): boolean => type === "DELETE";

/**
 * Flyway: a row for each thing that it did, in the order of `installed_rank`; repeatable migrations have no
 * version. https://documentation.red-gate.com/fd/flyway-schema-history-table-273973417.html
 */
export const flyway: Tool = {
  name: "flyway",
  table: "flyway_schema_history",
  columns: ["installed_rank", "version", "script", "success"],
  types: { installed_rank: "int4", success: "bool" },
  optional: ["type", "description"],
  read(rows) {
    const ranked = [...rows].sort((a, b) => Number(a["installed_rank"]) - Number(b["installed_rank"]));
    const last = new Map<string, BookRow>();
    for (const row of ranked) {
      const version = row["version"];
      if (typeof version === "string" && row["type"] !== "SCHEMA") last.set(version, row);
    }
    const failed = [...last.values()].filter((row) => row["success"] !== "true" && !isDeleted(row));
    const baseline = [...last.values()].findLast(({ type }) => BASELINES.has(type ?? ""))?.["version"];
    return {
      applied: [...last]
        .filter(([, row]) => !isUndo(row) && !isDeleted(row) && !BASELINES.has(row["type"] ?? ""))
        .map(([version, { script, description }]) => ({ version, name: script ?? description ?? "" })),
      ...(typeof baseline === "string" && isVersion(baseline)
        ? { through: { version: baseline, key: versionKey(baseline) } }
        : {}),
      ...(failed.length === 0
        ? {}
        : {
            unclear: {
              message: `${listed(failed.map(told))} ${failed.length === 1 ? "has" : "have"} failed`,
              hint: "See what of each has happened, undo that by hand, and run 'flyway repair'.",
            },
          }),
    };
  },
};
