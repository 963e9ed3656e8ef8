import { expect, it } from "@jest/globals";
import { grouped, quantity } from "../../src/kernel/quantity.ts";

it("writes whole numbers as English does", () => {
  const numbers = [
    0,
    7,
    12,
    999,
    1_000,
    12_345,
    123_456,
    1_234_567,
    Number.MAX_SAFE_INTEGER,
    -1,
    -1_000,
    -123,
  ];
  expect(numbers.map(grouped)).toEqual(numbers.map((number) => number.toLocaleString("en-US")));
});

it("gives the noun its s", () => {
  expect([0, 1, 2, 1_000].map((count) => quantity(count, "row"))).toEqual([
    "0 rows",
    "1 row",
    "2 rows",
    "1,000 rows",
  ]);
});
