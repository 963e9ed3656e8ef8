import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { isVersion, type TextPlace } from "./version-text.ts";

/** What a comment on a line says whose version is the release's. */
const MARK = "x-holdfast-version";

/**
 * Places of the versions on the lines that carry the mark. A line is read once, word by word.
 *
 * @throws input.malformed where no line carries it, or one has no version or several
 */
export function markedPlaces(path: string, text: string): readonly TextPlace[] {
  const places = [...text.matchAll(/[^\r\n]+/g)]
    .filter(({ 0: line }) => line.includes(MARK))
    .map(({ 0: line, index }) => {
      const { start, end } = onlyVersionIn(line, (what, hint) => unclear(path, text, index, what, hint));
      return { start: index + start, end: index + end };
    });
  if (places.length > 0) return places;
  throw new HoldfastError(
    "input.malformed",
    `the version file ${printableLine(path)} has no line that says ${MARK}`,
    { hint: `Write ${MARK} in a comment on the line of the version; or give the key, in JSON and YAML.` },
  );
}

/** @param unclear makes the error */
function onlyVersionIn(line: string, unclear: (what: string, hint: string) => Error): TextPlace {
  const [found, ...more] = versionsIn(line);
  if (found === undefined) throw unclear("has no version", "Put the version, such as 1.2.3, on it.");
  if (more.length === 0) return found;
  throw unclear("has several versions", "Leave one on it: which is meant must be plain.");
}

/** Words that are versions, with or without `v` before: it is kept. */
function versionsIn(line: string): TextPlace[] {
  return [...line.matchAll(/[\w.+-]+/g)].flatMap(({ 0: found, index }) => {
    const word = withoutSigns(found);
    const start = /^v\d/.test(word) ? 1 : 0;
    return isVersion(word.slice(start)) ? [{ start: index + start, end: index + word.length }] : [];
  });
}

/** Without a full stop behind, or a dash. */
function withoutSigns(word: string): string {
  let end = word.length;
  while (end > 0 && ".+-".includes(word[end - 1]!)) end -= 1;
  return word.slice(0, end);
}

function unclear(path: string, text: string, at: number, what: string, hint: string): HoldfastError {
  const line = text.slice(0, at).split(/\r\n|\n|\r/).length;
  return new HoldfastError(
    "input.malformed",
    `line ${line} of ${printableLine(path)} says ${MARK} and ${what}`,
    { hint },
  );
}
