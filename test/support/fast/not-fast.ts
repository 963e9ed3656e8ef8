import { globSync } from "node:fs";

/**
 * What to say of paths that `npm run test:fast` was given and that no fast test has: Jest would answer with
 * "No tests found" and every pattern it knows. A path is, as for Jest, any part of a file's name.
 */
export function notFast(words: readonly string[], fast: readonly string[], root: string): string[] {
  const paths = words.filter((word, at) => !word.startsWith("-") && !takesValue(words[at - 1]));
  const strangers = paths.filter((path) => !fast.some((name) => names(name, path)));
  if (strangers.length === 0 || strangers.length < paths.length) return [];
  const all = globSync("test/**/*.test.ts", { cwd: root });
  return strangers.map((path) =>
    all.some((name) => names(name, path))
      ? `${path} is not among the fast tests (test/fast-files.ts): npm test -- ${path}`
      : `${path} names no test file: paths are from the project's folder, such as test/kernel/pace`,
  );
}

/** Jest takes paths as regular expressions, relative or absolute. */
function names(name: string, path: string): boolean {
  try {
    return (
      new RegExp(path, "i").test(`/${name}`) ||
      new RegExp(path.replace(/^\.\//, ""), "i").test(name) ||
      path.endsWith(`/${name}`)
    );
  } catch {
    return name.includes(path);
  }
}

/** Options whose value is the next word. */
const WITH_VALUE = [
  "-t",
  "-c",
  "-w",
  ...[
    "testNamePattern",
    "testPathPatterns",
    "testTimeout",
    "maxWorkers",
    "config",
    "shard",
    "reporters",
    "seed",
  ].map((name) => `--${name}`),
];

function takesValue(word: string | undefined): boolean {
  return word !== undefined && WITH_VALUE.includes(word);
}
