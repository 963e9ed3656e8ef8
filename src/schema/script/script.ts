import type { Node } from "./grammar.ts";

/** One statement of a script. */
export interface Statement {
  /** As it stands in the file, without the semicolon. */
  readonly text: string;
  /** Where it begins in the script, in UTF-16 code units, as `String.slice` counts. */
  readonly start: number;
  /** Its first line in the file, from 1. */
  readonly line: number;
  /** What it is: the parser's name for it, such as `AlterTableStmt`. */
  readonly type: string;
  /** Its syntax tree, as PostgreSQL's own parser makes it: https://github.com/pganalyze/libpg_query. */
  readonly tree: Node;
}

/** Why a text is no script that a server would take. */
export interface SyntaxProblem {
  readonly message: string;
  readonly line: number;
  /** A person's way on. */
  readonly hint: string | undefined;
}

/** A file of SQL, taken apart. */
export interface Script {
  readonly text: string;
  /** In the order of the file; empty where it holds only comments. */
  readonly statements: readonly Statement[];
  /** The grammar did not take it: {@link statements} is empty then, and the text can only be sent whole. */
  readonly problem: SyntaxProblem | undefined;
}

/** The line of a place in a text, from 1. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) {
    line += 1;
  }
  return line;
}

/**
 * The lines of places that are asked for in their order: the text is walked once, however many they are, and
 * not from its beginning for each.
 */
export class LinesOnward {
  readonly #text: string;
  #line = 1;
  /** Line feeds before it are counted. */
  #reached = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * @param place not before the one that was asked for last
   * @returns the line, from 1
   */
  at(place: number): number {
    for (;;) {
      const next = this.#text.indexOf("\n", this.#reached);
      if (next === -1 || next >= place) return this.#line;
      this.#line += 1;
      this.#reached = next + 1;
    }
  }
}
