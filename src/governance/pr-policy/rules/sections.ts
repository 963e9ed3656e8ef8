import { LEAD_DEPTH, saysSomething, type Section } from "../../description/description.ts";
import { isBot, isRevert, type Scene } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

/** Whether a heading has one of the words, as words. */
export function isHeaded({ heading }: Pick<Section, "heading">, words: readonly string[]): boolean {
  const said = ` ${heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()} `;
  return words.some((word) => said.includes(` ${word.toLowerCase()} `));
}

/** Whether a section under such a heading says something. */
export function said(scene: Scene, words: readonly string[]): boolean {
  return saying(scene, words).length > 0;
}

function saying(scene: Scene, words: readonly string[]): Section[] {
  return scene.pull.description.sections.filter(
    (each) => isHeaded(each, words) && saysSomething(textUnder(scene, each), scene.template),
  );
}

/** `What and why` is one heading for both; one for everything is none. */
const SECTIONS_PER_HEADING = 2;

/** Those of the wanted sections that are there: what fits fewest of them is taken first. */
function answered(scene: Scene, wanted: readonly (readonly string[])[]): boolean[] {
  const uses = new Map<Section, number>();
  const breadth = (each: Section): number => wanted.filter((words) => isHeaded(each, words)).length;
  return wanted.map((words) => {
    const free = saying(scene, words).filter((each) => (uses.get(each) ?? 0) < SECTIONS_PER_HEADING);
    const [best] = free.sort((a, b) => breadth(a) - breadth(b));
    if (best !== undefined) uses.set(best, (uses.get(best) ?? 0) + 1);
    return best !== undefined;
  });
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
    if (isBot(scene) || isRevert(pull) || !pull.isReadable) return [];
    const wanted = policy.description.sections;
    if (pull.description.sections.every(({ text, heading }) => text === "" && heading === "")) {
      return wanted.length === 0 ? [] : [{ message: "the description is empty" }];
    }
    const there = answered(
      scene,
      wanted.map(({ headings }) => headings),
    );
    return wanted
      .filter((_, at) => !there[at])
      .map(({ name, headings }) => {
        if (said(scene, headings)) {
          return {
            message: `the heading of ${name} stands for ${SECTIONS_PER_HEADING} other sections already`,
          };
        }
        const isEmpty = pull.description.sections.some((each) => isHeaded(each, headings));
        return {
          message: isEmpty
            ? `the section on ${name} is empty`
            : `the description has no section on ${name} ` +
              `(a heading with ${headings.slice(0, 3).join(", ")} …)`,
        };
      });
  },
};
