import { fits } from "../../../kernel/path-pattern.ts";
import { isBot, isRevert } from "../pull-request.ts";
import type { Rule } from "./rule.ts";
import { said } from "./sections.ts";

export const documentation: Rule = {
  name: "documentation",
  severity: "error",
  problem: "What is changed and not written down is found out by everybody anew.",
  solution: "Change the documents too, or say under a heading `Documentation` why nothing has to be said.",
  find(scene) {
    const { pull, policy } = scene;
    if (isBot(scene) || isRevert(pull)) return [];
    const { documents, headings, paths } = policy.documentation;
    const isDocument = (path: string): boolean => documents.some((each) => fits(each, path));
    const changed = pull.changes.map(({ path }) => path);
    const concerned = changed.filter((path) => !isDocument(path) && paths.some((each) => fits(each, path)));
    if (concerned.length === 0 || changed.some(isDocument) || said(scene, headings)) return [];
    return [{ message: "no document is changed, and the description does not say why" }];
  },
};
