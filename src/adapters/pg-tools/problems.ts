import type { LoadProblem } from "../../ports/dump-tools.ts";
import { UNKNOWN_WORDS } from "../../postgres/known-words.ts";
import { isOnRows, withKnownWords, withoutRowValues } from "./row-values.ts";

/** More problems than anyone reads; the count goes on. */
const PROBLEMS_MAX = 1000;
/** Characters kept of one problem. */
const MESSAGE_MAX = 2000;

/**
 * What stands before the words of a line. Several connections write in pieces, so that there may be more than
 * one program's name.
 */
const BEFORE = /^(?:pg_restore:|error: |\[[^\]]*\]|\s)*/;

/** What pg_restore says while all is well. */
const PROGRESS =
  /^(?:(?:launching|finished|skipping) item |creating |processing |executing |entering |while )/;

/** What errors begin with, and the line that names their entry. */
const BEGINNINGS = /^(?:from TOC entry \d+; |could not |COPY failed )/;

/** The first line of a CONTEXT whose error a function made itself. */
const RAISED = /^CONTEXT:\s+PL\/.* at RAISE$/;

/**
 * A setting of pg_restore's own, from 17 on, which it makes on every server, and what an older one says of it
 * (`_doSetFixedOutputState` in src/bin/pg_dump/pg_backup_archiver.c). It switches a time limit off that such
 * a server has not.
 */
const OWN_SETTING = {
  command: "Command was: SET transaction_timeout = 0;",
  words: 'unrecognized configuration parameter "transaction_timeout"',
};

/** A problem whose message still grows. */
type Mutable = { -readonly [Key in keyof LoadProblem]: LoadProblem[Key] };

function problem(message: string, entry: string, id: number | undefined): Mutable {
  return { message, entry, ...(id === undefined ? {} : { dumpIds: [id] }) };
}

/** An entry, as pg_restore names the one it speaks of. */
interface Spoken {
  readonly id: number | undefined;
  readonly entry: string;
}

/**
 * Reads what pg_restore reports while it goes past errors:
 *
 *     pg_restore: from TOC entry 215; 1259 16386 TABLE places postgres
 *     pg_restore: error: could not execute query: ERROR:  relation "places" already exists
 *     Command was: CREATE TABLE …
 *
 * and, at the very end, `pg_restore: warning: errors ignored on restore: 1`.
 *
 * With several connections its processes write at once, each line in pieces (logging.c: program's name,
 * severity, words): two names may stand on one line, and words without a name on the next.
 */
export class ProblemReader {
  readonly #problems: Mutable[] = [];
  /** Entries that were named and of which no error has come yet. */
  readonly #named: Spoken[] = [];
  #last: Spoken = { id: undefined, entry: "" };
  /** Names that were written without their words; true where the words will be an error. */
  readonly #owed: boolean[] = [];
  #open = false;
  /** Whether the open problem's words are the server's own, so that its hint and detail are too. */
  #known = true;
  /** Entries of the problems that are not kept. */
  readonly #beyond = new Set<number>();
  #more = 0;
  #ignored: number | undefined;

  read(line: string): void {
    const before = BEFORE.exec(line)![0];
    const words = line.slice(before.length);
    const names = before.split("pg_restore:").length - 1;
    if (names > 0) this.#owe(before, words, names);
    else if (!this.#isOwed(words)) {
      this.#continue(line);
      return;
    }
    const isError = names > 0 ? before.includes("error: ") && !PROGRESS.test(words) : this.#owed.shift()!;
    this.#open = false;
    const entry = /^(?:warning: )?from TOC entry (\d+); \d+ \d+ (.*)$/.exec(words);
    const ignored = /errors ignored on restore: (\d+)$/.exec(words);
    if (entry !== null) this.#named.push({ id: Number(entry[1]), entry: entry[2]! });
    else if (ignored !== null) this.#ignored = Number(ignored[1]);
    else if (isError || words.startsWith("could not execute query: ")) this.#begin(words);
    // PostgreSQL 16 and later put these lines under the program's name too.
    else if (/^(?:detail|hint): /i.test(words)) this.#append(words);
  }

  #owe(before: string, words: string, names: number): void {
    const isError = before.includes("error: ") && PROGRESS.test(words);
    for (let more = 1; more < names; more += 1) this.#owed.push(isError);
  }

  /** Whether a line without a name is one whose name stands on a line before. */
  #isOwed(words: string): boolean {
    if (this.#owed.length === 0) return false;
    return PROGRESS.test(words) || BEGINNINGS.test(words) || (this.#owed[0] === true && !this.#open);
  }

  #begin(words: string): void {
    this.#last = this.#named.shift() ?? this.#last;
    const { id, entry } = this.#last;
    if (this.#problems.length >= PROBLEMS_MAX) {
      this.#more += 1;
      if (id !== undefined) this.#beyond.add(id);
      return;
    }
    const told = withKnownWords(words, isOnRows(entry) || words.startsWith("COPY failed"));
    const message = told.words.replace(/^could not execute query: /, "").replace(/^ERROR: {2}/, "");
    this.#known = told.known;
    this.#problems.push(problem(message, entry, id));
    this.#open = true;
  }

  /** Lines without the program's name belong to the error before, up to the statement it repeats. */
  #continue(line: string): void {
    if (line.startsWith("Command was:")) {
      if (
        this.#open &&
        line.trimEnd() === OWN_SETTING.command &&
        this.#problems.at(-1)?.message === OWN_SETTING.words
      ) {
        this.#problems.pop();
      }
      this.#open = false;
    }
    if (
      this.#open &&
      /^(?:DETAIL|HINT|CONTEXT|FATAL|server closed|\t(?:This probably means|before or while) )/.test(line)
    ) {
      this.#append(line.trim());
    }
  }

  #append(line: string): void {
    const text = withoutRowValues(line);
    const last = this.#problems.at(-1);
    if (text === undefined || last === undefined) return;
    if (RAISED.test(text) && isOnRows(last.entry)) this.#hide(last);
    if (!this.#known && !/^(?:CONTEXT|FATAL|server closed|This probably|before or)/.test(text)) return;
    if (last.message.length + text.length < MESSAGE_MAX) last.message += `; ${text}`;
  }

  /** What a function raised may look like the server's own words. */
  #hide(last: Mutable): void {
    const before = /^COPY failed .*?ERROR: {2}/s.exec(last.message)?.[0] ?? "";
    last.message = before + UNKNOWN_WORDS;
    this.#known = false;
  }

  /** How many errors pg_restore says it went past; undefined when it stopped before saying so. */
  get ignored(): number | undefined {
    return this.#ignored;
  }

  /** Every problem; past the first thousand only their number and entries. */
  get problems(): readonly LoadProblem[] {
    const lost = this.#named.map(({ id, entry }) => problem("it failed", entry, id));
    if (this.#more === 0) return [...this.#problems, ...lost];
    const more = { message: `and ${this.#more} more errors`, entry: "", dumpIds: [...this.#beyond] };
    return [...this.#problems, ...lost, more];
  }
}
