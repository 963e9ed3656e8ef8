import { describe, expect, it } from "@jest/globals";
import { failedObject } from "../../../src/schema/proof/failed-object.ts";
import type { SchemaState } from "../../../src/schema/proof/state.ts";
import { prepareScript } from "../../../src/schema/script/prepare.ts";
import type { ServerRefusal } from "../../../src/ports/database.ts";

const STATE: SchemaState = new Map(
  [
    "table app.orders",
    'table app."Odd"',
    "table app.twice",
    "table other.twice",
    "view app.open",
    "index app.orders_day",
    "column app.orders.total",
  ].map((object) => [object, new Map()]),
);
const REFUSAL: ServerRefusal = {
  state: "42P01",
  message: "refused",
  detail: undefined,
  hint: undefined,
  position: undefined,
  where: undefined,
  constraint: undefined,
  table: undefined,
  column: undefined,
};

async function objectOf(sql: string, table?: string): Promise<string> {
  const { script } = await prepareScript({ file: "1_a.sql", text: sql, firstLine: 1, transaction: true });
  const [statement] = script.statements;
  const failure = { file: "1_a.sql", line: 1, message: "refused", hint: undefined };
  return failedObject({ ...failure, statement, refusal: { ...REFUSAL, table } }, [STATE]);
}

describe("what a refused statement was about", () => {
  it.each([
    ["ALTER TABLE app.orders ADD total int", "table app.orders"],
    ["ALTER TABLE orders ADD total int", "table app.orders"],
    ["CREATE INDEX ON orders (nowhere)", "table app.orders"],
    ['UPDATE "Odd" SET a = 1', 'table app."Odd"'],
    ["DROP VIEW open", "view app.open"],
    ["DROP INDEX orders_day", "index app.orders_day"],
    ["SELECT * FROM orders", "table app.orders"],
    ["ALTER TABLE app.nowhere ADD a int", "table app.nowhere"],
    ["DROP VIEW app.nowhere", "view app.nowhere"],
    ['CREATE TABLE app."New" (a nothing)', 'table app."New"'],
  ])("%s", async (sql, object) => {
    expect(await objectOf(sql)).toBe(object);
  });

  it.each([
    ["of a name in two schemas", "ALTER TABLE twice ADD a int"],
    ["of a name that nothing has", "ALTER TABLE nowhere ADD a int"],
    ["of several", "DROP TABLE app.orders, app.twice"],
    ["of a function", "DROP FUNCTION app.orders()"],
    ["of two tables that are read", "SELECT FROM app.orders, app.twice"],
    ["of none", "SELECT gone()"],
  ])("is not guessed: %s", async (_, sql) => {
    expect(await objectOf(sql)).toBe("");
  });

  it("is the table that the server names, if that can be told", async () => {
    expect(await objectOf("SELECT f()", "orders")).toBe("table app.orders");
    expect(await objectOf("INSERT INTO app.orders VALUES (1)", "twice")).toBe("table app.orders");
  });
});
