import { knownWords, UNKNOWN_WORDS } from "../../postgres/known-words.ts";
import { anyOf } from "../../kernel/pattern.ts";

/**
 * Findings lie in the store as plain text, beside rows that are sealed; so what the server quotes of rows is
 * taken out of what pg_restore reports: details of violated constraints, the place in a COPY, statements that
 * a function has built, and values that a type does not take. Where an entry works on rows, only words that
 * hold none are kept. Names stay.
 *
 * https://www.postgresql.org/docs/current/error-message-reporting.html (DETAIL, CONTEXT)
 */

/** Begins a detail that quotes a row or a key. */
const QUOTES_ROW =
  /^DETAIL:\s+(?!\s|Process |There |Role |Table |Function |Schema |Column |Type |owner |privileges |No )/i;

/** `COPY t, line 3, column c: "value"`: the value, or the whole row. */
const COPY_PLACE = /^(CONTEXT:\s+COPY .*?, line \d+(?:, column [^:]+)?):? /s;

/** Who was running, without the statement: one that was built at run time has values in it. */
const RUNNING = /^CONTEXT:\s+(?:COPY |PL\/\w+ function |SQL function |compilation of |while )/i;

/** `LINE 1: SELECT …` repeats a statement. */
const STATEMENT = /^(?:LINE \d+|QUERY):/;

/** What pg_restore says before it repeats the server's words. */
const SERVERS = /^(.*?ERROR: {2})(.*)$/s;

/** Entries whose making looks at rows, and so calls what may quote them. */
const ON_ROWS = anyOf(
  /^$/,
  /^(?:TABLE DATA|MATERIALIZED VIEW DATA|BLOBS?|BLOB DATA|LARGE OBJECTS?) /,
  /^(?:INDEX|CONSTRAINT|CHECK CONSTRAINT|FK CONSTRAINT|TABLE ATTACH|INDEX ATTACH) /,
);

/** Whether making an entry looks at rows. An unknown one may. */
export function isOnRows(entry: string): boolean {
  return ON_ROWS.test(entry);
}

/**
 * A line that follows an error's first one, without values of rows; undefined where nothing is left of it.
 */
export function withoutRowValues(line: string): string | undefined {
  if (QUOTES_ROW.test(line) || STATEMENT.test(line)) return undefined;
  const place = COPY_PLACE.exec(line);
  if (place !== null) return place[1];
  return /^CONTEXT:/i.test(line) && !RUNNING.test(line) ? undefined : line;
}

/**
 * An error's first line without values of rows.
 *
 * @param strict the entry works on rows: words of the server's are only told where it is known that they
 *   hold no value
 */
export function withKnownWords(
  words: string,
  strict: boolean,
): { readonly words: string; readonly known: boolean } {
  // Before an own ERROR stands what pg_restore says itself, which knows no rows.
  const [, before, said] = SERVERS.exec(words) ?? [];
  if (before === undefined || said === undefined) return { words, known: true };
  const known = knownWords(said);
  if (known === undefined && !strict) return { words, known: true };
  return { words: before + (known ?? UNKNOWN_WORDS), known: known !== undefined };
}

/**
 * What pg_restore wrote before it gave up, without values of rows: it went past errors before, and they
 * are told too.
 */
export function lastWordsWithoutRows(stderr: string): string {
  let known = true;
  return stderr
    .split("\n")
    .flatMap((line) => {
      if (/^(?:pg_restore: )?error: /.test(line) || line.includes("ERROR:  ")) {
        const told = withKnownWords(line, true);
        ({ known } = told);
        return [told.words];
      }
      const left = withoutRowValues(line.replace(/^pg_restore: (?=detail: |hint: )/i, ""));
      if (left === undefined || (!known && /^(?:detail|hint):/i.test(left))) return [];
      return [left];
    })
    .join("\n");
}
