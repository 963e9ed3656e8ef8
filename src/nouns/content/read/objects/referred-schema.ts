/**
 * Catalogs whose objects stand in schemas and that others depend on, with the column that names the schema.
 */
const CATALOGS = [
  ["pg_class", "relnamespace"],
  ["pg_proc", "pronamespace"],
  ["pg_type", "typnamespace"],
  ["pg_operator", "oprnamespace"],
  ["pg_opclass", "opcnamespace"],
  ["pg_opfamily", "opfnamespace"],
  ["pg_collation", "collnamespace"],
  ["pg_conversion", "connamespace"],
  ["pg_ts_config", "cfgnamespace"],
  ["pg_ts_dict", "dictnamespace"],
  ["pg_ts_parser", "prsnamespace"],
  ["pg_ts_template", "tmplnamespace"],
  ["pg_statistic_ext", "stxnamespace"],
] as const;

/**
 * SQL for the namespace of whatever a dependency refers to; null for what has none.
 *
 * @param catalog SQL of its catalog, as `pg_depend.refclassid`
 * @param oid SQL of its number there
 */
export function referredSchema(catalog: string, oid: string): string {
  const each = CATALOGS.map(
    ([name, column]) =>
      `(SELECT o.${column} FROM ${name} o WHERE ${catalog} = '${name}'::regclass AND o.oid = ${oid})`,
  );
  return `coalesce(${each.join(",\n    ")})`;
}
