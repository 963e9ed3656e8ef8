import { lineComments } from "./quoted.ts";
import { lineAt } from "./script.ts";

/** A difference or a finding that somebody allows on purpose, in a comment of the file. */
export interface Waiver {
  /** A verdict (`loses-data`) or the name of a rule (`rewrites-table`). */
  readonly what: string;
  /** Only of this object, as findings name it; undefined for all. */
  readonly object: string | undefined;
  /** Why, in somebody's words. */
  readonly reason: string;
  readonly line: number;
}

/** A comment that looks like a waiver and is none. */
export interface MalformedWaiver {
  readonly line: number;
  readonly text: string;
}

const ALLOW = /^--[ \t]*holdfast:[ \t]*(.*?)[ \t]*\r?$/i;
const WAIVER = /^allow[ \t]+([a-z][a-z-]*)(?:[ \t]+(?!because\b)(.+?))?[ \t]+because[ \t]+(\S.*)$/i;

/**
 * The waivers in a script: comments `-- holdfast: allow <verdict or rule> [<object>] because <reason>`.
 *
 * @param firstLine the line of the file on which the text begins
 */
export function readWaivers(
  text: string,
  firstLine: number,
): { readonly waivers: readonly Waiver[]; readonly malformed: readonly MalformedWaiver[] } {
  const waivers: Waiver[] = [];
  const malformed: MalformedWaiver[] = [];
  for (const comment of lineComments(text)) {
    const found = ALLOW.exec(comment.text);
    if (found === null) continue;
    const line = lineAt(text, comment.start) + firstLine - 1;
    const [, what, object, reason] = WAIVER.exec(found[1]!) ?? [];
    if (what === undefined || reason === undefined) malformed.push({ line, text: found[0].trim() });
    else waivers.push({ what: what.toLowerCase(), object, reason, line });
  }
  return { waivers, malformed };
}
