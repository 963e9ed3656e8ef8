import { expect, it } from "@jest/globals";
import { adviceOn } from "../../../src/schema/steps/advice.ts";

it("a full disk of the server is told as what it is, at whatever statement", () => {
  const refusal = { state: "53100", message: 'could not extend file "base/1/2": No space left on device' };
  expect(adviceOn({} as never, { statement: undefined, refusal } as never)).toBe(
    "The database server's disk is full: make room there, and run again.",
  );
});
