import { expect, it } from "@jest/globals";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandFiles } from "../../src/devtools/new-command.ts";
import { FAST_FILES } from "../fast-files.ts";

/** What the documents tell people to type names scripts, files and titles that are there. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...globSync("docs/*.md", { cwd: root })];
const TESTS = globSync("test/**/*.test.ts", { cwd: root });
const { scripts } = JSON.parse(read("package.json")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Files that another line of the same pages makes. */
const MADE = [...commandFiles("backups", "prune").keys()];

interface Typed {
  readonly page: string;
  readonly script: string;
  /** After `--`, up to a comment or the end of the code. */
  readonly words: string;
}

const TYPED: readonly Typed[] = PAGES.flatMap((page) =>
  [
    ...read(page).matchAll(/\bnpm (?:run (?:-s )?(?:--prefix \S+ )?([\w:-]+)|test\b)(?: -- ([^`\n#]*))?/g),
  ].map(([, script = "test", words = ""]) => ({ page, script, words: words.trim() })),
);

/** Why it cannot be typed as it stands; undefined where it can. */
function wrong({ script, words }: Typed): string | undefined {
  if (scripts[script] === undefined) return `package.json has no script ${script}`;
  if (script === "check") {
    const unknown = words
      .split(" ")
      .filter((step) => step !== "" && !new RegExp(`^  ${step}: `, "m").test(read("scripts/check.ts")));
    return unknown.length === 0 ? undefined : `npm run check has no step ${unknown.join(", ")}`;
  }
  if (script === "act") {
    const unknown = words
      .split(" ")
      .filter((word) => word !== "" && !read("scripts/act.ts").includes(`  ${word}: `));
    return unknown.length === 0 ? undefined : `npm run act has no trial ${unknown.join(", ")}`;
  }
  if ((script !== "test" && script !== "test:fast") || words === "--coverage") return undefined;
  const [, path = "", title] = /^(\S*)(?: -t "([^"]+)")?/.exec(words) ?? [];
  const among = [...(script === "test" ? TESTS : FAST_FILES), ...MADE].filter((name) => name.includes(path));
  if (among.length === 0) return `${script} has no file ${path}`;
  return title === undefined ||
    among.some((name) => existsSync(join(root, name)) && read(name).includes(title))
    ? undefined
    : `${path} has no test "${title}"`;
}

it("the documents name what is there", () => {
  expect(
    TYPED.map((typed) => ({ ...typed, wrong: wrong(typed) })).filter((typed) => typed.wrong !== undefined),
  ).toEqual([]);
  expect(new Set(TYPED.map(({ script }) => script)).size).toBeGreaterThan(5);
  expect(TYPED.filter(({ words }) => words.includes("-t ")).length).toBeGreaterThan(0);
});

it.each([
  ["new-comand", ""],
  ["test", 'test/backups/restore/tables -t "a table that is not there"'],
  ["test", "test/nowhere"],
  ["test:fast", "test/backups/restore/tables"],
  ["check", "types lints"],
])("npm run %s -- %s would be found", (script, words) => {
  expect(wrong({ page: "", script, words })).toBeDefined();
});
