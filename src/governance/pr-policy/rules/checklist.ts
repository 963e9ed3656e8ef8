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
    const { tasks } = scene.pull.description;
    const { choices } = scene.policy.description;
    const groups = Map.groupBy(
      tasks.filter(({ heading }) => isHeaded({ heading }, choices)),
      ({ under }) => under,
    );
    const chosen = [...groups.values()].filter((group) => group.some(({ done }) => done)).flat();
    return tasks
      .filter((task) => !task.done && !chosen.includes(task))
      .map(({ text, line }) => ({
        message: `line ${line} of the description is not ticked: ${JSON.stringify(text.slice(0, 120))}`,
      }));
  },
};
