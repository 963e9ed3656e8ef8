import { describe, expect, it } from "@jest/globals";
import { describeFailure, failureJson, failureText } from "../../../src/entry/process/failure.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Redactor } from "../../../src/kernel/redact.ts";

const asIs = (text: string): string => text;
const plain = { verbose: false, color: false };

describe("telling a failure", () => {
  const cause = Object.assign(new Error("connect refused", { cause: "the root" }), { code: "ECONNREFUSED" });
  const error = new HoldfastError("database.unreachable", "no connection to db:5432", {
    hint: "Check the host.",
    cause,
  });

  it("says error, hint, code and exit code, and the causes only when asked", () => {
    const failure = describeFailure(error, asIs);
    expect(failureText(failure, plain)).toBe(
      "error: no connection to db:5432\nhint: Check the host.\n(database.unreachable, exit code 4)\n",
    );
    expect(failureText(failure, { verbose: true, color: false })).toContain(
      "cause: connect refused [ECONNREFUSED]\ncause: the root\n",
    );
  });

  it("is one JSON object for machines", () => {
    expect(JSON.parse(failureJson(describeFailure(error, asIs)))).toEqual({
      error: {
        code: "database.unreachable",
        message: "no connection to db:5432",
        hint: "Check the host.",
        exit: 4,
      },
    });
  });

  it("shows the stack of a bug, exits 1 and says where to report it", () => {
    const failure = describeFailure(new TypeError("x is undefined"), asIs);
    expect(failure).toMatchObject({ code: "bug", exit: 1 });
    const text = failureText(failure, plain);
    expect(text).toContain("https://github.com/truststream/holdfast/issues");
    expect(text).toContain("failure.test.ts");
    expect(describeFailure("a string", asIs)).toMatchObject({ code: "bug", exit: 1 });
    expect(describeFailure(undefined, asIs)).toMatchObject({ code: "bug", exit: 1 });
  });

  it("lets a bug be a bug that was wrapped on its way, and says what became of the target", () => {
    const hint = "Nothing was changed: the target is as it was.";
    const wrap = (cause: unknown): HoldfastError =>
      new HoldfastError("tool.failed", "rows of t", {
        hint,
        cause: new HoldfastError("tool.failed", "x", { cause }),
      });
    const bug = new TypeError("x is not a function");
    expect(describeFailure(wrap(bug), asIs)).toMatchObject({
      code: "bug",
      exit: 1,
      message: "TypeError: x is not a function",
      hint: expect.stringContaining(hint),
      stack: bug.stack,
    });
    expect(describeFailure(wrap(new HoldfastError("disk.full", "y")), asIs).code).toBe("tool.failed");
    expect(describeFailure(wrap(Object.assign(new Error("y"), { code: "EPIPE" })), asIs).exit).toBe(4);
    expect(describeFailure(new HoldfastError("tool.failed", "y"), asIs).exit).toBe(4);
  });

  it("tells a cancelled run as cancelled, with what broke because of it as the cause", () => {
    expect(describeFailure(error, asIs, true)).toMatchObject({
      code: "run.cancelled",
      causes: [
        "no connection to db:5432 [database.unreachable]",
        "connect refused [ECONNREFUSED]",
        "the root",
      ],
    });
    expect(describeFailure(new HoldfastError("artifact.damaged", "x"), asIs, true).code).toBe(
      "artifact.damaged",
    );
  });

  it("redacts message, hint, causes and stack, and lets no control character through", () => {
    const redactor = new Redactor();
    redactor.add("hunter22");
    const bad = new Error("password hunter22\u001B[2Jwiped", { cause: new Error("hunter22 again") });
    const text = failureText(
      describeFailure(bad, (line) => redactor.redact(line)),
      { verbose: true, color: false },
    );
    expect(text).not.toContain("hunter22");
    expect(text).not.toContain("\u001B");
    expect(text).toContain("\\u001b[2J");
  });

  it("survives causes that go round in a circle", () => {
    const first = new HoldfastError("store.unreachable", "a");
    const second = new Error("b", { cause: first });
    Object.defineProperty(first, "cause", { value: second });
    expect(describeFailure(first, asIs).causes).toEqual(["b"]);
  });
});
