import { lintMessage, type LintProblem } from "../../commits/lint.ts";
import { isBot, isRevert, type Scene } from "../pull-request.ts";
import { squashMessages } from "../squash.ts";
import type { Hit, Rule } from "./rule.ts";

export const title: Rule = {
  name: "title",
  severity: "error",
  problem:
    "A squash writes the title into the history: what no tool can read there is in no version and no " +
    "changelog.",
  solution: "Write the title as `type(scope): subject`, such as `fix(cart): keep items after a reload`.",
  async find(scene) {
    const { pull, messageRules } = scene;
    if (isRevert(pull)) return [];
    if (GITS_OWN.test(pull.title)) return [notExactly(pull.title)];
    const problems = await lintMessage(pull.title, messageRules);
    const told = `the title ${JSON.stringify(pull.title.slice(0, 120))}`;
    if (isBot(scene)) {
      const counting = problems.filter((each) => !isFree(each));
      return counting.flatMap((each) => hitsOf(told, each)).map((hit) => ({ ...hit, fix: BOTS_TITLE }));
    }
    return [...problems.flatMap((each) => hitsOf(told, each)), ...(await tooLong(scene))];
  },
};

/** What git and GitHub call a revert. */
const GITS_OWN = /^Re(?:vert|apply) "/;

/** A conflict was resolved, or something came along: then nobody can say by the title what is left. */
function notExactly(title: string): Hit {
  return {
    message:
      `the title ${JSON.stringify(title.slice(0, 120))} is git's own for a revert, and these commits ` +
      "do not take back exactly what they say",
    fix:
      "Name what it does, such as `revert: let the cart forget again` or `fix: …`; or bring only " +
      "the commits that `git revert` made.",
  };
}

const BOTS_TITLE =
  "Have the program write types: Dependabot by `commit-message: { prefix: chore }` in its settings, " +
  "Renovate by `:semanticCommits`.";

/** What programs write has no subject in lower case, and a length of its own. */
function isFree({ rule }: LintProblem): boolean {
  return /^(?:subject-case|header-max-length)$/.test(rule);
}

function hitsOf(what: string, { level, message, rule }: LintProblem): Hit[] {
  return level === "error" ? [{ message: `${what}: ${message} (${rule})` }] : [];
}

/**
 * A squash writes the pull request's number behind its header. Before there is one, it is told without
 * refusing: it has one digit at least.
 */
async function tooLong(scene: Scene): Promise<Hit[]> {
  const { number } = scene.pull;
  const hits: Hit[] = [];
  for (const { from, isSure, header } of squashMessages(scene)) {
    const isLong = async (text: string): Promise<LintProblem | undefined> =>
      (await lintMessage(text, scene.messageRules)).find(
        ({ rule, level }) => rule === "header-max-length" && level === "error",
      );
    const behind = ` (#${number ?? 1})`;
    const problem = (await isLong(header)) === undefined ? await isLong(header + behind) : undefined;
    if (problem === undefined) continue;
    hits.push({
      message:
        `${from === "title" ? "the title" : "the only commit's header"} ` +
        `${JSON.stringify(header.slice(0, 120))}, ` +
        `behind which a squash writes "${behind}": ${problem.message} (${problem.rule})`,
      ...(number === undefined || !isSure ? { severity: "warning" } : {}),
    });
  }
  return hits;
}
