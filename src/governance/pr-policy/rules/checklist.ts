import { isBot } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

export const checklist: Rule = {
  name: "checklist",
  severity: "error",
  problem: "A box that nobody ticked is a question that nobody answered.",
  solution: "Do it and tick it, or take it out and say why.",
  find({ pull }) {
    if (isBot(pull)) return [];
    return pull.description.tasks
      .filter(({ done }) => !done)
      .map(({ text, line }) => ({
        message: `line ${line} of the description is not ticked: ${JSON.stringify(text.slice(0, 120))}`,
      }));
  },
};
