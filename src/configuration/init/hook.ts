import { parse, parseAllDocuments } from "yaml";
import { GIT_FOLDER, type WorkTree } from "../../ports/work-tree.ts";
import { hookScript, type HookPolicy } from "./hook-script.ts";
import { kept, left, type Item } from "./item.ts";
import { block, findBlock, ownerOf } from "./mark.ts";

/** Where the hook goes, and what is to be said of it. */
export interface HookPlan {
  readonly items: readonly Item[];
  readonly notes: readonly string[];
}

/**
 * Git runs one commit-msg hook. Where husky or lefthook runs it, the check goes among what they run; else it
 * is the hook, in the folder that git looks in.
 *
 * @throws source.unreadable
 */
export async function hookItems(tree: WorkTree, policy: HookPolicy): Promise<HookPlan> {
  const script = hookScript(policy);
  const { configured, path } = await tree.hooks();
  // In a monorepo it may lie below; `_` is what husky writes for git, and what it reads stands above.
  const [, husky] = /^((?:.*\/)?\.husky)(?:\/_)?$/.exec(path ?? "") ?? [];
  if (husky !== undefined || (configured === undefined && (await tree.look(".husky")).kind === "folder")) {
    const note = "husky is not active in this clone, and no commit is checked until it is: run `npx husky`";
    const items = [await huskyItem(tree, `${husky ?? ".husky"}/commit-msg`, script)];
    return { items, notes: husky === undefined ? [note] : [] };
  }
  for (const name of LEFTHOOK) {
    if ((await tree.look(name)).kind !== "absent") return lefthook(tree, name, script);
  }
  if (path === undefined) {
    const message = `core.hooksPath is ${String(configured)}, which is outside of the checkout`;
    return { items: [{ path: "commit-msg", action: "leave", message, executable: true }], notes: [] };
  }
  const items = await plainItems(tree, path === "" ? "" : `${path}/`, script);
  const isPrivate = path.startsWith(`${GIT_FOLDER}/`) && items.some(({ action }) => action !== "leave");
  const note = "the hook is in this clone alone: everybody who wants it runs `holdfast init --write` once";
  return { items, notes: isPrivate ? [note] : [] };
}

/** What stands beside somebody else's hook, and the line by which that starts it. */
const BESIDE = "holdfast-commit-msg";
const BESIDE_LINE = `"$(dirname "$0")/${BESIDE}" "$1" || exit 1`;

/** Git starts one file, so that two checks need a line in the one that starts the other. */
async function plainItems(tree: WorkTree, folder: string, script: string): Promise<readonly Item[]> {
  const path = `${folder}commit-msg`;
  const item = await kept(tree, path, `#!/bin/sh\n${script}`, true);
  const found = await tree.look(path);
  if (item.action !== "leave" || found.kind !== "file" || ownerOf(found.text) !== "other") return [item];
  const beside = await kept(tree, `${folder}${BESIDE}`, `#!/bin/sh\n${script}`, true);
  if (has(found.text, BESIDE)) return [beside, { path, action: "same", executable: true }];
  const message = `it is somebody else's, and git runs one: add to it, before it ends: ${BESIDE_LINE}`;
  return [beside, { ...item, message }];
}

/** https://typicode.github.io/husky: a file of sh for each hook, which husky starts by `sh -e`. */
async function huskyItem(tree: WorkTree, path: string, script: string): Promise<Item> {
  const found = await tree.look(path);
  if (found.kind !== "file" || ownerOf(found.text) !== "other") {
    return kept(tree, path, `#!/bin/sh\n${script}`, true);
  }
  const executable = found.executable;
  const { text } = found;
  if (findBlock(text) === undefined && !endsInOurLines(text)) {
    const message =
      "its script may end before its last line, or is none of sh: call the check from it by hand";
    return { path, action: "leave", message, executable };
  }
  return joined(path, text, script, executable);
}

/** Whether what is written below the last line of a script is run. */
function endsInOurLines(text: string): boolean {
  const isSh = !text.startsWith("#!") || /^#!.*\b(?:sh|bash|dash)\b/.test(text);
  return isSh && !text.includes("\r") && !/^[ \t]*(?:exit|exec|return)\b/m.test(text);
}

/** https://lefthook.dev/configuration/ */
const LEFTHOOK = [
  "lefthook.yml",
  "lefthook.yaml",
  ".lefthook.yml",
  ".lefthook.yaml",
  ".config/lefthook.yml",
  ".config/lefthook.yaml",
  "lefthook.toml",
  "lefthook.json",
  ".lefthook.toml",
  ".lefthook.json",
];
const LEFTHOOK_SCRIPT = ".lefthook/holdfast-commit-msg.sh";
const LEFTHOOK_LINES = `commit-msg:
  commands:
    holdfast:
      run: sh ${LEFTHOOK_SCRIPT} {1}
`;

/** The script first: lefthook's file names it. */
async function lefthook(tree: WorkTree, path: string, script: string): Promise<HookPlan> {
  const file = await kept(tree, LEFTHOOK_SCRIPT, `#!/bin/sh\n${script}`, true);
  const entry = await lefthookItem(tree, path);
  const isDone = entry.action === "join" || entry.action === "update";
  return {
    items: [file, entry],
    notes: isDone ? ["run `lefthook install` once where that was not done"] : [],
  };
}

async function lefthookItem(tree: WorkTree, path: string): Promise<Item> {
  const found = await tree.look(path);
  if (found.kind !== "file") return left(path, found);
  const by = `add to commit-msg by hand: run: sh ${LEFTHOOK_SCRIPT} {1}`;
  const leave: Item = {
    path,
    action: "leave",
    message: `it is no YAML that can be added to; ${by}`,
    executable: false,
  };
  const { text } = found;
  if (!path.endsWith("ml") || path.endsWith("toml") || text.includes("\r")) return leave;
  const own = findBlock(text);
  if (own === undefined && has(text, LEFTHOOK_SCRIPT)) return { path, action: "same", executable: false };
  if (own === undefined && !isMapWithout(text, "commit-msg")) {
    return { ...leave, message: `it has a commit-msg of its own, or is no map; ${by}` };
  }
  const item = joined(path, text, LEFTHOOK_LINES, found.executable);
  // What it says for everybody else must be the same as before.
  if (item.after !== undefined && !onlyAdds(text, item.after)) return leave;
  return item;
}

function has(text: string, words: string): boolean {
  return text.includes(words);
}

function isMapWithout(text: string, key: string): boolean {
  const [only, another] = parseAllDocuments(text);
  if (another !== undefined || /^\.\.\.$/m.test(text)) return false;
  const content = only === undefined ? null : contentOf(text);
  if (content === null) return true;
  return typeof content === "object" && !Array.isArray(content) && !Object.hasOwn(content, key);
}

function onlyAdds(before: string, after: string): boolean {
  const [old, now] = [contentOf(before) ?? {}, contentOf(after) ?? {}] as Record<string, unknown>[];
  const { "commit-msg": _, ...others } = now!;
  const { "commit-msg": __, ...same } = old!;
  return JSON.stringify(others) === JSON.stringify(same);
}

/** Undefined where it is no YAML. */
function contentOf(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" }) ?? null;
  } catch {
    return undefined;
  }
}

/** Lines of ours among somebody else's: added at the end, or kept up where they are. */
function joined(path: string, text: string, lines: string, executable: boolean): Item {
  const wanted = block(lines);
  const found = findBlock(text);
  if (found === undefined) {
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    return {
      path,
      action: "join",
      before: text,
      wasExecutable: executable,
      after: `${text}${gap}${wanted}`,
      executable,
    };
  }
  if (found.owner === "changed") {
    return { path, action: "leave", message: "our lines in it were changed by hand", executable };
  }
  const after = `${found.before}${wanted}${found.after}`;
  if (after === text) return { path, action: "same", executable };
  return { path, action: "update", before: text, wasExecutable: executable, after, executable };
}
