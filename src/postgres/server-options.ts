/** A setting of the server's that a URL's `options` ask for. */
export interface ServerOption {
  readonly name: string;
  readonly value: string;
}

/**
 * The settings in a start-up parameter `options`: `-c name=value` and `--name=value`, where a backslash keeps
 * the sign behind it and `-` in the second form stands for `_`. Other words are passed over: they are of
 * proxies (`endpoint=…`), or single-letter switches, and nothing can be told of them.
 * https://www.postgresql.org/docs/current/runtime-config-short.html,
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function readServerOptions(options: string): ServerOption[] {
  const words = [...options.matchAll(/(?:\\[\s\S]|[^\s\\])+/g)].map(([word]) =>
    word.replace(/\\([\s\S])/g, "$1"),
  );
  const found: ServerOption[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    const long = word.startsWith("--");
    let text: string | undefined;
    if (long) text = word.slice(2);
    else if (word === "-c") text = words[(index += 1)];
    else if (word.startsWith("-c")) text = word.slice(2);
    const at = text?.indexOf("=") ?? -1;
    if (text === undefined || at <= 0) continue;
    const name = text.slice(0, at).toLowerCase();
    found.push({ name: long ? name.replaceAll("-", "_") : name, value: text.slice(at + 1) });
  }
  return found;
}

/**
 * What every session of ours sets itself, so that the same is read and written whatever a role's or a
 * database's defaults are. Whoever asks for another value would not get it.
 */
export const OWN_SETTINGS: readonly string[] = [
  "array_nulls",
  "client_encoding",
  "default_table_access_method",
  "default_tablespace",
  "default_transaction_deferrable",
  "default_transaction_isolation",
  "default_transaction_read_only",
  "event_triggers",
  "exit_on_error",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
  "lock_timeout",
  "quote_all_identifiers",
  "row_security",
  "standard_conforming_strings",
  "statement_timeout",
  "transaction_timeout",
  "transform_null_equals",
];

/** Set by ours as well, where nothing depends on them; scripts have the search path asked for. */
export const WITHOUT_EFFECT: readonly string[] = ["application_name", "search_path"];
