import type { Json, ReportTable } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { entryTitle } from "../../copy/artifacts/toc-names.ts";
import type { PlatformRowsForeseen } from "./rows/foresee.ts";
import type { ProjectPlan } from "./project-plan.ts";

/** Names shown in one row of a plan. */
const NAMES_MAX = 8;

/** Heads the rows of a plan that name what has to come from elsewhere. */
export const NOT_IN_ANY_BACKUP = "not in any backup";

/** What a plan says of a project, for people. */
export function projectRows(plan: ProjectPlan): string[][] {
  const { entries, foreseen, removed, roles, gaps, notes, kit, rows } = plan;
  const definitions = entries.before.length + entries.after.length;
  return [
    [
      "replaces",
      `what is the user's: ${quantity(definitions, "definition")}, ${quantity(rows.own.length, "table")} ` +
        `with their rows; ${quantity(entries.onPlatform.length, "definition")} of them ` +
        "on the platform's ground",
    ],
    ...(removed.length > 0
      ? [
          [
            "removes",
            `${quantity(removed.length, "object")} of the user's at the target that the backup has ` +
              `not: ${shortened(removed)}`,
          ],
        ]
      : []),
    ...foreseen.tables
      .filter((table) => table.backup > 0 || table.target > 0)
      .map((table) => ["rows", rowsSentence(table)]),
    ...(roles.length > 0
      ? [["roles", `made without login: ${roles.map(({ name }) => name).join(", ")}`]]
      : []),
    ...gaps.map(({ about, name, message }) => ["gap", `${about} ${name} ${message}`]),
    ...notes.map((note) => ["note", note]),
    ...kit.map(({ what, how }) => [NOT_IN_ANY_BACKUP, `${what}: ${how}`]),
  ];
}

function rowsSentence({
  table,
  kind,
  backup,
  target,
  new: added,
  changed,
  further,
}: PlatformRowsForeseen): string {
  if (kind === "job") {
    return `${table}: ${backup} in the backup, which come back paused; ${target} at the target`;
  }
  return (
    `${table}: ${backup} in the backup, ${target} at the target; ${added} new, ${changed} changed ` +
    `to the backup's, ${further} further stay`
  );
}

function shortened(names: readonly string[]): string {
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : "";
  return names.slice(0, NAMES_MAX).join(", ") + more;
}

/** All that goes, for the summary: the plan's rows show the first ones. */
export function removedTable({ removed }: ProjectPlan): ReportTable[] {
  return removed.length === 0
    ? []
    : [
        {
          title: "removed: the user's at the target that the backup has not",
          columns: ["object"],
          rows: removed.map((name) => [name]),
        },
      ];
}

/** The same for machines. */
export function projectJson(plan: ProjectPlan): Json {
  const { profile, source, target, fresh, entries, foreseen, removed, roles, gaps, notes, kit, refusals } =
    plan;
  return {
    platform: profile.name,
    fresh,
    migrations: { backup: { ...source.migrations }, target: { ...target.migrations } },
    definitions: entries.before.length + entries.after.length,
    onPlatform: entries.onPlatform.map(entryTitle),
    removed: [...removed],
    rows: foreseen.tables.map((table) => ({ ...table })),
    roles: roles.map(({ name }) => name),
    gaps: gaps.map((gap) => ({ ...gap })),
    notes: [...notes],
    kit: kit.map((item) => ({ ...item })),
    refusals: [...refusals],
  };
}
