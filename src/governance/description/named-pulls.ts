import type { Description } from "./description.ts";

const REPOSITORY = "[\\w.-]{1,100}/[\\w.-]{1,100}";
const PULL = new RegExp(
  `(?<![\\w#/&])(?:(${REPOSITORY}))?#(\\d{1,9})\\b|(${REPOSITORY})/pull/(\\d{1,9})\\b|!\\d{1,9}`,
  "g",
);
/** Nobody names as many. */
const NAMED_MAX = 10;

/** A pull request as a description names it. */
export interface NamedPull {
  readonly text: string;
  readonly repository: string | undefined;
  /** Undefined where it is none of GitHub's. */
  readonly number: number | undefined;
}

/** Without the marks and the full stop that may end a word; read from its end, however long it is. */
function withoutMarks(word: string): string {
  let end = word.length;
  while (end > 0 && ".*_".includes(word[end - 1]!)) end -= 1;
  return word.slice(0, end);
}

/** Lines, and what stands under headings, that name the branch. */
function about(branch: string, { sections }: Description): string[] {
  const names = (text: string): boolean =>
    text.split(/[\s`"'()[\],;:]+/).some((word) => withoutMarks(word).toLowerCase() === branch.toLowerCase());
  return sections.flatMap(({ heading, text }) => (names(heading) ? [text] : text.split("\n").filter(names)));
}

/** Pull requests that are named in lines with a branch, or under a heading with it: `develop: #124`. */
export function namedIn(branch: string, description: Description): NamedPull[] {
  const found = about(branch, description).flatMap((text) => [...text.matchAll(PULL)]);
  return found.slice(0, NAMED_MAX).map(([text, one, number, other, linked]) => ({
    text,
    repository: one ?? other,
    number: number === undefined && linked === undefined ? undefined : Number(number ?? linked),
  }));
}

/** Whether a line, or what stands under a heading, names both the branch and a pull request. */
export function isDeclared(branch: string, description: Description): boolean {
  return namedIn(branch, description).length > 0;
}
