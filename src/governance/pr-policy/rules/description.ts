import { isBot } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

export const description: Rule = {
  name: "description",
  severity: "error",
  problem:
    "Markdown can be made so that reading it takes minutes; what nobody reads nobody can judge, and boxes " +
    "in it would count as ticked.",
  solution: "Write it plainer: without thousands of brackets, marks or levels.",
  find: (scene) =>
    scene.pull.isReadable || isBot(scene)
      ? []
      : [{ message: "the description takes longer than five seconds to read" }],
};
