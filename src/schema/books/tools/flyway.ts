import { versionKey } from "../../folder/version.ts";
import type { BookRow, Tool } from "../tool.ts";

/** Undo migrations take the versioned one of the same version back. */
const isUndo = ({ type }: BookRow): boolean => (type ?? "").startsWith("UNDO");
/** What marks the version from which on Flyway was used, and what repairs leave. */
const BASELINES = new Set(["BASELINE", "SQL_BASELINE"]);
const NOTHING_HAPPENED = new Set(["DELETE", "SCHEMA"]);

/**
 * Flyway: a row for each thing that it did, in the order of `installed_rank`; repeatable migrations have no
 * version. https://documentation.red-gate.com/fd/flyway-schema-history-table-273973417.html
 */
export const flyway: Tool = {
  name: "flyway",
  table: "flyway_schema_history",
  columns: ["installed_rank", "version", "script", "success"],
  optional: ["type", "description"],
  read(rows) {
    const ranked = [...rows].sort((a, b) => Number(a["installed_rank"]) - Number(b["installed_rank"]));
    const last = new Map<string, BookRow>();
    for (const row of ranked) {
      const version = row["version"];
      if (typeof version === "string" && !NOTHING_HAPPENED.has(row["type"] ?? "")) last.set(version, row);
    }
    const failed = [...last.values()].find(({ success }) => success !== "true");
    const baseline = [...last.values()].findLast(({ type }) => BASELINES.has(type ?? ""))?.["version"];
    return {
      applied: [...last]
        .filter(([, row]) => !isUndo(row) && !BASELINES.has(row["type"] ?? ""))
        .map(([version, { script, description }]) => ({ version, name: script ?? description ?? "" })),
      ...(typeof baseline === "string" ? { through: { version: baseline, key: versionKey(baseline) } } : {}),
      ...(failed === undefined
        ? {}
        : {
            unclear: {
              message: `version ${failed["version"]} (${failed["script"]}) has failed`,
              hint: "See what of it has happened, undo that by hand, and run 'flyway repair'.",
            },
          }),
    };
  },
};
