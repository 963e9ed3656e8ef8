import { describe, expect, it } from "@jest/globals";
import { format, inspect } from "node:util";
import { Secret } from "../../src/kernel/secret.ts";

describe("a secret", () => {
  const value = "hunter2-hunter2";
  const secret = new Secret(value);

  it("gives its value to those who ask for it by name", () => {
    expect(secret.reveal()).toBe(value);
  });

  it.each<[string, () => string]>([
    ["String", () => String(secret)],
    ["a template", () => `password=${secret as unknown as string}`],
    ["a sum of texts", () => "password=" + (secret as unknown as string)],
    ["join", () => [secret].join()],
    ["JSON", () => JSON.stringify({ secret, list: [secret] })],
    ["JSON of a copy", () => JSON.stringify(Object.assign({}, secret))],
    ["inspect", () => inspect(secret)],
    [
      "deep inspect of everything",
      () => inspect({ a: { b: [secret] } }, { depth: 9, showHidden: true, getters: true }),
    ],
    ["inspect without its own say", () => inspect(secret, { customInspect: false, showHidden: true })],
    ["format", () => format("%s %o %O %j %d", secret, secret, secret, secret, secret)],
    ["an error's message", () => String(new Error(`cannot log in with ${String(secret)}`))],
    ["an inspected error with it as the cause", () => inspect(new Error("x", { cause: secret }))],
    [
      "its keys",
      () =>
        [...Object.keys(secret), ...Object.getOwnPropertyNames(secret)]
          .map((key) => `${key}=${String((secret as never)[key])}`)
          .join(),
    ],
    ["a structured clone", () => inspect(structuredClone(secret), { showHidden: true })],
  ])("shows nothing of it through %s", (_, show) => {
    expect(show()).not.toContain("hunter2");
  });

  it("shows that there is something", () => {
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual(["***", '"***"', "***"]);
  });
});
