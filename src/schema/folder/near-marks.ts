import { anyOf } from "../../kernel/pattern.ts";
import { isBlank } from "../script/parse-script.ts";
import { comments } from "../script/quoted.ts";
import { lineAt } from "../script/script.ts";

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
      /^migrate[ \t]*:?[ \t]*(up|down)(?:[ \t]+transaction:.*)?$/i,
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
    mark: /^(?:goose[ \t]*:?[ \t]*(up|down)|rambler[ \t]+(up|down))$/i,
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
  return [...comments(text)].flatMap(({ text: comment, start }): NearMark[] => {
    if (comment.length > LONGEST) return [];
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const said = withoutDecoration(comment);
    for (const { mark, hint } of KINDS) {
      const found = mark.exec(said);
      if (found === null) continue;
      // Behind a statement only what cannot be words is a mark.
      if (!isBlank(text.slice(lineStart, start)) && !/^migrate:/i.test(said)) return [];
      const way = found.slice(1).some((word) => word?.toLowerCase() === "up") ? "up" : "down";
      return [
        {
          way,
          text: comment.trim(),
          line: lineAt(text, start),
          hasSql: !isBlank(text.slice(start + comment.length)),
          hint: hint(way),
        },
      ];
    }
    return [];
  });
}

/** `-- +goose Down`, `--- migrate:down;` and the like: what is left when what is around the words is gone. */
function withoutDecoration(comment: string): string {
  let [from, to] = [0, comment.length];
  while (from < to && "-/*+=#@! \t\r\n".includes(comment[from]!)) from += 1;
  while (to > from && "-/*+=#.;: \t\r\n".includes(comment[to - 1]!)) to -= 1;
  return comment.slice(from, to);
}
