import { IN_SCOPE, notInExtension } from "../../scope.ts";
import { always, flag, IN_DEFINITION, otherMajorFlag, printed, type ObjectClass } from "./object-class.ts";
import { named, roleName, vectorNames } from "./names.ts";
import { operatorFields } from "./operators-used.ts";
import { OWN_RELATION } from "./tables.ts";

/**
 * pg_dump leaves out what a failed CREATE INDEX CONCURRENTLY left behind: not valid, and not of a partitioned
 * table (pg_dump.c, getIndexes).
 */
const index: ObjectClass = {
  kind: "index",
  place: { catalog: "pg_class", oid: "x.oid" },
  identity: named("n.nspname", "x.relname"),
  from: `
     FROM pg_index i
     JOIN pg_class x ON x.oid = i.indexrelid
     JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm')
      AND (i.indisvalid OR c.relkind = 'p')
      AND i.indisready
      AND ${OWN_RELATION}
  `,
  fields: [
    printed("definition", "pg_get_indexdef(x.oid)", "the whole statement, storage parameters too"),
    always("method", "(SELECT m.amname FROM pg_am m WHERE m.oid = x.relam)", "`USING`", IN_DEFINITION),
    always("keys", vectorNames("i.indkey", "i.indrelid"), "the columns, `INCLUDE` too", IN_DEFINITION),
    always("key-count", "i.indnkeyatts", "`INCLUDE`"),
    always("key-options", "i.indoption", "`DESC`, `NULLS FIRST`"),
    flag("unique", "i.indisunique", "`UNIQUE`"),
    flag("nulls-not-distinct", "i.indnullsnotdistinct", "`NULLS NOT DISTINCT`", { since: 15 }),
    flag("primary", "i.indisprimary", "`PRIMARY KEY`"),
    flag("exclusion", "i.indisexclusion", "`EXCLUDE`"),
    flag("deferrable", "NOT i.indimmediate", "`DEFERRABLE`"),
    ...operatorFields("concat_ws(' ', i.indexprs, i.indpred)"),
    otherMajorFlag("has-predicate", "i.indpred IS NOT NULL", "`WHERE`"),
    flag("invalid", "NOT i.indisvalid", "`CREATE INDEX ON ONLY` without all partitions attached"),
    flag("clustered", "i.indisclustered", "`CLUSTER ON`"),
    flag("replica-identity", "i.indisreplident", "`REPLICA IDENTITY USING INDEX`"),
    always(
      "attached-to",
      "(SELECT pi.inhparent::regclass FROM pg_inherits pi WHERE pi.inhrelid = x.oid)",
      "`ATTACH PARTITION`",
    ),
    always(
      "statistics-targets",
      `
        (SELECT string_agg(a.attnum || ':' || a.attstattarget, ',' ORDER BY a.attnum)
           FROM pg_attribute a
          WHERE a.attrelid = x.oid AND a.attstattarget >= 0)
      `,
      "`ALTER COLUMN … SET STATISTICS`",
    ),
  ],
};

const statistics: ObjectClass = {
  kind: "statistics",
  place: { catalog: "pg_statistic_ext", oid: "s.oid" },
  identity: named("n.nspname", "s.stxname"),
  owner: roleName("s.stxowner"),
  from: `
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    WHERE ${IN_SCOPE} AND ${notInExtension("pg_statistic_ext", "s.oid")}
  `,
  fields: [
    // Not the whole statement: that is printed for people, in a form that a restore changes.
    printed("expressions", "array_to_string(pg_get_statisticsobjdef_expressions(s.oid), ', ')", "`ON (…)`", {
      since: 14,
    }),
    ...operatorFields("s.stxexprs", { since: 14 }),
    always("table", "s.stxrelid::regclass", "`FROM`"),
    always("columns", vectorNames("s.stxkeys", "s.stxrelid"), "`ON`"),
    always("statistics-kinds", "array_to_string(s.stxkind, ',')", "`(ndistinct, dependencies, mcv)`"),
    always(
      "statistics-target",
      "CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END",
      "`SET STATISTICS`",
      { since: 13 },
    ),
  ],
};

export const INDEX_CLASSES: readonly ObjectClass[] = [index, statistics];
