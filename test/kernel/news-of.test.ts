import { expect, it } from "@jest/globals";
import { HoldfastError } from "../../src/kernel/errors.ts";
import { newsOf } from "../../src/kernel/news-of.ts";

const cancelled = new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", {
  hint: "Run again when ready.",
});
const died = new HoldfastError("tool.failed", "pg_restore was ended by SIGINT");

it("tells what broke of a request to stop as that request, and keeps what broke as its cause", () => {
  expect(newsOf(died, AbortSignal.abort(cancelled))).toMatchObject({
    code: "run.cancelled",
    message: cancelled.message,
    hint: cancelled.hint,
    cause: died,
  });
});

it.each([
  ["without such a request", died, new AbortController().signal],
  ["that is damage", new HoldfastError("artifact.damaged", "differs"), AbortSignal.abort(cancelled)],
  ["that is a bug", new TypeError("x"), AbortSignal.abort(cancelled)],
  ["that says so itself", cancelled, AbortSignal.abort(cancelled)],
])("leaves a failure %s as it is", (_, error, signal) => {
  expect(newsOf(error, signal)).toBe(error);
});
