import { expect, it } from "@jest/globals";
import { isSafeAddress } from "../../src/kernel/safe-address.ts";

it.each([
  ["https://api.github.com", true],
  ["https://github.example.com/api/v3/", true],
  ["http://127.0.0.1:4873", true],
  ["http://localhost:4873", true],
  ["http://[::1]:4873", true],
  ["http://registry.example.com", false],
  ["http://localhost.example.com", false],
  ["http://127.0.0.1.example.com", false],
  ["https://someone@registry.example.com", false],
  ["https://:word@registry.example.com", false],
  ["ftp://127.0.0.1", false],
  ["registry.example.com", false],
  ["", false],
])("of %j says %j", (text, isSafe) => {
  expect(isSafeAddress(text)).toBe(isSafe);
});
