import { describe, expect, it } from "@jest/globals";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { misfit, passSchemaGate, type Gated } from "../../../src/rollout/rollback/schema-gate.ts";

const RANGE = { from: "202601", to: "202603", count: 3 };

/** Where the database goes; or the code and the words of why nobody goes anywhere. */
function passing(given: Partial<Gated>, ...versions: string[]): unknown {
  try {
    const gated = { version: "1.2.0", range: RANGE, choice: "check", fromBackup: undefined } as const;
    return (
      passSchemaGate({ ...gated, live: { versions, isOwn: false, half: undefined }, ...given }).way ?? "stays"
    );
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe("a release on a schema", () => {
  it.each([["202601"], ["202602"], ["202603"]])("within its range stays: %s", (newest) => {
    expect(passing({}, "202600", newest)).toBe("stays");
  });

  it("without migrations of its own asks nothing, but where the database has some", () => {
    expect(passing({ range: null, live: undefined })).toBe("stays");
    expect(passing({ range: null })).toBe("stays");
    expect(passing({ range: null }, "202601")).toBe(
      "refused.schema: 1.2.0 runs on no schema, and the database has 1 migration more: 202601",
    );
  });

  it("with late migrations is told by their number, where every one is on record", () => {
    const own = (...versions: string[]): unknown =>
      passing({ live: { versions, isOwn: true, half: undefined } });
    expect(own("202601", "202602", "202603")).toBe("stays");
    // Not yet come so far: fewer, as it should.
    expect(own("202601", "202602")).toBe("stays");
    expect(own("202601", "202603")).toMatch(/has 3 migrations up to 202603, .* has 2: without one or more/);
    expect(own("202601", "202603", "202602", "202600")).toMatch(/has 4: one or more that it never knew$/);
  });

  it("that has come further is refused, and every way is named", () => {
    expect(passing({}, "202603", "202604", "202605")).toBe(
      "refused.schema: 1.2.0 runs on schemas 202601 to 202603, and the database has 2 migrations more: " +
        "202604, 202605",
    );
    expect(passing({ choice: "keep" }, "202603", "202604")).toBe("stays");
    expect(passing({ choice: "migrations" }, "202602", "202603", "202604")).toEqual({
      kind: "scripts",
      to: "202603",
    });
    expect(passing({ fromBackup: "20261127T020000Z-1a2b3c" }, "202603", "202604")).toEqual({
      kind: "backup",
      backup: "20261127T020000Z-1a2b3c",
    });
  });

  it("that has not come so far is refused: the app would not run, and scripts lead further away", () => {
    const why = "refused.schema: 1.2.0 needs schema 202601, and the database is at 202512";
    expect(passing({}, "202511", "202512")).toBe(why);
    expect(passing({ choice: "migrations" }, "202511", "202512")).toBe(why);
    expect(passing({})).toMatch(/^refused\.schema: .* the database is at no version$/);
    // Applied out of order: what would stay is too old.
    expect(passing({ choice: "migrations" }, "202512", "202604")).toMatch(/^refused\.schema: 1\.2\.0 needs/);
  });

  it("of another tool's history is told what that tool has to do", () => {
    const hintOf = (isOwn: boolean, ...versions: string[]): string | undefined => {
      const gated = { version: "1.2.0", range: RANGE, choice: "check", fromBackup: undefined } as const;
      try {
        passSchemaGate({ ...gated, live: { versions, isOwn, half: undefined } });
      } catch (error) {
        if (isHoldfastError(error)) return error.hint;
      }
      return undefined;
    };
    expect(hintOf(false, "202603", "202604")).toMatch(/^Another tool applied them: take them back with it/);
    expect(hintOf(true, "202601", "202602", "202603", "202604")).toMatch(
      /^Take them back along with the app/,
    );
    expect(hintOf(false, "202512")).toMatch(/^Apply what is missing with the tool that applied the others/);
    expect([hintOf(true, "202512"), hintOf(false)]).toEqual([
      expect.stringMatching(/^Apply what is missing with holdfast migrate /),
      expect.stringMatching(/^Apply what is missing with holdfast migrate /),
    ]);
  });

  it("is judged by the highest version, whatever was applied last", () => {
    expect(passing({}, "202604", "202602")).toMatch(/has 1 migration more: 202604$/);
    expect(passing({ choice: "migrations" }, "202601", "202604", "202602")).toBe(
      "refused.schema: 202604 would have to be taken back, and 202602, which has to stay, was applied after",
    );
  });

  it("writes versions of 12 and 14 digits alike", () => {
    const range = { from: "202611270900", to: "20261127100000", count: 2 };
    expect(passing({ range }, "202611271000")).toBe("stays");
  });

  it("is not guessed where nobody told, or no database was given", () => {
    expect(passing({ range: undefined }, "202603")).toBe(
      "refused.schema: nobody told on which schemas 1.2.0 runs",
    );
    expect(passing({ live: undefined })).toMatch(/^refused\.schema: .* could not be asked$/);
    expect(passing({ live: undefined, choice: "migrations" })).toMatch(/^input\.missing/);
    expect(passing({ choice: "keep", fromBackup: "20261127T020000Z-1a2b3c" }, "1")).toMatch(
      /^input\.conflict/,
    );
  });
});

it("after a restore the schema has to be one that the release runs on", () => {
  expect(misfit(RANGE, ["202602"])).toBeUndefined();
  expect(misfit(null, ["202704"])).toBeUndefined();
  expect(misfit(RANGE, ["202604"])).toBe("it is at 202604, and the release runs on 202601 to 202603");
  expect(misfit(RANGE, [])).toMatch(/^it is at no version/);
});
