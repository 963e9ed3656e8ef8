import { saysSomething, type Section } from "../../description/description.ts";
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
export function said({ pull, template }: Scene, words: readonly string[]): boolean {
  return pull.description.sections.some(
    (each) => isHeaded(each, words) && saysSomething(textUnder(pull.description.sections, each), template),
  );
}

/**
 * A heading may have others below it; what stands there is its text too, up to one that is asked for itself.
 */
function textUnder(sections: readonly Section[], from: Section): string {
  const at = sections.indexOf(from);
  const next = sections[at + 1];
  return from.text === "" && next !== undefined && next.heading !== "" ? "" : from.text;
}

export const sections: Rule = {
  name: "sections",
  severity: "error",
  problem: "Whoever reviews, or looks for a reason a year later, has only the description.",
  solution:
    "Write under each heading what it asks for; comments and words that only keep a place do not count.",
  find(scene) {
    const { pull, policy } = scene;
    if (isBot(pull) || isRevert(pull)) return [];
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
