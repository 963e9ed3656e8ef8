import { describe, expect, it } from "@jest/globals";
import { meantByPair, type Meant } from "../../../../src/schema/proof/meant/meant.ts";
import { toldRows } from "../../../../src/schema/proof/meant/told-rows.ts";
import { prepareScript, type PreparedScript } from "../../../../src/schema/script/prepare.ts";

async function script(text: string, file = "1_a.sql"): Promise<PreparedScript> {
  return await prepareScript({ file, text, firstLine: 1, transaction: true });
}

async function meant(forward: string, rollback = "SELECT 1"): Promise<Meant> {
  return await meantByPair(await script(forward), await script(rollback, "1_a_rollback.sql"), []);
}

/** Every row that is meant, in words. */
const told = ({ before }: Meant): string[] =>
  before.flatMap((each) => each.rows.map((row) => toldRows([{ ...each, rows: [row] }])));

describe("rows that a condition means", () => {
  it.each<[string, ...string[]]>([
    ["k = 'a'", "k = 'a'"],
    ["'a' = u.k", "u.k = 'a'"],
    ["k = 'a' AND n = 5", "k = 'a' and n = '5'"],
    ["k = 'a' OR n = -5", "k = 'a'", "n = '-5'"],
    ["k = 'a' AND m IS NULL", "k = 'a' and m is NULL"],
    ["k = 'a' AND m IS NOT NULL", "k = 'a'"],
    ["NOT (k <> 'a' OR m IS NOT NULL)", "k = 'a' and m is NULL"],
    ["k IN ('a','b') AND m IN ('x')", "k = 'a' and m = 'x'", "k = 'b' and m = 'x'"],
    ["k IN ('a','b') AND k = 'b'", "k = 'b'"],
    ["k IS NOT DISTINCT FROM 'a'", "k = 'a'"],
    ["k IS NOT DISTINCT FROM NULL", "k is NULL"],
    ["k = ANY (ARRAY['a','b'])", "k = 'a'", "k = 'b'"],
    ["k = ANY ('{a,\"b, c\"}'::text[])", "k = 'a'", "k = 'b, c'"],
    ["(k, m) = ('a', 'b')", "k = 'a' and m = 'b'"],
    ["(k, m) IN (('a', 'b'), ('c', 'd'))", "k = 'a' and m = 'b'", "k = 'c' and m = 'd'"],
    ["n BETWEEN 7 AND 9", "n = '7'", "n = '9'"],
    ["n > 700 AND n < 710", "n = '701'"],
    ["at >= '2020-03-01' AND at < '2020-04-01'", "at = '2020-03-01'"],
    ["at < '2020-03-01 10:00'", "at = '2020-02-29 10:00'"],
    ["k LIKE 'x-%'", "k = 'x-c'"],
    ["lower(k) = 'a'", "k = 'a'"],
    ["k::text = 'a'", "k = 'a'"],
    ["coalesce(k, 'none') = 'none'", "k = 'none'", "k is NULL"],
    ["left(k, 2) = 'ab'", "k = 'ab'"],
    ["length(k) = 3", "k = 'ccc'"],
    ["split_part(k, '@', 2) = 'x.com'", "k = 'canary@x.com'"],
    ["position('foo' IN k) > 0", "k = 'foo'"],
    ["starts_with(k, 'foo')", "k = 'foo canary'"],
    ["is_on", "is_on = 'true'"],
    ["NOT is_on", "is_on = 'false'"],
    ["is_on IS NOT TRUE", "is_on = 'false'", "is_on is NULL"],
    ["n % 7 = 3", "n = '3'"],
    ["n + 1 = 8", "n = '7'"],
    ["extract(year FROM at) = 2015", "at = '2015-06-15 12:00:00'"],
    ["j ->> 'type' = 'a'", `j = '{"type":"a"}'`],
    ["j -> 'a' ->> 'b' = 'x' AND (j ->> 'n')::int > 5", `j = '{"a":{"b":"x"},"n":6}'`],
    ["j #>> '{a,b}' = 'x'", `j = '{"a":{"b":"x"}}'`],
    [`j @> '{"a": 1}'`, `j = '{"a": 1}'`],
    ["j ? 'old'", `j = '{"old":"canary"}'`],
    ["'a' = ANY (tags)", `tags = '{"a"}'`],
    ["tags && ARRAY['a', 'b']", `tags = '{"a"}'`, `tags = '{"b"}'`],
    ["k IN (SELECT name FROM app.other WHERE grp = 'g')", "grp = 'g'"],
    [
      "EXISTS (SELECT FROM app.other o WHERE o.name = u.k AND o.grp = 'g') AND n = 1",
      "other.grp = 'g' and n = '1'",
    ],
    ["k IN (SELECT 'a' UNION SELECT 'b')", "k = 'a'", "k = 'b'"],
    ["k <> 'a'"],
    ["k NOT IN ('a', 'b')"],
    ["at < now() - interval '30 days'"],
  ])("%s", async (condition, ...rows) => {
    expect(told(await meant(`UPDATE app.u SET z = 0 WHERE ${condition}`))).toEqual(rows);
  });
});

describe("rows that a statement means elsewhere", () => {
  const UPDATE = "UPDATE app.u SET z = 0 WHERE k = 'a'";

  it.each<[string, string, ...string[]]>([
    [
      "every branch of CASE, with the condition around it",
      `UPDATE app.u SET z = CASE k WHEN 'a' THEN 1 WHEN 'b' THEN 2 WHEN 'c' THEN 3 WHEN 'd' THEN 4 WHEN 'e'
       THEN 5 WHEN 'f' THEN 6 END WHERE m IS NULL`,
      "m is NULL",
      ...["a", "b", "c", "d", "e", "f"].map((each) => `m is NULL and k = '${each}'`),
    ],
    [
      "more statements and values than eight",
      Array.from({ length: 12 }, (_, at) => `UPDATE app.u SET z = 0 WHERE k = 'a${at}'`).join(";"),
      ...Array.from({ length: 12 }, (_, at) => `k = 'a${at}'`),
    ],
    ["what is replaced", "UPDATE app.u SET k = replace(k, 'http:', '')", "k = 'canary http: canary'"],
    ["what is nothing afterwards", "UPDATE app.u SET k = nullif(k, 'none')", "k = 'none'"],
    ["what is taken out of a document", "UPDATE app.u SET j = j - 'old'", `j = '{"old":"canary"}'`],
    ["what is taken out of an array", "UPDATE app.u SET t = array_remove(t, 'x')", `t = '{"x"}'`],
    ["what is written over", `UPDATE app.u SET j = j || '{"a": 1}'`, `j = '{"a":"canary"}'`],
    [
      "a list of VALUES that is joined",
      "UPDATE app.u SET z = v.n FROM (VALUES ('a', 1), ('b', 2)) AS v(k, n) WHERE u.k = v.k",
      "u.k = 'a'",
      "u.k = 'b'",
    ],
    [
      "a table expression",
      `WITH o AS (SELECT id FROM app.u WHERE k = 'a') ${UPDATE.replace(/ WHERE.*/, "")}`,
      "k = 'a'",
    ],
    [
      "MERGE",
      "MERGE INTO app.u USING app.o ON o.id = u.id AND o.g = 'g' WHEN MATCHED AND u.k = 'a' THEN DELETE",
      "o.g = 'g'",
      "o.g = 'g' and u.k = 'a'",
    ],
    ["a new type", "ALTER TABLE app.u ALTER k TYPE int USING CASE WHEN k = 'a' THEN 1 ELSE 2 END", "k = 'a'"],
    ["a DO block", `DO $$ BEGIN ${UPDATE}; END $$`, "k = 'a'"],
    [
      "IF within a loop",
      "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM app.u " +
        "LOOP IF r.k = 'a' THEN NULL; END IF; END LOOP; END $$",
      "k = 'a'",
    ],
    ["a text that is executed", "DO $$ BEGIN EXECUTE 'DELETE FROM app.u WHERE k = ''a'''; END $$", "k = 'a'"],
    [
      "a template that is executed",
      "DO $$ BEGIN EXECUTE format('DELETE FROM %I WHERE k = ''a''', 'u'); END $$",
      "k = 'a'",
    ],
    ["a function in SQL", `CREATE FUNCTION app.f() RETURNS void LANGUAGE sql AS $$ ${UPDATE} $$`, "k = 'a'"],
    [
      "a body that is parsed with the statement",
      `CREATE FUNCTION app.f() RETURNS void BEGIN ATOMIC ${UPDATE}; END`,
      "k = 'a'",
    ],
  ])("%s", async (_, forward, ...rows) => {
    const found = await meant(forward);
    expect(told(found)).toEqual(rows);
    expect(found.notes).toEqual([]);
  });

  it("the rollback, too", async () => {
    expect(told(await meant("SELECT 1", UPDATE))).toEqual(["k = 'a'"]);
    expect(told(await meant("CREATE TABLE app.x (id int)", "DELETE FROM app.u WHERE k = 'a'"))).toEqual([
      "k = 'a'",
    ]);
  });

  it.each([
    ["DO $$ BEGIN EXECUTE 'DELETE FROM app.u WHERE k = ' || quote_literal(current_user); END $$"],
    ["DO $$ BEGIN EXECUTE format('DELETE FROM app.u WHERE k = %L', current_user); END $$"],
    ["DO LANGUAGE plpython3u $$ plpy.execute('DELETE FROM app.u') $$"],
  ])("what is in no text is told: %s", async (forward) => {
    expect((await meant(`SELECT 1;\n${forward}`)).notes).toEqual([
      expect.stringMatching(/^what is carried out in 1_a\.sql:2 is put together while it runs/),
    ]);
  });

  it("no more than can be tried, which is told", async () => {
    const list = Array.from({ length: 390 }, (_, at) => `'a${at}'`).join(", ");
    const found = await meant(
      `DELETE FROM app.u WHERE k IN (${list}); DELETE FROM app.v WHERE k IN (${list})`,
    );
    expect(told(found)).toHaveLength(400);
    expect(found.notes).toEqual([expect.stringMatching(/380 more than 400 got no rows/)]);
  });
});

it("tells where conditions together mean more kinds of rows than can be tried", async () => {
  const ways = Array.from({ length: 8 }, (_, at) => `(c${at} = 'a' OR c${at} = 'b')`);
  expect((await meant(`DELETE FROM app.u WHERE ${ways.slice(0, 6).join(" AND ")}`)).notes).toEqual([]);
  expect((await meant(`DELETE FROM app.u WHERE ${ways.join(" AND ")}`)).notes).toEqual([
    expect.stringMatching(/^1 of the statements mean more kinds of rows/),
  ]);
});

describe("rows that are nearly always the pair's own", () => {
  it.each<[string, string, string, readonly string[], readonly string[]]>([
    ["inserted", "INSERT INTO app.u (k) VALUES ('a')", "DELETE FROM app.u WHERE k = 'a'", [], ["k = 'a'"]],
    [
      "inserted without a list of columns, and not in another table",
      "INSERT INTO app.u VALUES (1, 'a'); UPDATE app.v SET z = 0 WHERE k = 'a'",
      "DELETE FROM app.u WHERE k = 'a'",
      ["k = 'a'"],
      ["k = 'a'"],
    ],
    [
      "written, and written back",
      "UPDATE app.u SET k = 'new' WHERE k = 'old'",
      "UPDATE app.u SET k = 'old' WHERE k = 'new'",
      ["k = 'old'"],
      ["k = 'new'"],
    ],
    [
      "handed to a function",
      "SELECT vault.create_secret('s3cret', name => 'a')",
      "DELETE FROM app.u WHERE k = 'a'",
      [],
      ["k = 'a'"],
    ],
    ["put back", "DELETE FROM app.u WHERE k = 'a'", "INSERT INTO app.u VALUES (7, 'a')", [], ["k = 'a'"]],
    [
      "taken over",
      "INSERT INTO app.u (k, z) VALUES ('a', 1) ON CONFLICT (k) DO UPDATE SET z = 1",
      "SELECT 1",
      [],
      ["u.k = 'a'"],
    ],
  ])("%s", async (_, forward, rollback, before, own) => {
    const found = await meant(forward, rollback);
    expect(told(found)).toEqual(before);
    expect(told({ ...found, before: found.own })).toEqual(own);
  });
});
