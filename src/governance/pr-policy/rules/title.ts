import { lintMessage } from "../../commits/lint.ts";
import { isBot, isRevert } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

export const title: Rule = {
  name: "title",
  severity: "error",
  problem:
    "A squash writes the title into the history: what no tool can read there is in no version and no " +
    "changelog.",
  solution: "Write the title as `type(scope): subject`, such as `fix(cart): keep items after a reload`.",
  async find({ pull, messageRules }) {
    if (isRevert(pull)) return [];
    const problems = await lintMessage(pull.title, messageRules);
    // What programs write has no subject in lower case, and a length of its own.
    const counting = isBot(pull)
      ? problems.filter(({ rule }) => !/^(?:subject-case|header-max-length)$/.test(rule))
      : problems;
    return counting
      .filter(({ level }) => level === "error")
      .map(({ rule, message }) => ({
        message: `the title ${JSON.stringify(pull.title.slice(0, 120))}: ${message} (${rule})`,
      }));
  },
};
