import { describe, expect, it } from "@jest/globals";
import { firstRunnable } from "../../../src/governance/coverage/runnable.ts";
import { processorMs } from "../../support/processor-time.ts";

const first = (text: string, path = "src/a.ts"): number | undefined =>
  firstRunnable(path, text, [{ first: 1, last: 99 }]);

describe("a line that can be run", () => {
  it.each([
    ["  return 1;", "src/a.ts"],
    ["return", "src/a.py"],
    ["} else {", "src/a.java"],
    ["if (a) b();", "src/a.c"],
    ["if a > 1:", "src/a.py"],
    ["for i := range items {", "src/a.go"],
    ["throw new Error('no');", "src/a.ts"],
    ["raise ValueError(n)", "src/a.py"],
    ["await store.save(cart);", "src/a.ts"],
    ["store.save(cart)", "src/a.rb"],
    ["this.items = [];", "src/a.ts"],
    ['cart["n"] += 1', "src/a.py"],
    ["export const limit = 5;", "src/a.ts"],
    ["let cart: Cart = load();\r", "src/a.vue"],
  ])("%s of %s", (line, path) => {
    expect(first(`\n${line}\n`, path)).toBe(2);
  });

  it.each([
    ["", "src/a.ts"],
    ["// return 1;", "src/a.ts"],
    ["# return 1", "src/a.py"],
    ["/* return 1; */", "src/a.ts"],
    ["/**\n * if (a) b();\nreturn 1;\n */", "src/a.ts"],
    ["export interface Cart {\n  items: string[];\n  save(item: string): void;\n}", "src/a.ts"],
    [
      "interface It {\n  return?: string;\n  throw(e: Error): void;\n  if: string;\n  for?: number;\n}",
      "src/a.ts",
    ],
    ["export type Id = string;\nexport type F = (a: string) => void;\n  | 'a'", "src/a.ts"],
    ["import { a } from './a.ts';\nexport * from './b.ts';\nexport { a };", "src/a.ts"],
    ["declare const limit: number;\ndeclare function f(): void;\nconst enum A {\n  B = 1,\n}", "src/a.ts"],
    ["public interface Cart {\n  void save(String item);\n  int MAX = 5;\n}", "src/Cart.java"],
    ["const Limit = 5", "src/a.go"],
    ["@Entity()\nabstract class Cart {}\nexport function noop() {}", "src/a.ts"],
  ])("is none in %j of %s", (text, path) => {
    expect(first(text, path)).toBeUndefined();
  });

  it("is looked for among the wanted lines alone, and after a comment again", () => {
    const text = "return 1;\n/*\nreturn 2; */\nreturn 3;\nreturn 4;\n";
    expect(firstRunnable("a.c", text, [{ first: 2, last: 2 }])).toBeUndefined();
    expect(
      firstRunnable("a.c", text, [
        { first: 3, last: 3 },
        { first: 5, last: 5 },
      ]),
    ).toBe(5);
  });

  it("takes no longer for lines that were made to be slow", () => {
    const made = ["a.", "a ", "a[", ")xx"].map((each) => each.repeat(400));
    const lines = [made[0]!, `const ${made[1]}`, `a.${made[2]}`, `a(${made[3]}`];
    const text = Array.from({ length: 20_000 }, (_, at) => lines[at % lines.length]!).join("\n");
    const began = processorMs();
    expect(firstRunnable("src/a.ts", text, [{ first: 1, last: 1_000_000 }])).toBeUndefined();
    expect(processorMs() - began).toBeLessThan(5_000);
  });
});
