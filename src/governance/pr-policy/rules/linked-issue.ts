import { withinTime } from "../../../kernel/within-time.ts";
import { isBot, isRevert } from "../pull-request.ts";
import type { Rule } from "./rule.ts";

/**
 * GitHub's words and some that only name an issue:
 * https://docs.github.com/articles/closing-issues-using-keywords
 */
const CLOSING =
  /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|part of|see|relates to)\b:?\s+(?:[\w.-]+\/[\w.-]+)?#\d+/i;
const URL_OF_ISSUE = /^https?:\/\/[^\s]+\/(?:issues|browse|issue|pull|work_items|_workitems)\/[\w/-]+/i;

const PATTERNS_MS = 2_000;

export const linkedIssue: Rule = {
  name: "linked-issue",
  severity: "error",
  problem: "Without its issue nobody finds out what a change was for, nor that the issue is done.",
  solution: "Write `Closes #123` (or `Refs #123`), or give the issue's address.",
  find({ pull, policy }) {
    if (isBot(pull) || isRevert(pull)) return [];
    const { prose, links } = pull.description;
    const words = `${pull.title}\n${prose}`;
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
