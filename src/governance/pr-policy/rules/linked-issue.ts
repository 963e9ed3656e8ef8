import { withinTime } from "../../../kernel/within-time.ts";
import { withoutMarks } from "../../description/description.ts";
import { isBot, isReleasing, isRevert } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

/**
 * GitHub's words and some that only name an issue, and what GitHub makes a link of:
 * https://docs.github.com/articles/closing-issues-using-keywords,
 * https://docs.github.com/articles/autolinked-references-and-urls
 */
const CLOSING = new RegExp(
  "\\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|part of|relates to)\\b:?\\s+" +
    "(?:(?:[\\w.-]{1,100}/[\\w.-]{1,100})?#|GH-)0*[1-9]\\d*(?!\\w)",
  "i",
);
const URL_OF_ISSUE = /^https?:\/\/[^\s]+\/(?:issues|browse|issue|work_items|_workitems)\/[\w/-]+/i;

const PATTERNS_MS = 2_000;

export const linkedIssue: Rule = {
  name: "linked-issue",
  severity: "error",
  problem: "Without its issue nobody finds out what a change was for, nor that the issue is done.",
  solution: "Write `Closes #123` (or `Refs #123`), or give the issue's address.",
  find(scene) {
    const { pull, policy, template } = scene;
    if (isBot(scene) || isRevert(pull) || isReleasing(pull)) return [];
    const { prose, links } = pull.description;
    // An example of the template is nobody's issue.
    const own = prose.split("\n").filter((line) => !template.includes(withoutMarks(line)));
    const words = [pull.title, ...own].join("\n");
    const isLinked =
      CLOSING.test(words) || [...links, ...words.split(/\s+/)].some((each) => URL_OF_ISSUE.test(each));
    if (isLinked) return [];
    // Who writes the pattern is not who writes the words, and together they may take for ever.
    const patterns = policy.description.trackers.map((pattern) => new RegExp(pattern));
    const found = withinTime(PATTERNS_MS, () => patterns.some((pattern) => pattern.test(words)));
    if (found === undefined) {
      return [
        {
          message:
            "the patterns of policy.description.trackers take longer than two seconds on this description",
          fix: "Write the description plainer; and the patterns without a repetition within a repetition.",
        },
      ];
    }
    return found.value ? [] : [{ message: "the description names no issue" }];
  },
};
