import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERRORS, EXIT, HoldfastError, isHoldfastError, type ErrorCode } from "../../src/kernel/errors.ts";

describe("the table of errors", () => {
  it("gives each code the exit code of its kind", () => {
    const exits = Object.fromEntries(
      Object.entries(ERRORS).map(([code]) => [code, new HoldfastError(code as ErrorCode, "x").exitCode]),
    );
    expect(exits).toMatchObject({
      "input.malformed": 2,
      "input.no-such-backup": 2,
      "seal.identity": 2,
      "store.lied": 4,
      "store.not-found": 4,
      "catalog.unknown-format": 4,
      "artifact.missing": 5,
      "artifact.damaged": 5,
      "catalog.damaged": 5,
      "seal.damaged": 5,
      "lock.held": 6,
      "lock.lost": 6,
      "refused.unconfirmed": 7,
      "database.not-empty": 7,
    });
    // 0 and 1 are no failures of the table, and 3 is for verdicts.
    for (const exit of Object.values(exits)) {
      expect([EXIT.input, EXIT.outside, EXIT.integrity, EXIT.locked, EXIT.refused]).toContain(exit);
    }
  });

  it("holds no code that nothing in src/ ever gives", () => {
    const src = fileURLToPath(new URL("../../src", import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".ts") && name !== "kernel/errors.ts",
    );
    // Asking whether an error has a code is not giving it.
    const given = files
      .map((name) =>
        readFileSync(join(src, name), "utf8").replace(/isHoldfastError\([^)]*\)|\.code [!=]== "[^"]*"/g, ""),
      )
      .join("\n");
    expect(Object.keys(ERRORS).filter((code) => !given.includes(`"${code}"`))).toEqual([]);
  });

  it("is written in lower case, one clause each", () => {
    const clause = /^(?:[a-z]|PostgreSQL|Azure|Supabase).*[^.]$/;
    for (const { meaning } of Object.values(ERRORS)) expect(meaning).toMatch(clause);
  });
});

describe("an operating failure", () => {
  it("keeps its code, hint and cause, and is told from other errors", () => {
    const cause = new Error("below");
    const error = new HoldfastError("store.denied", "the store refused", { hint: "Log in.", cause });
    expect(error).toMatchObject({
      code: "store.denied",
      kind: "outside",
      exitCode: 4,
      hint: "Log in.",
      name: "HoldfastError",
    });
    expect(error.cause).toBe(cause);
    expect([
      isHoldfastError(error),
      isHoldfastError(error, "store.denied"),
      isHoldfastError(error, "store.full", "lock.held"),
      isHoldfastError(cause),
    ]).toEqual([true, true, false, false]);
  });
});
