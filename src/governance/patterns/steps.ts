/** A part of a pattern: one character or several, or whole folders. */
export type Step =
  | {
      readonly kind: "character";
      readonly fits: (character: string) => boolean;
      /** Whether it may be left out. */
      readonly optional: boolean;
      /** Whether it may stand any number of times. */
      readonly repeated: boolean;
    }
  /** `name/`, any number of times. */
  | { readonly kind: "folders" };

/**
 * Whether a text is what the steps say, from its beginning to its end. All ways through are followed at once:
 * the time is that of both lengths multiplied, whatever is in them, since either may be a stranger's.
 */
export function fitsSteps(steps: readonly Step[], text: string): boolean {
  // Place in the text → whether the steps so far can end there.
  let ends: boolean[] = [true, ...Array.from(text, () => false)];
  const characters = Array.from(text);
  for (const step of steps) {
    ends = step.kind === "folders" ? afterFolders(characters, ends) : afterCharacters(step, characters, ends);
    if (!ends.includes(true)) return false;
  }
  return ends.at(-1) === true;
}

function afterCharacters(
  { fits, optional, repeated }: Extract<Step, { kind: "character" }>,
  characters: readonly string[],
  starts: readonly boolean[],
): boolean[] {
  const ends = [optional && starts[0] === true];
  for (const [at, character] of characters.entries()) {
    const from = starts[at] === true || (repeated && ends[at] === true);
    ends.push((optional && starts[at + 1] === true) || (from && fits(character)));
  }
  return ends;
}

function afterFolders(characters: readonly string[], starts: readonly boolean[]): boolean[] {
  const ends = [starts[0] === true];
  let isWithin = false;
  for (const [at, character] of characters.entries()) {
    ends.push(starts[at + 1] === true || (character === "/" && isWithin));
    isWithin = character !== "/" && (isWithin || ends[at] === true);
  }
  return ends;
}

export const anyButSlash = (character: string): boolean => character !== "/";

/** A character that is one of a set, in the words of regular expressions; undefined where it is no set. */
export function oneOf(set: string, isNegated: boolean): ((character: string) => boolean) | undefined {
  try {
    const is = new RegExp(`^[${isNegated ? "^" : ""}${set.replace(/[\\[\]^]/g, "\\$&")}]$`, "u");
    return (character) => is.test(character);
  } catch {
    // A range that goes backwards.
    return undefined;
  }
}
