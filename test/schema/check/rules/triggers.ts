/** One migration for a rule of squawk's, written for this test. */
export interface Trigger {
  /** As squawk calls it: https://squawkhq.com/docs/rules */
  readonly rule: string;
  /** What has to be there before, made by an earlier migration. */
  readonly before?: string;
  readonly sql: string;
  /** Options of squawk's without which it does not look. */
  readonly options?: readonly string[];
}

/** Each has tables of its own, so that all can stand in one folder. */
export const TRIGGERS: readonly Trigger[] = [
  {
    rule: "adding-field-with-default",
    before: "create table fd (id bigint)",
    sql: "alter table fd add column u uuid not null default gen_random_uuid();",
  },
  {
    rule: "adding-required-field",
    before: "create table rf (id bigint)",
    sql: "alter table rf add column c bigint not null;",
  },
  {
    rule: "adding-not-nullable-field",
    before: "create table nf (id bigint, c bigint)",
    sql: "alter table nf alter column c set not null;",
  },
  {
    rule: "adding-foreign-key-constraint",
    before: "create table fk_b (id bigint primary key); create table fk_a (b_id bigint)",
    sql: "alter table fk_a add constraint fk_a_b foreign key (b_id) references fk_b (id);",
  },
  {
    rule: "adding-serial-primary-key-field",
    before: "create table pk (id bigint not null)",
    sql: "alter table pk add primary key (id);",
  },
  {
    rule: "disallowed-unique-constraint",
    before: "create table uc (c bigint)",
    sql: "alter table uc add constraint uc_c unique (c);",
  },
  {
    rule: "constraint-missing-not-valid",
    before: "create table nv (c bigint)",
    sql: "alter table nv add constraint nv_c check (c > 0);",
  },
  {
    rule: "changing-column-type",
    before: "create table ct (c int)",
    sql: "alter table ct alter column c type bigint;",
  },
  {
    rule: "require-concurrent-index-creation",
    before: "create table ic (c bigint)",
    sql: "create index ic_c on ic (c);",
  },
  {
    rule: "require-concurrent-index-deletion",
    before: "create table id (c bigint); create index id_c on id (c)",
    sql: "drop index id_c;",
  },
  { rule: "require-concurrent-reindex", before: "create table ri (c bigint)", sql: "reindex table ri;" },
  {
    rule: "require-concurrent-partition-detach",
    before: `
      create table pd (c bigint) partition by range (c);
      create table pd1 partition of pd for values from (0) to (9)
    `,
    sql: "alter table pd detach partition pd1;",
  },
  {
    rule: "ban-concurrent-index-creation-in-transaction",
    before: "create table ci (c bigint)",
    sql: "begin; create index concurrently ci_c on ci (c); commit;",
  },
  { rule: "ban-drop-column", before: "create table dc (c bigint)", sql: "alter table dc drop column c;" },
  { rule: "ban-drop-table", before: "create table dt (c bigint)", sql: "drop table dt;" },
  { rule: "ban-drop-database", sql: "drop database no_such_database;" },
  {
    rule: "ban-drop-not-null",
    before: "create table dn (c bigint not null)",
    sql: "alter table dn alter column c drop not null;",
  },
  { rule: "ban-truncate-cascade", before: "create table tc (c bigint)", sql: "truncate tc cascade;" },
  {
    rule: "renaming-column",
    before: "create table rc (a bigint)",
    sql: "alter table rc rename column a to b;",
  },
  { rule: "renaming-table", before: "create table rt (a bigint)", sql: "alter table rt rename to rt2;" },
  { rule: "ban-uncommitted-transaction", sql: "begin; create table ut (id bigint);" },
  { rule: "transaction-nesting", sql: "begin; begin; select 1; commit;" },
  {
    rule: "prefer-robust-stmts",
    before: "create table rs (c bigint)",
    sql: "alter table rs add column d bigint; create index concurrently rs_c on rs (c);",
  },
  {
    rule: "ban-duplicate-column-assignments",
    before: "create table da (a int)",
    sql: "update da set a = 1, a = 2;",
  },
  {
    rule: "ban-create-domain-with-constraint",
    sql: "create domain cd as text check (length(value) > 0);",
  },
  {
    rule: "ban-alter-domain-with-add-constraint",
    before: "create domain ad as int; create table uses_ad (c ad)",
    sql: "alter domain ad add constraint ad_positive check (value > 0);",
  },
  {
    rule: "require-enum-value-ordering",
    before: "create type eo as enum ('a')",
    sql: "alter type eo add value 'b';",
  },
  {
    rule: "prefer-repack",
    before: "create table pr (c bigint)",
    sql: "vacuum full pr;",
    options: ["--pg-version=19.0"],
  },
  {
    rule: "ban-char-field",
    before: "create table cf (id bigint)",
    sql: "alter table cf add column c char(10);",
  },
  {
    rule: "prefer-text-field",
    before: "create table tf (id bigint)",
    sql: "alter table tf add column c varchar(20);",
  },
  {
    rule: "prefer-timestamp-tz",
    before: "create table tz (id bigint)",
    sql: "alter table tz add column c timestamp;",
  },
  { rule: "prefer-identity", sql: "create table pi (id bigserial primary key);" },
  {
    rule: "prefer-bigint-over-int",
    before: "create table bi (id bigint)",
    sql: "alter table bi add column c int;",
  },
  {
    rule: "prefer-bigint-over-smallint",
    before: "create table bs (id bigint)",
    sql: "alter table bs add column c smallint;",
  },
  { rule: "identifier-too-long", sql: `create table ${"long_".repeat(14)}name (id bigint);` },
  {
    rule: "require-lock-timeout",
    before: "create table lt (id bigint)",
    sql: "alter table lt add column c text;",
  },
  {
    rule: "require-statement-timeout",
    before: "create table st (id bigint)",
    sql: "alter table st add column c text;",
  },
  {
    rule: "require-table-schema",
    sql: "create table ts (id bigint);",
    options: ["--include=require-table-schema"],
  },
  { rule: "syntax-error", sql: "creat table se (id bigint);" },
  { rule: "unused-ignore", sql: "-- squawk-ignore ban-drop-column\nselect 1;" },
];
