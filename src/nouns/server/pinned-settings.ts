/**
 * Settings of every session that measures content. Text forms of values, and the way the server
 * prints definitions, depend on them, so source and copy are always read with the same ones;
 * `docs/formats.md` repeats them.
 */
export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  // Every name outside pg_catalog is printed with its schema, and no user function can stand in for
  // a built-in one.
  search_path: "pg_catalog",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  extra_float_digits: "1",
  bytea_output: "hex",
  lc_monetary: "C",
  xmloption: "content",
  quote_all_identifiers: "off",
  standard_conforming_strings: "on",
  // A policy that would hide rows is an error instead of a smaller result.
  row_security: "off",
  // How many sessions work is Holdfast's choice, not the planner's; and compiling costs more than
  // these queries gain.
  max_parallel_workers_per_gather: "0",
  jit: "off",
};
