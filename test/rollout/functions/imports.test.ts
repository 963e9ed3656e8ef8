import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import ts from "typescript";
import { importsOf } from "../../../src/rollout/functions/sources/imports.ts";
import { processorMs } from "../../support/processor-time.ts";

const SRC = join(import.meta.dirname, "../../../src");

describe("imports of a module", () => {
  it.each<[string, readonly string[]]>([
    [
      `import a from "./a.ts"; import { b, c as d } from '../b.ts'; import * as e from "./e/e.ts";`,
      ["./a.ts", "../b.ts", "./e/e.ts"],
    ],
    [
      `import "./a.ts"\nimport type { B } from "./b.ts"\nimport {\n  c,\n} from\n  "./c.ts"`,
      ["./a.ts", "./b.ts", "./c.ts"],
    ],
    [
      `export * from "./a"; export * as b from "./b"; export { c } from "./c"; export type { D } from "./d"`,
      ["./a", "./b", "./c", "./d"],
    ],
    [
      'const a = await import("./a.ts"), b = import(`./b.ts`), c = [...(await import ( "./c.ts" , {}))]',
      ["./a.ts", "./b.ts", "./c.ts"],
    ],
    [`import data from "./data.json" with { type: "json" };`, ["./data.json"]],
    [
      `import { from } from "./a.ts"; import from from "./b.ts"; import/* x */"./c.ts"`,
      ["./a.ts", "./b.ts", "./c.ts"],
    ],
    [`\uFEFFimport "./a.ts";\u00A0import "./b.ts"`, ["./a.ts", "./b.ts"]],
    [`export const C = () => <p>from "./a.ts"</p>; export function D() { return <p>from "./b.ts"</p>; }`, []],
    [`export default 1; from "./a.ts"`, []],
    [
      `import "https://esm.sh/x"; import y from "npm:y"; import z from "@/z"; import "/w"; import ".."`,
      ["https://esm.sh/x", "npm:y", "@/z", "/w", ".."],
    ],
    [`import(\`./\${name}.ts\`); import("./" + name); import("./lang/" + name)`, []],
    [`// import "./a.ts"\n/* import "./b.ts" */ /** export * from "./c.ts"\n */ x = 'import "./d.ts"'`, []],
    [
      `x.import("./a.ts"); x.from("./b.ts"); Array.from("./c.ts"); y = { from: "./d.ts", import: "./e.ts" }`,
      [],
    ],
    [`#!/usr/bin/env -S deno run "\nimport "./a.ts"`, ["./a.ts"]],
  ])("are read: %j", (text, expected) => {
    expect(importsOf(text)).toEqual(expected);
  });

  it.each([
    ["a comment that begins in a string", `const h = { accept: "*/*", other: '/*' };`],
    ["one that begins in a template", "const h = `/* ${x + `/*${'`'}`} /*`;"],
    ["braces in a template", "const h = `${[1].map((x) => { return `${{ x }.x}}`; })} \\` ${1}`;"],
    ["an address", `const h = "https://example.com/*"; // it's`],
    ["quotes in a pattern", `if (a) /["'\`]/.test(b); x = y.replace(/'/g, "").split(/[/"*]/)`],
    ["a pattern at a beginning", `return /\\/*"/;`],
    ["a pattern behind a block", `if (a) {}\n/"/.test(b)`],
    ["what is divided", `a = b / c; d = (e) / f["g"] / 2; i++ / 2; j = \`\` / 1 // "`],
    [
      "what surely is a value",
      `a = b! / c; d = e[0]! / f; g = h() ! / "/i; if (!/"/.test(j) || j != /"/) k = l!;`,
    ],
    ["names like words", `a.return / b.if (c) / "d".length`],
    ["an apostrophe of a text", `const a = <p>don't</p>;\n`],
    ["quotes that are escaped", `a = '\\'' + "\\"" + '\\\n\\\\';`],
    ["a comment that never ends", `a = b /* c`],
    ["strings that never end", `a = "b\nc = 'd`],
  ])("are seen behind %s", (_, text) => {
    expect(importsOf(`${text}\nimport "./seen.ts";`)).toEqual(["./seen.ts"]);
  });

  it("are those that the compiler sees, in files of ours", () => {
    const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((each) =>
      each.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(500);
    for (const file of files.filter((_, at) => at % 3 === 0)) {
      const text = readFileSync(join(SRC, file), "utf8");
      const expected = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
      expect([file, [...importsOf(text)].sort()]).toEqual([file, expected.sort()]);
    }
  });

  // What a stranger may commit: each kind took the time of its square, or may take it. It takes some tens of
  // milliseconds, and as a square many seconds.
  it.each([
    "/*",
    "/* ",
    "//",
    "'",
    '"',
    "`",
    "`${",
    "'\\",
    "=/[",
    "=/",
    "=/\\",
    "(",
    "{",
    "}",
    "import(",
    'import("./a"',
    "a.",
    "=/*",
    "*/",
    "[/",
    "/[",
    "//*",
    "\n'",
    "${`",
  ])("take the time of a text's length, also where it is full of %j", (piece) => {
    const began = processorMs();
    importsOf(piece.repeat(200_000 / piece.length));
    importsOf(`${piece.repeat(50_000 / piece.length)}\n`.repeat(2));
    expect(processorMs() - began).toBeLessThan(4_000);
  });
});
