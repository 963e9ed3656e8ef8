import { DEFAULT_SETTINGS, MISTAKEN_SETTINGS } from "../../nouns/settings/section.ts";
import type { WorkTree } from "../../ports/work-tree.ts";
import { hookItems } from "./hook.ts";
import type { HookPolicy } from "./hook-script.ts";
import { kept, start, type Item } from "./item.ts";
import { codeownersText, settingsText, templateText, type WantedSection } from "./starts.ts";

/** What the files are made from: the part of the repository's policy that they follow. */
export interface InitPolicy {
  readonly commits: HookPolicy;
  readonly description: { readonly sections: readonly WantedSection[]; readonly template: string };
  readonly documentation: { readonly headings: readonly string[] };
}

/** What is to be installed. */
export interface InitRequest {
  readonly policy: InitPolicy;
  readonly owners: readonly string[];
  /** The branches to protect, where there are no settings yet. */
  readonly branches: readonly string[];
  /** Workflows, by their paths. */
  readonly workflows: Readonly<Record<string, string>>;
}

/** What would be written, in this order; and what is there and is left. */
export interface InitPlan {
  readonly items: readonly Item[];
  readonly notes: readonly string[];
}

/**
 * Looks at the checkout. The order is that of writing: whatever names another file comes after it, so that a
 * run which ends between two leaves nothing that points nowhere.
 *
 * @throws source.unreadable
 */
export async function planInit(tree: WorkTree, request: InitRequest): Promise<InitPlan> {
  const { policy, owners, branches, workflows } = request;
  const template = templateText(policy.description.sections, policy.documentation.headings.slice(0, 1));
  const hook = await hookItems(tree, policy.commits);
  const items = [
    await templateItem(tree, policy.description.template, template),
    await start(tree, ".github/CODEOWNERS", codeownersText(owners), ["CODEOWNERS", "docs/CODEOWNERS"]),
    ...hook.items,
  ];
  for (const [path, text] of Object.entries(workflows)) items.push(await kept(tree, path, text, false));
  const isReported = items.some(({ path, action }) => path === CHECK_WORKFLOW && action !== "leave");
  items.push(await settingsItem(tree, settingsText(branches, isReported)));
  return { items, notes: hook.notes };
}

/** What reports the check that the settings require. */
const CHECK_WORKFLOW = ".github/workflows/pr-policy.yml";

async function settingsItem(tree: WorkTree, text: string): Promise<Item> {
  const item = await start(tree, DEFAULT_SETTINGS, text);
  if (item.action !== "make" || (await tree.look(MISTAKEN_SETTINGS)).kind === "absent") return item;
  const message = `${MISTAKEN_SETTINGS} is there, and read by no command: rename it to ${DEFAULT_SETTINGS}`;
  return { path: DEFAULT_SETTINGS, action: "leave", message, executable: false };
}

/** Folders in which GitHub looks for a template, whatever the case of its name. */
const TEMPLATE_FOLDERS = ["", "docs", ".github"];
const TEMPLATE = /^pull_request_template(?:\.md|\.txt)?$/i;

async function templateItem(tree: WorkTree, declared: string, text: string): Promise<Item> {
  const others: string[] = [];
  for (const folder of TEMPLATE_FOLDERS) {
    const names = (await tree.names(folder)).filter((name) => TEMPLATE.test(name));
    others.push(...names.map((name) => (folder === "" ? name : `${folder}/${name}`)));
  }
  // The settings are a person's text: a path that leads out of the checkout is none to write at.
  const isClean = !declared.split("/").some((part) => part === "" || part === "." || part === "..");
  const path = isClean ? declared : ".github/pull_request_template.md";
  return start(
    tree,
    path,
    text,
    others.filter((other) => other !== path),
  );
}
