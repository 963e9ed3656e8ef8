import { describe, expect, it } from "@jest/globals";
import type { StatementImpact, TableImpact } from "../../../../src/schema/proof/impact.ts";
import { firstWords } from "../../../../src/schema/proof/impact.ts";
import type { Finding } from "../../../../src/schema/check/finding.ts";
import { FALLBACK_RULES, RULES } from "../../../../src/schema/check/rules/all.ts";
import { LEFT_OUT } from "../../../../src/schema/check/rules/left-out.ts";
import { lookAtStatements } from "../../../../src/schema/check/rules/look.ts";
import { prepareScript } from "../../../../src/schema/script/prepare.ts";

const script = (text: string, firstLine = 1): ReturnType<typeof prepareScript> =>
  prepareScript({ file: "1_a.sql", text, firstLine, transaction: true });

/** What is found in a text; what each statement did is given where it was watched. */
async function look(
  text: string,
  ...tables: readonly (Partial<TableImpact> | undefined)[]
): Promise<Finding[]> {
  const prepared = await script(text);
  const impacts = tables.flatMap((table, at): StatementImpact[] => {
    const statement = prepared.script.statements[at]!;
    const whole: TableImpact = {
      table: "public.t",
      lock: "AccessExclusiveLock",
      blocks: "reads and writes",
      rewrites: false,
      scans: false,
      isNew: false,
      ...table,
    };
    const seen = table === undefined ? [] : [whole];
    return [{ line: statement.line, statement: firstWords(statement.text), milliseconds: 1, tables: seen }];
  });
  return lookAtStatements(prepared, impacts);
}

const named = (findings: readonly Finding[]): string[] =>
  findings.map(({ rule, object }) => (object === undefined ? rule : `${rule} ${object}`));

/** Rule and object of each finding in a text that was not watched. */
const inText = async (text: string): Promise<string[]> => named(await look(text));

/**
 * `[sql, what is found]`; for each the same on a table that the file makes itself is silent, where `t`
 * stands for one.
 */
const FIRES: readonly (readonly [string, ...string[]])[] = [
  ["alter table app.t add column c int not null", "required-column app.t.c"],
  ["alter table t add column c int primary key", "required-column t.c"],
  ["alter table t add column u uuid default gen_random_uuid()", "rewriting-default t.u"],
  ["alter table t add column u uuid default app.make_id()", "rewriting-default t.u"],
  ["alter table t add column n bigserial", "rewriting-default t.n"],
  ["alter table t add column n bigint generated always as identity", "rewriting-default t.n"],
  ["alter table t add column n int generated always as (a + 1) stored", "rewriting-default t.n"],
  ["alter table t alter column c type bigint", "type-change t.c"],
  ["alter table t alter column c set not null", "not-null-scan t.c"],
  ["alter table t add constraint k check (c > 0)", "check-scan t"],
  ["alter table t add constraint k foreign key (c) references other (id)", "foreign-key-scan t"],
  ["alter table t add constraint k unique (c)", "unique-builds-index t"],
  ["alter table t add primary key (id)", "primary-key-builds-index t"],
  ["alter table t add constraint k exclude using gist (c with &&)", "exclusion-builds-index t"],
  ["alter table t add column j json", "json-column t.j"],
  ["alter table t drop column c", "drop-column t.c"],
  ["alter table t alter column c drop not null", "drop-not-null t.c"],
  ["alter table t detach partition t1", "detach-blocks t"],
  ["create index i on t (c)", "index-blocks-writes i"],
  ["create unique index on app.t (c)", "index-blocks-writes app.t"],
  ["reindex table t", "reindex-blocks t"],
  ["vacuum (full) t", "full-vacuum t"],
  ["cluster t using i", "full-vacuum t"],
  ["drop table t", "drop-table t"],
  ["truncate t", "truncate t"],
  ["alter table t rename to t2", "rename t"],
  ["alter table t rename column a to b", "rename t.a"],
  ["refresh materialized view t", "refresh-blocks t"],
];

describe("a rule", () => {
  it.each(FIRES)("%s: %s", async (sql, ...expected) => {
    expect(await inText(sql)).toEqual(expected);
  });

  it.each(FIRES)("%s: silent where the file makes the table itself", async (sql) => {
    const made = sql.includes("app.t") ? "app.t" : "t";
    const found = await inText(`create table ${made} (id bigint, a int, c int); ${sql}`);
    expect(found.filter((each) => !each.startsWith("several-steps"))).toEqual([]);
  });

  it.each([
    ["alter table t add column c int"],
    ["alter table t add column c int not null default 5"],
    ["alter table t add column c timestamptz not null default now()"],
    ["alter table t add column c timestamptz default current_timestamp"],
    ["alter table t add column j jsonb not null default '{}'"],
    ["alter table t add column n int generated always as (a + 1) virtual"],
    ["alter table t add column b_id bigint references other (id)"],
    ["alter table t add constraint k check (c > 0) not valid"],
    ["alter table t add constraint k foreign key (c) references other (id) not valid"],
    ["alter table t validate constraint k"],
    ["alter table t add constraint k unique using index i"],
    ["alter table t add constraint k primary key using index i"],
    ["create index concurrently i on t (c)"],
    ["drop index concurrently i"],
    ["reindex (concurrently) table t"],
    ["alter table t detach partition t1 concurrently"],
    ["refresh materialized view concurrently t"],
    ["alter domain d add constraint k check (value > 0) not valid"],
    ["alter type e add value 'b' after 'a'"],
    ["drop schema app"],
    ["vacuum t"],
    ["update t set a = 1"],
    ["do $$ begin perform 1; end $$"],
  ])("says nothing of %s", async (sql) => {
    expect(await inText(sql)).toEqual([]);
  });

  it.each([
    ["drop schema app cascade", "drop-schema app"],
    ["drop database shop", "drop-database shop"],
    ["create database shop", "server-wide"],
    ["alter system set work_mem = '1GB'", "server-wide"],
    ["create tablespace fast location '/fast'", "server-wide"],
    ["alter role app password 'x'", "not-compared"],
    ["grant set on parameter log_statement to app", "not-compared"],
    ["select pg_terminate_backend(pid) from pg_stat_activity", "ends-sessions"],
    ["alter domain app.d add constraint k check (value > 0)", "domain-constraint app.d"],
    ["alter type app.e add value 'b'", "enum-value-order app.e"],
    ["alter type e rename value 'a' to 'b'", "enum-value-rename e"],
    ["drop index app.i", "index-drop-blocks app.i"],
    ["vacuum full", "full-vacuum"],
    ["reindex schema app", "reindex-blocks app"],
    ["alter view v rename to w", "rename v"],
    ["alter schema a rename to b", "rename a"],
    ["do $$ begin execute 'drop table x'; end $$", "dynamic-sql"],
    [`create table "${"é".repeat(32)}" (id int)`, `long-name ${"é".repeat(32)}`],
  ])("%s: %s", async (sql, expected) => {
    expect(await inText(sql)).toEqual([expected]);
  });

  it.each([
    `select 'a' /* of /* two */ ${"x".repeat(64)} */`,
    `select e'it\\'s ${"x".repeat(64)}'`,
    `select '${"x".repeat(64)}', $a$${"x".repeat(64)}$a$`,
    // 63 bytes: a quote in a name is written twice and is one.
    `create table "${"x".repeat(62)}""" (id int)`,
  ])("takes no word of a text or a comment for a name: %s", async (sql) => {
    expect(await inText(sql)).toEqual([]);
  });

  it.each([
    ["create domain d as int; alter domain d add constraint k check (value > 0)"],
    [
      "create type app.e as enum ('a'); alter type app.e add value 'b'; " +
        "alter type app.e rename value 'a' to 'c'",
    ],
    ["create index concurrently i on t (c); drop index concurrently i"],
    [
      `
        create table app.t_new as select 1 as c;
        alter table app.t_new rename to t;
        alter table app.t alter column c set not null
      `,
    ],
    ["select 1 as c into t; create index on t (c)"],
    ["create materialized view m as select 1 as c; create index on m (c)"],
  ])("is silent about what the file makes: %s", async (sql) => {
    expect((await inText(sql)).filter((each) => !each.startsWith("several-steps"))).toEqual([]);
  });

  it("speaks of a table that is dropped before it is made again", async () => {
    expect(await inText("drop table if exists t; create table t (id int); create index on t (id)")).toEqual([
      "drop-table t",
    ]);
  });

  it("tells tables of two schemas apart", async () => {
    expect(await inText("create table a.t (c int); create index i on b.t (c)")).toEqual([
      "index-blocks-writes i",
    ]);
  });

  it("names every object of a statement that has several", async () => {
    expect(
      await inText(
        "drop table a, app.b; truncate c, d; alter table e drop column f, add column g int not null",
      ),
    ).toEqual([
      "drop-table a",
      "drop-table app.b",
      "truncate c",
      "truncate d",
      "required-column e.g",
      "drop-column e.f",
    ]);
  });

  it("names the line of the statement, in the file", async () => {
    const prepared = await script("-- a comment\n\ncreate index i on t (c);\n\ndrop table u;", 10);
    expect(lookAtStatements(prepared, []).map(({ rule, line }) => [rule, line])).toEqual([
      ["index-blocks-writes", 12],
      ["drop-table", 14],
    ]);
  });
});

describe("what was measured decides", () => {
  it("is silent about a change of type that rewrote nothing and read nothing", async () => {
    expect(await look("alter table t alter column c type text", {})).toEqual([]);
    expect(await look("alter table t alter column c type text", undefined)).toEqual([]);
  });

  it.each([
    [
      { rewrites: true, scans: true },
      "changing this type writes the whole table anew, and nobody can read or write it meanwhile",
    ],
    [{ scans: true }, "changing this type reads the whole table, and nobody can read or write it meanwhile"],
  ])("tells a rewrite from a scan", async (impact, message) => {
    expect(await look("alter table t alter column c type bigint", impact)).toMatchObject([
      { rule: "type-change", object: "t.c", message },
    ]);
  });

  it("is silent where a validated check spared the scan, and a default rewrote nothing", async () => {
    expect(await look("alter table t alter column c set not null", {})).toEqual([]);
    expect(await look("alter table t add column u uuid default app.constant()", {})).toEqual([]);
    expect(named(await look("alter table t alter column c set not null", { scans: true }))).toEqual([
      "not-null-scan t.c",
    ]);
  });

  it("finds rewrites and scans for which there is no rule", async () => {
    const sql = "alter table t set tablespace fast";
    expect(named(await look(sql, { rewrites: true }))).toEqual(["rewrites-table public.t"]);
    expect(named(await look(sql, { scans: true }))).toEqual(["scans-locked-table public.t"]);
    expect(await look(sql, { scans: true, blocks: "nothing" })).toEqual([]);
    expect(await look(sql, { scans: true, isNew: true })).toEqual([]);
  });

  it("does not say twice what a rule has said", async () => {
    expect(named(await look("create index i on t (c)", { scans: true, blocks: "writes" }))).toEqual([
      "index-blocks-writes i",
    ]);
  });

  it("gives each of two statements on one line its own", async () => {
    const sql = "alter table t alter column a type text; alter table t alter column b type bigint";
    expect(named(await look(sql, {}, { rewrites: true }))).toEqual(["type-change t.b"]);
  });

  it("knows a table that was there, although the file says CREATE TABLE IF NOT EXISTS", async () => {
    const sql = "create table if not exists t (c int); create index i on t (c)";
    expect(named(await look(sql, undefined, { scans: true, blocks: "writes" }))).toEqual([
      "index-blocks-writes i",
    ]);
    expect(await look(sql, undefined, { scans: true, blocks: "writes", isNew: true })).toEqual([]);
  });

  it("finds a table by the name the server quotes", async () => {
    const sql = 'alter table "App"."The.Table" alter column c type bigint';
    expect(named(await look(sql, { table: '"App"."The.Table"', rewrites: true }))).toEqual([
      "type-change App.The.Table.c",
    ]);
    expect(named(await look(sql, { table: '"Other"."The.Table"', rewrites: true }))).toEqual([
      'rewrites-table "Other"."The.Table"',
    ]);
  });
});

describe("transactions of a file's own", () => {
  it.each([
    ["begin; create index concurrently i on t (c); commit", "concurrently-in-transaction"],
    ["begin; begin; select 1; commit", "nested-transaction"],
    ["select 1; commit; select 2", "nested-transaction"],
    ["begin; create table u (id int)", "uncommitted-transaction"],
    ["alter table t add column d int; create index concurrently i on t (c)", "several-steps"],
  ])("%s: %s", async (sql, expected) => {
    expect(await inText(sql)).toEqual([expected]);
  });

  it.each([
    ["begin; create table u (id int); commit"],
    ["begin; select 1; commit; begin; select 2; commit"],
    ["savepoint a; rollback to a"],
  ])("says nothing of %s", async (sql) => {
    expect(await inText(sql)).toEqual([]);
  });
});

describe("rows that are changed under a lock", () => {
  it("tells of them behind an ALTER TABLE in one transaction, with both tables", async () => {
    const found = await look(
      "alter table t add column c int; update app.u set d = 1; delete from t where c is null",
    );
    expect(named(found)).toEqual(["rows-under-lock app.u", "rows-under-lock t"]);
    expect(found[0]!.message).toBe(
      "its rows are changed while t, altered before in the same transaction, stays locked",
    );
  });

  it.each([
    ["update t set c = 1; alter table t add column d int"],
    ["begin; alter table t add column c int; commit; begin; update t set c = 1; commit"],
    ["create table t (c int); alter table t add column d int; update u set c = 1"],
  ])("says nothing of %s", async (sql) => {
    expect(await inText(sql)).toEqual([]);
  });
});

describe("the rules, as documents read them", () => {
  const all = [...RULES, ...FALLBACK_RULES];

  it("have names of their own, a problem and a safe form in whole sentences", () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, problem, solution } of all) {
      expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
      expect(problem).toMatch(/^\S.*\.$/);
      expect(solution).toMatch(/^\S.*\.$/);
    }
  });

  it("are not among what was left out", () => {
    const names = new Set(all.flatMap(({ squawk }) => squawk));
    expect(LEFT_OUT.filter(({ tool, rule }) => tool === "squawk" && names.has(rule))).toEqual([]);
    expect(LEFT_OUT.map(({ why }) => why).filter((why) => why.length < 20 && !why.startsWith("as "))).toEqual(
      [],
    );
  });
});
