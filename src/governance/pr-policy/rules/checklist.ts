import { LEAD_DEPTH, type Description } from "../../description/description.ts";
import { isBot } from "../pull-request.ts";
import type { Rule } from "./rule.ts";
import { isHeaded } from "./sections.ts";

export const checklist: Rule = {
  name: "checklist",
  severity: "error",
  problem: "A box that nobody ticked is a question that nobody answered.",
  solution: "Do it and tick it, or take it out and say why.",
  find(scene) {
    if (isBot(scene)) return [];
    const { description } = scene.pull;
    const { choices } = scene.policy.description;
    const under = new Set(description.tasks.map((task) => task.under));
    const choiceBy = new Map([...under].map((line) => [line, choiceOf(line, description, choices)]));
    const groups = Map.groupBy(description.tasks, (task) => choiceBy.get(task.under));
    groups.delete(undefined);
    const chosen = new Set([...groups.values()].filter((group) => group.some(({ done }) => done)).flat());
    return description.tasks
      .filter((task) => !task.done && !chosen.has(task))
      .map(({ text, line }) => ({
        message: `line ${line} of the description is not ticked: ${JSON.stringify(text.slice(0, 120))}`,
      }));
  },
};

/**
 * The line of the heading under which one box of several is to be ticked: the one at the line, or one that it
 * is below. Undefined where there is none.
 */
function choiceOf(
  under: number,
  { sections, tasks }: Description,
  choices: readonly string[],
): number | undefined {
  const at = sections.findLastIndex(({ line }) => line === under);
  const own = sections[at];
  if (own === undefined || choices.length === 0) return undefined;
  let depth = own.depth;
  if (isHeaded(own, choices)) return own.line;
  for (const each of sections.slice(0, at).reverse()) {
    if (each.depth >= depth) continue;
    // `Pick one:` before all boxes leads to them; `Checklist:` behind some begins others.
    const isAfterBoxes = tasks.some(({ line }) => each.line <= line && line < own.line);
    if (own.depth >= LEAD_DEPTH && isAfterBoxes) return undefined;
    if (isHeaded(each, choices)) return each.line;
    depth = each.depth;
  }
  return undefined;
}
