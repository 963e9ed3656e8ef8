import { lineComments } from "./quoted.ts";
import { LinesOnward } from "./script.ts";

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

const ALLOW = /^--[ \t]*holdfast:(.*)\r?$/i;
const ALLOWED = /^allow[ \t]+([a-z][a-z-]*)(?=[ \t])/i;
const BECAUSE = /[ \t]because[ \t]+(?=\S)/i;

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
  const lines = new LinesOnward(text);
  for (const comment of lineComments(text)) {
    const found = ALLOW.exec(comment.text);
    if (found === null) continue;
    const line = lines.at(comment.start) + firstLine - 1;
    const said = saidIn(found[1]!.trim());
    if (said === undefined) malformed.push({ line, text: found[0].trim() });
    else waivers.push({ ...said, line });
  }
  return { waivers, malformed };
}

/** `allow <verdict or rule> [<object>] because <reason>`, taken apart; undefined where it is none. */
function saidIn(words: string): Omit<Waiver, "line"> | undefined {
  const [allowed = "", what] = ALLOWED.exec(words) ?? [];
  const rest = words.slice(allowed.length);
  const because = BECAUSE.exec(rest);
  if (what === undefined || because === null) return undefined;
  const object = rest.slice(0, because.index).trim();
  if (/^because\b/i.test(object)) return undefined;
  return {
    what: what.toLowerCase(),
    object: object === "" ? undefined : object,
    reason: rest.slice(because.index + because[0].length),
  };
}
