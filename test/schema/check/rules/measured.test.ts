import { beforeAll, describe, expect, it } from "@jest/globals";
import { checkFiles, type CheckedFolder } from "../check-folder.ts";

/**
 * `[name, what is there before, the migration, the finding, or none]`; judged on a server by what
 * happens there.
 */
const CASES: readonly (readonly [string, string, string, string?])[] = [
  ["longer varchar", "create table t1 (c varchar(10))", "alter table t1 alter column c type varchar(20)"],
  ["varchar to text", "create table t2 (c varchar(10))", "alter table t2 alter column c type text"],
  ["numeric grows", "create table t3 (c numeric(10,2))", "alter table t3 alter column c type numeric(12,2)"],
  [
    "numeric scale",
    "create table t4 (c numeric(10,2))",
    "alter table t4 alter column c type numeric(12,4)",
    "type-change t4.c",
  ],
  [
    "shorter varchar",
    "create table t5 (c varchar(20))",
    "alter table t5 alter column c type varchar(10)",
    "type-change t5.c",
  ],
  [
    "int to bigint",
    "create table t6 (c int)",
    "alter table t6 alter column c type bigint",
    "type-change t6.c",
  ],
  [
    "constraint of a domain",
    "create domain d7 as int; create table t7 (c int)",
    "alter table t7 alter column c type d7",
  ],
  [
    "checked domain",
    "create domain d8 as int check (value > 0); create table t8 (c int)",
    "alter table t8 alter column c type d8",
    "type-change t8.c",
  ],
  ["constant default", "create table t9 (id int)", "alter table t9 add column c int not null default 1"],
  ["now()", "create table t10 (id int)", "alter table t10 add column c timestamptz not null default now()"],
  [
    "clock_timestamp()",
    "create table t11 (id int)",
    "alter table t11 add column c timestamptz default clock_timestamp()",
    "rewriting-default t11.c",
  ],
  [
    "identity",
    "create table t12 (id int)",
    "alter table t12 add column c bigint generated always as identity",
    "rewriting-default t12.c",
  ],
  [
    "stored",
    "create table t13 (a int)",
    "alter table t13 add column c int generated always as (a * 2) stored",
    "rewriting-default t13.c",
  ],
  [
    "steady function of one's own",
    "create function one() returns int immutable language sql as 'select 1'; create table t14 (a int)",
    "alter table t14 add column c int default one()",
  ],
  [
    "function that changes",
    `
      create function changing() returns int volatile language plpgsql as 'begin return 1; end';
      create table t15 (a int)
    `,
    "alter table t15 add column c int default changing()",
    "rewriting-default t15.c",
  ],
  [
    "set not null",
    "create table t16 (c int)",
    "alter table t16 alter column c set not null",
    "not-null-scan t16.c",
  ],
  [
    "set not null behind a check",
    "create table t17 (c int constraint k17 check (c is not null))",
    "alter table t17 alter column c set not null; alter table t17 drop constraint k17",
  ],
  [
    "set logged",
    "create unlogged table t18 (c int)",
    "alter table t18 set logged",
    "rewrites-table public.t18",
  ],
  [
    "attach",
    "create table t19 (c int) partition by range (c); create table t19a (c int)",
    "alter table t19 attach partition t19a for values from (0) to (9)",
    "scans-locked-table public.t19a",
  ],
  [
    "attach behind a check",
    `
      create table t20 (c int) partition by range (c);
      create table t20a (c int not null check (c >= 0 and c < 9))
    `,
    "alter table t20 attach partition t20a for values from (0) to (9)",
  ],
  [
    "unique column",
    "create table t21 (a int)",
    "alter table t21 add column c int unique",
    "scans-locked-table public.t21",
  ],
  [
    "foreign key on a new column",
    "create table t22 (id int primary key); create table t22a (a int)",
    "alter table t22a add column c int references t22",
  ],
  [
    "validate",
    "create table t23 (c int); alter table t23 add constraint k23 check (c > 0) not valid",
    "alter table t23 validate constraint k23",
  ],
  [
    "own table",
    "select",
    "create table t24 (c int); alter table t24 alter column c type bigint; create index on t24 (c)",
  ],
  [
    "exists already",
    "create table t25 (c int)",
    "create table if not exists t25 (c int); alter table t25 alter column c type bigint",
    "type-change t25.c",
  ],
];

describe("what statements were seen to do on a server decides", () => {
  let checked: CheckedFolder;
  const file = (name: string): string => `${String(100 + CASES.findIndex(([each]) => each === name))}_x.sql`;

  beforeAll(async () => {
    const before = CASES.map(([, sql]) => `${sql};`).join("\n");
    checked = await checkFiles({
      "001_before.sql": before,
      ...Object.fromEntries(CASES.map(([name, , sql]) => [file(name), sql])),
    });
  }, 120_000);

  it.each(CASES.map(([name, , , expected]) => ({ name, expected })))(
    "$name: $expected",
    ({ name, expected }) => {
      expect(checked.pairs.find((pair) => pair.file === file(name))).toMatchObject({ verdict: "missing" });
      const found = checked.findings.filter((each) => each.file === file(name) && each.level !== "note");
      expect(found.map(({ rule, object }) => `${rule} ${object ?? ""}`)).toEqual(
        expected === undefined ? [] : [expected],
      );
    },
  );
});
