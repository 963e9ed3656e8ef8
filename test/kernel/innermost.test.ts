import { expect, it } from "@jest/globals";
import { runInNewContext } from "node:vm";
import { innermost } from "../../src/kernel/innermost.ts";

const failed = (cause: unknown): Error => new TypeError("fetch failed", { cause });

it.each<[string, unknown, string]>([
  ["one error", new Error("no"), "no"],
  ["a cause", failed(new Error("read ECONNRESET")), "read ECONNRESET"],
  [
    "a cause's cause",
    failed(new Error("Unknown Error", { cause: new Error("socket hang up") })),
    "socket hang up",
  ],
  ["a cause without words", failed(Object.assign(new Error(""), { code: "ECONNREFUSED" })), "ECONNREFUSED"],
  ["a cause that says nothing", failed(new Error("")), "fetch failed"],
  ["a cause that is a text", failed("certificate has expired"), "certificate has expired"],
  [
    "several addresses",
    failed(
      new AggregateError([
        new Error("connect ECONNREFUSED ::1:9"),
        new Error("connect ECONNREFUSED 127.0.0.1:9"),
      ]),
    ),
    "connect ECONNREFUSED ::1:9; connect ECONNREFUSED 127.0.0.1:9",
  ],
  ["several without words", failed(new AggregateError([new Error("")])), "fetch failed"],
  ["an error of another realm", runInNewContext('new Error("far", { cause: new Error("away") })'), "away"],
  ["no error", undefined, "nothing said"],
  ["a text", "thrown", "nothing said"],
])("the innermost words of %s", (_, error, expected) => {
  expect(innermost(error, "nothing said")).toBe(expected);
});

it("of a chain that bites its tail end", () => {
  const error = new Error("round");
  error.cause = error;
  expect(innermost(error, "")).toBe("round");
  const many = new AggregateError([]);
  many.errors.push(many, many, new Error("in it"));
  expect(innermost(many, "")).toBe("in it");
});
