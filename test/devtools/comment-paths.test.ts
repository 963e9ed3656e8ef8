import { expect, it } from "@jest/globals";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A comment that sends people to a file sends them to one that is there. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const SOURCES = [
  ...globSync("{src,test,scripts,bench}/**/*.{ts,mjs,js,cjs}", { cwd: root }),
  ...globSync("*.{js,cjs}", { cwd: root }),
];
const NAMES = new Set(
  [
    ...SOURCES,
    ...globSync("{docs,dist,actions,.github}/**/*", { cwd: root }),
    ...globSync("*.*", { cwd: root }),
  ].map((path) => basename(path)),
);

/**
 * What looks like one of our files: by its ending, with folders or without. PostgreSQL's own sources are
 * `.c`, `.h`, `.pm`.
 */
const LIKE_A_FILE = /(?<![\w:/.@~*<{$-])(?:\.{1,2}\/)*(?:[\w.-]+\/)*[\w.-]*\w\.(?:ts|mjs|cjs|md)\b(?![\w/])/g;

/** Lines of comments, and comments at the end of a line. */
function commentsOf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*(?:\/\/|\/?\*)(.*)$|\s\/\/ (.*)$/gm)].map(
    ([, whole, end]) => whole ?? end ?? "",
  );
}

/**
 * Paths are from the root, from `src/` or `test/`, or from the file's own folder; a name alone is any file's.
 */
function isThere(path: string, from: string): boolean {
  if (!path.includes("/")) return NAMES.has(path);
  return ["", "src", "test", dirname(from)].some((folder) => existsSync(join(root, folder, path)));
}

it("every file that a comment names exists", () => {
  const named = SOURCES.flatMap((file) =>
    commentsOf(readFileSync(join(root, file), "utf8")).flatMap((comment) =>
      [...comment.matchAll(LIKE_A_FILE)].map(([path]) => ({ file, path })),
    ),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ file, path }) => !isThere(path, file))).toEqual([]);
});

it("would find one that has gone", () => {
  const [comment = ""] = commentsOf("/** See `commands/keygen.ts`. */\nexport const a = 1;\n");
  expect(
    [...comment.matchAll(LIKE_A_FILE)].map(([path]) => isThere(path, "src/backups/keygen/run.ts")),
  ).toEqual([false]);
});
