import { LEAD_DEPTH, saysSomething, type Section } from "../../description/description.ts";
import { isBot, isRevert, type Scene } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

/** Whether a heading has one of the words, as words. */
export function isHeaded({ heading }: Section, words: readonly string[]): boolean {
  const said = ` ${heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()} `;
  return words.some((word) => said.includes(` ${word.toLowerCase()} `));
}

/** Sections under such a heading that say something. */
export function said(scene: Scene, words: readonly string[]): boolean {
  return scene.pull.description.sections.some(
    (each) => isHeaded(each, words) && saysSomething(textUnder(scene, each), scene.template),
  );
}

/**
 * A heading may have others below it; what stands there is its text too, up to one that is asked for itself.
 */
function textUnder({ pull, policy }: Scene, from: Section): string {
  const { sections } = pull.description;
  const asked = [
    ...policy.description.sections.map(({ headings }) => headings),
    policy.documentation.headings,
  ];
  const texts = [from.text];
  for (let at = sections.indexOf(from) + 1; at < sections.length; at += 1) {
    const each = sections[at]!;
    // Words with a colon that nobody asks for are a sentence of what is there.
    const isBeside = each.depth <= from.depth && each.depth < LEAD_DEPTH;
    if (isBeside || asked.some((words) => isHeaded(each, words))) break;
    texts.push(each.depth < LEAD_DEPTH ? each.text : `${each.heading}: ${each.text}`);
  }
  return texts.join("\n");
}

export const sections: Rule = {
  name: "sections",
  severity: "error",
  problem: "Whoever reviews, or looks for a reason a year later, has only the description.",
  solution:
    "Write under each heading what it asks for; comments and words that only keep a place do not count.",
  find(scene) {
    const { pull, policy } = scene;
    if (isBot(pull) || isRevert(pull) || !pull.isReadable) return [];
    const wanted = policy.description.sections;
    if (pull.description.sections.every(({ text, heading }) => text === "" && heading === "")) {
      return wanted.length === 0 ? [] : [{ message: "the description is empty" }];
    }
    return wanted
      .filter(({ headings }) => !said(scene, headings))
      .map(({ name, headings }) => {
        const there = pull.description.sections.some((each) => isHeaded(each, headings));
        return {
          message: there
            ? `the section on ${name} is empty`
            : `the description has no section on ${name} ` +
              `(a heading with ${headings.slice(0, 3).join(", ")} …)`,
        };
      });
  },
};
