import { lintMessage } from "../../commits/lint.ts";
import { isFixup, nearNote, readMessage } from "../../commits/message.ts";
import { isBot } from "../pull-request.ts";
import type { Hit, Rule } from "./rule.ts";

/** More of them are told by their number. */
const TOLD = 20;

export const commits: Rule = {
  name: "commits",
  severity: "error",
  problem:
    "Versions and changelogs are made of commit messages; one that no tool can read is left out of both.",
  solution: "Reword it with `git rebase -i`, as `type(scope): subject`.",
  async find(scene) {
    const { pull, messageRules } = scene;
    const hits: Hit[] = [];
    for (const { id, message, isMerge } of pull.commits) {
      const read = readMessage(message);
      if (isMerge || isFixup(read) || read.isRevert || isBot(scene)) continue;
      const header = JSON.stringify(read.header.slice(0, 120));
      const near = nearNote(message);
      if (near !== undefined) {
        const line = JSON.stringify(near.line.slice(0, 120));
        hits.push({
          severity: "warning",
          message:
            `commit ${id.slice(0, 7)} ${header}: ${line} is no footer ` +
            (near.isRead ? "without a colon, and some release tools take it for one" : "that anything reads"),
          fix: near.isRead
            ? "Break the line elsewhere; or write `BREAKING CHANGE: ` where it breaks something."
            : "Write `BREAKING CHANGE: ` at the beginning of the line; or say it in other words.",
        });
      }
      for (const problem of await lintMessage(message, messageRules)) {
        if (problem.level !== "error") continue;
        hits.push({
          message: `commit ${id.slice(0, 7)} ${header}: ` + `${problem.message} (${problem.rule})`,
        });
      }
    }
    if (hits.length <= TOLD) return hits;
    return [...hits.slice(0, TOLD), { message: `${hits.length - TOLD} more of the kind` }];
  },
};
