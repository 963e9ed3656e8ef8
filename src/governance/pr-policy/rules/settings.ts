import type { SettingsProblem } from "../../../nouns/settings/document.ts";
import type { Hit, Rule } from "./rule.ts";

/** More of them are told by their number. */
const TOLD = 20;

export const settings: Rule = {
  name: "settings",
  severity: "error",
  problem:
    "A settings file that is wrong stops every other pull request as soon as it is merged. One that mends " +
    "it is judged by the defaults.",
  solution: "Correct the file: `holdfast settings check` tells the same before it is pushed.",
  find({ settingsChange }) {
    if (settingsChange === undefined) return [];
    const { path, before, after } = settingsChange;
    const hits: Hit[] = after.slice(0, TOLD).map((each) => ({
      file: path,
      line: each.line,
      message: `${path} would be wrong once this is merged: ${textOf(each)}`,
    }));
    if (after.length > TOLD) hits.push({ file: path, message: `${after.length - TOLD} more of the kind` });
    const [first] = before;
    if (first === undefined) return hits;
    const more = before.length === 1 ? "" : ` and ${before.length - 1} more`;
    return [
      ...hits,
      {
        file: path,
        severity: "warning",
        message: `${path} is wrong on the base (${textOf(first)}${more}): there the defaults judge this`,
        fix: "See that somebody looks at what the defaults do not ask for.",
      },
    ];
  },
};

function textOf({ line, column, key, message }: SettingsProblem): string {
  return `${line}:${column} ${key === "" ? "" : `${key}: `}${message}`;
}
