import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { Ports } from "../../ports/ports.ts";
import { GIT_FOLDER, type WorkTree } from "../../ports/work-tree.ts";
import { differenceText } from "./difference.ts";
import type { Item } from "./item.ts";
import { planInit, type InitPolicy } from "./plan.ts";

/** The parsed inputs of `holdfast init`. */
export interface InitInputs {
  readonly write: boolean;
  /** What it is without `write`. */
  readonly dryRun?: boolean;
  readonly owners: readonly string[];
}

/** What the menu hands over of other wings. */
export interface InitParts {
  /** The policy that a text of settings declares. @throws input.malformed */
  readonly policyOf: (text: string, path: string) => InitPolicy;
  /** Workflows, by their paths. */
  readonly workflows: Readonly<Record<string, string>>;
}

/** `holdfast init`: see src/commands/configuration/init.ts. */
export async function runInit(
  inputs: InitInputs,
  ports: Pick<Ports, "workTree" | "sourceTree" | "log">,
  parts: InitParts,
): Promise<Outcome> {
  if (inputs.write && inputs.dryRun === true) {
    throw new HoldfastError("input.conflict", "--write and --dry-run are both given", {
      hint: "Leave one of them out: without --write nothing is written.",
    });
  }
  const tree = await ports.workTree();
  const settings = await tree.look(DEFAULT_SETTINGS);
  const base = await (await ports.sourceTree()).defaultBase(tree.root);
  const { items, notes } = await planInit(tree, {
    policy: parts.policyOf(settings.kind === "file" ? settings.text : "", DEFAULT_SETTINGS),
    owners: inputs.owners,
    branches: protectable(base?.replace(/^origin\//, ""), await tree.branches()),
    workflows: parts.workflows,
  });
  const wanted = items.filter(({ after }) => after !== undefined);
  // Long scripts last: what is short, and yours, is read first.
  const difference = [...wanted]
    .sort((a, b) => Number(a.executable) - Number(b.executable))
    .map(patchText)
    .join("");
  if (!inputs.write) return outcomeOf(items, { written: [], difference, notes, isDry: true });
  const written: Item[] = [];
  const late: Item[] = [];
  for (const item of wanted) {
    if (await put(tree, item)) written.push(item);
    else late.push({ ...item, action: "leave", message: "it was changed while this ran" });
    ports.log.debug(`${item.path}: ${item.action}`);
  }
  const after = items.map((item) => late.find(({ path }) => path === item.path) ?? item);
  return outcomeOf(after, { written, difference, notes, isDry: false });
}

/** What else lives on, by the names that `protection` has by default. */
export const LASTING = ["production", "staging", "develop"];

/** The main branch, and others that are there for good. */
function protectable(main: string | undefined, there: ReadonlySet<string>): string[] {
  const first = main ?? ["main", "master"].find((each) => there.has(each)) ?? "main";
  return [first, ...LASTING.filter((each) => each !== first && there.has(each))];
}

/** Git's own folder is in no patch: `git apply` would refuse all of it, and passes over what is none. */
function patchText(item: Item): string {
  const text = differenceText(item);
  return item.path.startsWith(`${GIT_FOLDER}/`) ? text.replace(/^(?!$)/gm, "# ") : text;
}

/** Whether it was still as it was looked at, and is written. */
async function put(tree: WorkTree, { path, before, after, executable }: Item): Promise<boolean> {
  const now = await tree.look(path);
  const isAsSeen = before === undefined ? now.kind === "absent" : now.kind === "file" && now.text === before;
  if (isAsSeen) await tree.write(path, after!, { executable });
  return isAsSeen;
}

interface Told {
  readonly written: readonly Item[];
  readonly difference: string;
  readonly notes: readonly string[];
  readonly isDry: boolean;
}

const WORDS: Readonly<Record<Item["action"], string>> = {
  make: "new",
  update: "brought up to date",
  join: "lines added",
  same: "as it should be",
  leave: "left",
};

/** What files alone do not do, of those that change here; of the others it was said before. */
function nextSteps(items: readonly Item[], isDry: boolean): string[] {
  const changed = items.filter(({ action }) => action !== "same" && action !== "leave");
  const isChanged = (end: string): boolean => changed.some(({ path }) => path.endsWith(end));
  const isReported = items.some(({ path, action }) => path.endsWith("/pr-policy.yml") && action !== "leave");
  const codeowners = changed.find(({ path }) => path.endsWith("CODEOWNERS"));
  const begin = isDry ? "after --write" : "next";
  return [
    ...(changed.some(({ path }) => !path.startsWith(`${GIT_FOLDER}/`))
      ? [
          `${begin}: commit the files and merge them; pull requests are judged by the ` +
            "settings of the branch that they go to",
        ]
      : []),
    ...(codeowners !== undefined && namesNobody(codeowners)
      ? [
          `${codeowners.path} names nobody yet, so that no owner has to approve, whatever the protection's ` +
            "`code-owners` says: write owners into it" +
            (isDry ? ", or give them with --owners" : ""),
        ]
      : []),
    ...(isChanged("/protection-audit.yml")
      ? [
          "the audit wants the secret PROTECTION_TOKEN (Administration: read), and sees little without it: " +
            "gh secret set PROTECTION_TOKEN",
        ]
      : []),
    ...(isReported && (isChanged("/pr-policy.yml") || isChanged(DEFAULT_SETTINGS))
      ? [
          "a refused pull request can be merged until the check pr-policy is required: with it in " +
            `protection.branches[].checks of ${DEFAULT_SETTINGS}, ` +
            "`holdfast protect --do apply --repository owner/name` does that",
        ]
      : []),
  ];
}

/** Whether a file of owners is nothing but comments. */
function namesNobody({ after = "" }: Item): boolean {
  return after.split("\n").every((line) => line === "" || line.startsWith("#"));
}

function outcomeOf(items: readonly Item[], told: Told): Outcome {
  const { written, difference, isDry } = told;
  const notes = [...told.notes, ...nextSteps(items, isDry)];
  const changes = items.filter(({ action }) => action !== "same" && action !== "leave").length;
  const isExplained = items.some(({ message }) => message !== undefined);
  const leftOver = items.filter(({ action }) => action === "leave").length;
  const rest = leftOver === 0 ? "" : `; ${quantity(leftOver, "file")} left as found`;
  const what = isDry
    ? changes === 0
      ? "nothing is to be written"
      : `${quantity(changes, "file")} would be written; --write does it`
    : changes === 0
      ? "nothing was to be written"
      : `${quantity(written.length, "file")} written`;
  return {
    exit: EXIT.done,
    outputs: {
      files: items.map(({ path, action, message }) => ({ path, action, why: message ?? null })),
      changes,
      written: written.map(({ path }) => path),
      difference,
    },
    ...(isDry && difference !== "" ? { product: difference } : {}),
    report: {
      good: true,
      headline: `${what}${rest}`,
      tables: [
        {
          columns: ["file", "becomes", ...(isExplained ? ["why"] : [])],
          rows: items.map(({ path, action, message }) => [
            printableLine(path),
            WORDS[action],
            ...(isExplained ? [printableLine(message ?? "")] : []),
          ]),
        },
      ],
      notes,
    },
  };
}
