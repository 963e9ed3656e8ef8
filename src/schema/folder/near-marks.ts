import { anyOf } from "../../kernel/pattern.ts";
import { comments, type Comment } from "../script/quoted.ts";

/** A comment by which one of the tools that keep both directions in a file might mean that one begins. */
export interface NearMark {
  readonly way: "up" | "down";
  /** As it stands there, without what is around it. */
  readonly text: string;
  /** In the text, from 1. */
  readonly line: number;
  /** Whether SQL stands behind it, which is carried out with what stands before. */
  readonly hasSql: boolean;
  /** How to write it. */
  readonly hint: string;
}

const OR_WORDS = "where it is meant as words, word it otherwise.";
const AT_LINE_START = "at the beginning of a line of its own";
const OF_THEIR_OWN = "Give each direction a file of its own, X.sql and X_rollback.sql";

/** What a comment says, without its decoration, as a whole: prose goes on. */
const KINDS: readonly { readonly mark: RegExp; readonly hint: (way: "up" | "down") => string }[] = [
  {
    // https://github.com/amacneil/dbmate#creating-migrations
    mark: anyOf(
      /^migrate:(up|down|rollback|undo|revert)\b.*$/i,
      /^migrate[ \t]*(?::[ \t]*)?(up|down)(?:[ \t]+transaction:.*)?$/i,
    ),
    hint: (way) => `Write '-- migrate:${way}' ${AT_LINE_START}, as dbmate does; or, ${OR_WORDS}`,
  },
  {
    // https://salsita.github.io/node-pg-migrate/migrations/#sql-migrations
    mark: /^(?:(up|down)[ \t:_-]*migration|migration[ \t:_-]*(up|down))$/i,
    hint: (way) =>
      `Write '-- Up Migration' and '-- Down Migration', each ${AT_LINE_START} (here '${way}'); ` +
      `or, ${OR_WORDS}`,
  },
  {
    // https://pressly.github.io/goose/documentation/annotations/, https://github.com/elwinar/rambler
    mark: /^(?:goose[ \t]*(?::[ \t]*)?(up|down)|rambler[ \t]+(up|down))$/i,
    hint: () => `${OF_THEIR_OWN}: marks of goose and rambler are not read. Or, ${OR_WORDS}`,
  },
  {
    // https://github.com/jackc/tern
    mark: /^create above[ \t]*\/[ \t]*(drop below)$/i,
    hint: () => `${OF_THEIR_OWN}: marks of tern are not read.`,
  },
];
/** Most files have none of these words. */
const WORTH_A_LOOK = /migrat|goose|rambler|drop below/i;
const LONGEST = 200;

/** What of a text's comments looks like the mark of a direction. */
export function nearMarksIn(text: string): readonly NearMark[] {
  if (!WORTH_A_LOOK.test(text)) return [];
  const { places, lastSql } = placesIn(text);
  return places.flatMap(({ text: comment, start, line, behindSql }): NearMark[] => {
    if (comment.length > LONGEST) return [];
    const said = withoutDecoration(comment);
    for (const { mark, hint } of KINDS) {
      const found = mark.exec(said);
      if (found === null) continue;
      // Behind a statement only what cannot be words is a mark.
      if (behindSql && !/^migrate:/i.test(said)) return [];
      const way = found.slice(1).some((word) => word?.toLowerCase() === "up") ? "up" : "down";
      return [{ way, text: comment.trim(), line, hasSql: lastSql > start, hint: hint(way) }];
    }
    return [];
  });
}

/** A comment, and what is around it. */
interface Place extends Comment {
  /** In the text, from 1. */
  readonly line: number;
  /** SQL stands before it on its line. */
  readonly behindSql: boolean;
}

/**
 * Every comment, by one walk through the text: one for each comment would take the square of its length.
 *
 * @returns with where the last piece of SQL ends; -1 where there is none
 */
function placesIn(text: string): { readonly places: readonly Place[]; readonly lastSql: number } {
  const places: Place[] = [];
  let [at, line, lineStart, lastSql] = [0, 1, 0, -1];
  /** Goes on to `to`, over SQL or over a comment. */
  const pass = (to: number, isSql: boolean): void => {
    const piece = text.slice(at, to);
    const end = isSql ? lengthOfSql(piece) : 0;
    if (end > 0) lastSql = at + end;
    for (let next = piece.indexOf("\n"); next !== -1; next = piece.indexOf("\n", next + 1)) {
      line += 1;
      lineStart = at + next + 1;
    }
    at = to;
  };
  for (const { text: comment, start } of comments(text)) {
    pass(start, true);
    places.push({ text: comment, start, line, behindSql: lastSql > lineStart });
    pass(start + comment.length, false);
  }
  pass(text.length, true);
  return { places, lastSql };
}

/** Without the white space and semicolons at its end. */
function lengthOfSql(piece: string): number {
  let end = piece.length;
  while (end > 0 && /[\s;]/.test(piece[end - 1]!)) end -= 1;
  return end;
}

/** `-- +goose Down`, `--- migrate:down;` and the like: what is left when what is around the words is gone. */
function withoutDecoration(comment: string): string {
  let [from, to] = [0, comment.length];
  while (from < to && "-/*+=#@! \t\r\n".includes(comment[from]!)) from += 1;
  while (to > from && "-/*+=#.;: \t\r\n".includes(comment[to - 1]!)) to -= 1;
  return comment.slice(from, to);
}
