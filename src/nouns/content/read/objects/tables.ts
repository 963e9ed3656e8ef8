import { IN_SCOPE, notInExtension } from "../../scope.ts";
import {
  always,
  flag,
  IN_DEFINITION,
  otherMajor,
  otherMajorFlag,
  printed,
  type ObjectClass,
} from "./object-class.ts";
import { collationName, columnNames, named, RELATION, roleName } from "./names.ts";
import { operatorFields } from "./operators-used.ts";
import { allOptions, COLUMN_OPTIONS, optionsNamed, TABLE_OPTIONS, TOAST_OPTIONS } from "./options.ts";

export const OWN_RELATION = `${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")}`;
const FROM_CLASS = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";

/**
 * Options of the relation `c`: an access method that an extension brings has names of its own, all of them
 * set by people.
 */
export const STORAGE_OPTIONS = `
  CASE WHEN c.relam = 0
         OR c.relam = (SELECT oid FROM pg_am WHERE amname = 'heap')
         THEN ${optionsNamed("c.reloptions", TABLE_OPTIONS)}
       ELSE ${allOptions("c.reloptions")} END
`;
export const TOAST_STORAGE_OPTIONS = `
  CASE WHEN c.reltoastrelid <> 0
         THEN (SELECT ${optionsNamed("tc.reloptions", TOAST_OPTIONS)}
                 FROM pg_class tc
                WHERE tc.oid = c.reltoastrelid) END
`;
export const ACCESS_METHOD = "(SELECT nullif(m.amname, 'heap') FROM pg_am m WHERE m.oid = c.relam)";

const PARENTS = `
  (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
     FROM pg_inherits i
    WHERE i.inhrelid = c.oid)
`;

/** Where a table inherits, a restore puts the inherited columns first. */
const COLUMN_ORDER = `
  CASE WHEN c.relispartition
         OR NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
         THEN (SELECT string_agg(quote_ident(a.attname), ',' ORDER BY a.attnum)
                 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) END
`;

const table: ObjectClass = {
  kind: "table",
  place: { catalog: "pg_class", oid: "c.oid" },
  identity: RELATION,
  owner: roleName("c.relowner"),
  from: `
    ${FROM_CLASS} LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
     WHERE c.relkind IN ('r', 'p', 'f') AND ${OWN_RELATION}
  `,
  fields: [
    always("kind", "nullif(c.relkind, 'r')", "`CREATE TABLE`, `PARTITION BY`, `CREATE FOREIGN TABLE`"),
    // A partitioned table holds nothing; what it was declared as is not written from 18 on.
    always(
      "persistence",
      "CASE WHEN c.relkind <> 'p' THEN nullif(c.relpersistence, 'p') END",
      "`UNLOGGED`, `SET LOGGED`",
    ),
    always("column-order", COLUMN_ORDER, "`CREATE TABLE`, `ADD COLUMN`; not where a table inherits"),
    always("parents", PARENTS, "`INHERITS`, `PARTITION OF`, `ATTACH PARTITION`"),
    printed("partition-key", "CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END", "`PARTITION BY`"),
    otherMajor(
      "partition-columns",
      `
        (SELECT pt.partstrat::text || ' '
         || ${columnNames("string_to_array(pt.partattrs::text, ' ')::int2[]", "c.oid")}
           FROM pg_partitioned_table pt
          WHERE pt.partrelid = c.oid)
      `,
      "`PARTITION BY`",
    ),
    ...operatorFields("(SELECT pt.partexprs FROM pg_partitioned_table pt WHERE pt.partrelid = c.oid)"),
    printed(
      "partition-bound",
      "CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END",
      "`FOR VALUES`",
    ),
    otherMajorFlag("is-partition", "c.relispartition", "`PARTITION OF`"),
    always("replica-identity", "nullif(c.relreplident, 'd')", "`REPLICA IDENTITY`"),
    always("of-type", "CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END", "`OF`"),
    always(
      "options",
      `CASE WHEN c.relkind <> 'f' THEN ${STORAGE_OPTIONS} END`,
      "`WITH (…)`, storage parameters by name",
    ),
    always("toast-options", TOAST_STORAGE_OPTIONS, "`WITH (toast.…)`"),
    always("access-method", ACCESS_METHOD, "`USING`"),
    always(
      "server",
      "(SELECT quote_ident(s.srvname) FROM pg_foreign_server s WHERE s.oid = f.ftserver)",
      "`SERVER`",
    ),
    always("foreign-options", allOptions("f.ftoptions"), "`OPTIONS (…)`"),
  ],
};

/** Whether a parent's NOT NULL of the same column was not validated. */
const NOT_VALID_ABOVE = `
  EXISTS (SELECT FROM pg_inherits h
            JOIN pg_attribute ha ON ha.attrelid = h.inhparent AND ha.attname = a.attname
            JOIN pg_constraint hk ON hk.conrelid = ha.attrelid
                 AND hk.contype = 'n'
                 AND hk.conkey = ARRAY[ha.attnum]
           WHERE h.inhrelid = a.attrelid AND NOT hk.convalidated)
`;

const column: ObjectClass = {
  kind: "column",
  identity: `${RELATION} || '.' || quote_ident(a.attname)`,
  from: `
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'm') AND ${OWN_RELATION}
  `,
  fields: [
    always("type", "format_type(a.atttypid, a.atttypmod)", "`CREATE TABLE`, `ALTER COLUMN … TYPE`"),
    flag("not-null", "a.attnotnull", "`NOT NULL`, `PRIMARY KEY`"),
    // A constraint of its own since 18; before, it has neither a name nor properties. An inherited one has
    // its parent's name; where it is valid and the parent's is not, pg_dump writes it as the table's own.
    always(
      "not-null-constraint",
      `
        CASE WHEN a.attnotnull
               THEN (SELECT concat_ws(' ',
                                      CASE WHEN k.conislocal
                                             OR k.convalidated
                                             AND ${NOT_VALID_ABOVE} THEN quote_ident(k.conname) END,
                                      CASE WHEN k.connoinherit THEN 'no inherit' END,
                                      CASE WHEN NOT k.convalidated THEN 'not valid' END)
                       FROM pg_constraint k
                      WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]) END
      `,
      "`CONSTRAINT … NOT NULL`, `NO INHERIT`, `NOT VALID`",
      { since: 18 },
    ),
    // Partitions have their parent's since 17, and none before.
    always(
      "identity",
      `
        CASE WHEN NOT c.relispartition
               OR current_setting('server_version_num')::int < 170000 THEN a.attidentity END
      `,
      "`GENERATED … AS IDENTITY`; of partitions their parent's",
    ),
    always("generated", "a.attgenerated", "`GENERATED … STORED`, `VIRTUAL`"),
    printed("default", "pg_get_expr(d.adbin, d.adrelid)", "`DEFAULT`, `GENERATED … AS (…)`"),
    otherMajorFlag("has-default", "d.oid IS NOT NULL", "`DEFAULT`"),
    ...operatorFields("d.adbin"),
    always(
      "collation",
      `CASE WHEN a.attcollation <> t.typcollation THEN ${collationName("a.attcollation")} END`,
      "`COLLATE`",
    ),
    always("storage", "CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END", "`SET STORAGE`"),
    always("compression", "a.attcompression", "`COMPRESSION`", { since: 14 }),
    // Null since 17 where it is not set, -1 before.
    always(
      "statistics-target",
      "CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END",
      "`SET STATISTICS`",
    ),
    always(
      "options",
      optionsNamed("a.attoptions", COLUMN_OPTIONS),
      "`SET (n_distinct, n_distinct_inherited)`",
    ),
    always("foreign-options", allOptions("a.attfdwoptions"), "`OPTIONS (…)`"),
  ],
};

const rowSecurity: ObjectClass = {
  kind: "row-security",
  identity: RELATION,
  from: `
    ${FROM_CLASS}
     WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.relkind IN ('r', 'p') AND ${OWN_RELATION}
  `,
  fields: [
    flag("enabled", "c.relrowsecurity", "`ENABLE ROW LEVEL SECURITY`"),
    flag("forced", "c.relforcerowsecurity", "`FORCE ROW LEVEL SECURITY`"),
  ],
};

/**
 * Foreign keys of partitions are made again with their parent's, under names of the server's choice; NOT NULL
 * belongs to the column.
 */
const constraint: ObjectClass = {
  kind: "constraint",
  place: { catalog: "pg_constraint", oid: "k.oid" },
  identity: `
    coalesce(${RELATION},
             (SELECT ${named("tn.nspname", "t.typname")}
                FROM pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace
               WHERE t.oid = k.contypid))
      || '.' || quote_ident(k.conname)
  `,
  from: `
     FROM pg_constraint k
     LEFT JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE k.contype NOT IN ('t', 'n')
      AND NOT (k.contype = 'f' AND k.conparentid <> 0)
      AND ${IN_SCOPE}
      AND (c.oid IS NULL OR ${notInExtension("pg_class", "c.oid")})
      AND (k.contypid = 0 OR ${notInExtension("pg_type", "k.contypid")})
      AND NOT (k.contype IN ('p', 'u', 'x')
               AND c.relkind <> 'p'
               AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = k.conindid AND NOT i.indisvalid))
  `,
  fields: [
    always("kind", "k.contype", "`CHECK`, `UNIQUE`, `PRIMARY KEY`, `FOREIGN KEY`, `EXCLUDE`"),
    printed("definition", "pg_get_constraintdef(k.oid)", "the whole clause"),
    ...operatorFields("k.conbin"),
    always(
      "columns",
      `CASE WHEN k.contype IN ('p', 'u', 'f') THEN ${columnNames("k.conkey", "k.conrelid")} END`,
      "the columns of a key",
      IN_DEFINITION,
    ),
    always(
      "references",
      `
        CASE WHEN k.contype = 'f'
               THEN concat_ws(' ', k.confrelid::regclass, ${columnNames("k.confkey", "k.confrelid")},
                              k.confupdtype, k.confdeltype, k.confmatchtype) END
      `,
      "`REFERENCES`, `ON UPDATE`, `ON DELETE`, `MATCH`",
      IN_DEFINITION,
    ),
    flag("not-valid", "NOT k.convalidated", "`NOT VALID`, `VALIDATE CONSTRAINT`"),
    flag("deferrable", "k.condeferrable", "`DEFERRABLE`"),
    flag("deferred", "k.condeferred", "`INITIALLY DEFERRED`"),
    flag("no-inherit", "k.contype = 'c' AND k.connoinherit", "`NO INHERIT`"),
    flag("not-enforced", "NOT k.conenforced", "`NOT ENFORCED`", { since: 18 }),
  ],
};

export const TABLE_CLASSES: readonly ObjectClass[] = [table, column, constraint, rowSecurity];
