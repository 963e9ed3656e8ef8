import { FALLBACK_RULES, RULES } from "../../schema/check/rules/all.ts";
import { LEFT_OUT } from "../../schema/check/rules/left-out.ts";
import { cell } from "./tables.ts";

/** Every unsafe operation that is found, with its safe form, for `docs/migrations.md`. */
export function rulesTable(): string {
  const rows = [...RULES, ...FALLBACK_RULES].map(
    ({ name, level, problem, solution }) =>
      `| \`${name}\` | ${level} | ${cell(problem)} | ${cell(solution)} |`,
  );
  return ["| rule | level | what goes wrong | the safe form |", "|---|---|---|---|", ...rows].join("\n");
}

/** What other tools warn of and this one does not, with the reason. */
export function leftOutTable(): string {
  const rows = LEFT_OUT.map(({ tool, rule, why }) => `| ${tool} | ${cell(rule)} | ${cell(why)} |`);
  return ["| tool | its rule | why it is not one here |", "|---|---|---|", ...rows].join("\n");
}
