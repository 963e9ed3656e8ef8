/**
 * Findings lie in the store as plain text, beside rows that are sealed; so what the server quotes of rows is taken out of what
 * pg_restore reports: details of violated constraints, the place in a COPY, and values that a type does not take. Names stay.
 *
 * https://www.postgresql.org/docs/current/error-message-reporting.html (DETAIL, CONTEXT)
 */

/** Begins a detail that quotes a row or a key. */
const QUOTES_ROW = /^DETAIL:\s+(?!\s|Process |There |Role |Table |Function |Schema |Column |Type |owner |privileges |No )/i;

/** `COPY t, line 3, column c: "value"`: the value, or the whole row. */
const COPY_PLACE = /^(CONTEXT:\s+COPY .*?, line \d+(?:, column [^:]+)?):? .*$/s;

/** `invalid input syntax for type integer: "value"` and its kin, at the end of a message. */
const VALUE = /^((?!COPY failed).*?(?:invalid|malformed|out of range|overflow|unrecognized|duplicate|not valid|too long)[^"]*): ?".*"$/s;

/** One line of a report without values of rows; undefined where nothing is left of it. */
export function withoutRowValues(line: string): string | undefined {
  if (QUOTES_ROW.test(line)) return undefined;
  const place = COPY_PLACE.exec(line);
  if (place !== null) return place[1];
  return line.replace(/(ERROR: {2})(.*)$/s, (_, start: string, words: string) => start + withoutValue(words));
}

/** A message without the value that it quotes at its end. */
export function withoutValue(message: string): string {
  const found = VALUE.exec(message);
  return found === null ? message : `${found[1]!} (the value is not shown)`;
}
