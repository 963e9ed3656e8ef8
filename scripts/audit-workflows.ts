/**
 * node scripts/audit-workflows.ts, a part of `npm run check -- workflows`: zizmor, which knows how workflows
 * are attacked, over everything of ours that a runner reads: our workflows and actions, those of the example,
 * those that init writes, and the example of every command. What is excepted stands in .github/zizmor.yml or
 * beside its line, with the reason. It asks nobody (`--offline`), so that it says the same every time.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MENU } from "../src/commands/menu.ts";
import { WORKFLOWS } from "../src/commands/configuration/workflows.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const REQUIREMENTS = "scripts/zizmor.requirements.txt";
const FOLDER = ".cache/zizmor";

/** Files and folders of the repository that are audited. */
const OURS = [
  ".github",
  "action.yml",
  "actions",
  "scripts/act",
  ...readdirSync(join(root, "examples/truststream/.github/workflows")).map(
    (name) => `examples/truststream/.github/workflows/${name}`,
  ),
];

const TOKENS = ["GH_TOKEN", "GITHUB_TOKEN", "ZIZMOR_GITHUB_TOKEN"];

/** The auditor's path, or why it cannot be had here. */
type Obtained = { readonly path: string } | { readonly reason: string };

/**
 * The one on PATH if it is the pinned version, else the one in .cache/, else installed there by pip, by its
 * hash.
 */
function obtain(): Obtained {
  const version = /^zizmor==(\S+)/m.exec(readFileSync(join(root, REQUIREMENTS), "utf8"))?.[1];
  if (version === undefined) throw new Error(`${REQUIREMENTS} pins no zizmor`);
  const kept = join(root, FOLDER, "bin/zizmor");
  const path = ["zizmor", kept].find((each) => versionOf(each) === version);
  if (path !== undefined) return { path };
  rmSync(join(root, FOLDER), { recursive: true, force: true });
  const words = [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
    ...["--only-binary=:all:", "--require-hashes", "--target", FOLDER, "--requirement", REQUIREMENTS],
  ];
  const { status, error } = spawnSync("python3", words, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, PIP_ROOT_USER_ACTION: "ignore" },
    timeout: 120_000,
  });
  if (status === 0 && versionOf(kept) === version) return { path: kept };
  const why = error === undefined ? `ended with ${status}` : error.message;
  return { reason: `zizmor ${version} is not on PATH, and python3 ${words.slice(0, 3).join(" ")} … ${why}` };
}

function versionOf(path: string): string | undefined {
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 ? /zizmor (\S+)/.exec(stdout)?.[1] : undefined;
}

/** Writes what is a text in our sources as the files that it becomes elsewhere. */
function written(): string[] {
  const folder = `${FOLDER}/written`;
  rmSync(join(root, folder), { recursive: true, force: true });
  mkdirSync(join(root, folder), { recursive: true });
  const texts = [
    ...MENU.map(({ name, examples }) => [`example-of-${name}.yml`, examples.workflow] as const),
    ...Object.entries(WORKFLOWS).map(([path, text]) => [`init-${path.split("/").at(-1)!}`, text] as const),
  ];
  return texts.map(([name, text]) => {
    writeFileSync(join(root, folder, name), whole(text));
    return `${folder}/${name}`;
  });
}

/** An example may be jobs alone, to be put into somebody's workflow. */
function whole(text: string): string {
  return text.startsWith("jobs:") ? `on: workflow_dispatch\npermissions: {}\n${text}` : text;
}

/** @param asked instead of ours: what a test has made */
function main(asked: readonly string[]): number {
  const auditor = obtain();
  if ("reason" in auditor) {
    process.stderr.write(`\nNOT AUDITED: ${auditor.reason}\n\n`);
    // On somebody's machine the rest can still be judged; what is merged has to be seen.
    return (process.env["CI"] ?? "") === "" ? 0 : 4;
  }
  const inputs = asked.length > 0 ? asked : [...OURS, ...written()];
  const words = ["--offline", "--no-progress", "--strict-collection", "--config", ".github/zizmor.yml"];
  // A token would make it ask after all.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !TOKENS.includes(name)));
  const { status, error } = spawnSync(auditor.path, [...words, ...inputs], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env,
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
