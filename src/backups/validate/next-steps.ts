import { findingSentence } from "../copy/judging/headline.ts";
import type { ContentRecord } from "../../nouns/content/record.ts";
import type { Difference } from "../../nouns/content/compare/difference.ts";
import { INCOMPLETE } from "../../nouns/content/omissions/incomplete.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import { accountFor, parseAcceptedName, type AcceptedName } from "./accepted.ts";
import type { ValidatePlan } from "./plan.ts";
import type { Validated } from "./apply.ts";

/** Names put into the command: a screen must have room for it. The receipt has all of them. */
const NAMES_MAX = 100;

/** Of a failure, said once. */
const FAILED =
  "do not rely on a backup that failed: make a new one, and until that is proved `holdfast restore " +
  "--backup latest-verified` takes the newest that was; where the server it was restored into may be " +
  "at fault, validate it with another (--scratch)";

/**
 * What to do about a failure; what mends gaps, and the command that accepts what nobody can mend, one for
 * each backup with gaps.
 */
export function nextSteps(plan: ValidatePlan, results: readonly Validated[]): string[] {
  return [
    ...(results.some(({ verdict }) => verdict === "failed") ? [FAILED] : []),
    ...aboutGaps(plan, results),
  ];
}

function aboutGaps(plan: ValidatePlan, results: readonly Validated[]): string[] {
  return results
    .filter(({ verdict, item }) => verdict === "gaps" && item.backup !== undefined)
    .flatMap((result) => [
      ...mending(result.findings),
      ...accepting(plan, result, result.item.backup!.manifest.content),
    ]);
}

function mending(findings: readonly Difference[]): string[] {
  const extensions = [
    ...new Set(findings.flatMap(({ about, name, needs = [] }) => (about === "extension" ? [name] : needs))),
  ];
  return [
    ...(extensions.length === 0
      ? []
      : [
          `to prove what needs ${listed(extensions)}: validate with --scratch on a server ` +
            `that has ${extensions.length === 1 ? "it" : "them"}`,
        ]),
    ...(findings.some(({ about }) => about === INCOMPLETE)
      ? [
          "what is incomplete is whole in a backup that has the schemas it needs too (more " +
            "--schemas, or none)",
        ]
      : []),
    ...(findings.some(({ message }) => BY_ANOTHER_ROLE.test(message))
      ? ["what the role of the backup may not read is whole in a backup by one that may"]
      : []),
  ];
}

const BY_ANOTHER_ROLE = /may not read|unless its role is a superuser/;

/**
 * The command is right as it is copied: every new name, and of those accepted already what is still found.
 */
function accepting(plan: ValidatePlan, result: Validated, content: ContentRecord): string[] {
  const { item, findings, receipt } = result;
  const { names, nameless } = namesToAccept(findings, plan.request.acceptGaps, content);
  const all = [...names, ...stillNeeded(plan, result)];
  const more = all.length - NAMES_MAX;
  const words = all.slice(0, NAMES_MAX).map((name) => `--accept-gaps ${shellWord(name)}`);
  const { request } = plan;
  const sealed = item.backup!.manifest.artifacts.some(({ encryption }) => encryption.format !== "none");
  const command = [
    "holdfast validate",
    `--store ${shellWord(request.catalog.store.url)}`,
    `--source ${shellWord(item.key.source)}`,
    `--backup ${item.key.id}`,
    ...(sealed ? ["--identity-file …"] : []),
    ...words,
  ].join(" ");
  const rest =
    more > 0
      ? ` and ${quantity(more, "further name")}, without which it is not enough: ` +
        `all are in findings and accepted of receipt ${receipt}`
      : "";
  const left = nameless.map(
    (found) => `this gap has no name by which it could be accepted: ${findingSentence(found)}`,
  );
  const accept =
    `if you know these gaps and nobody can mend them, accept them by name: \`${command}\`${rest} ` +
    "(in a workflow one a line: accept-gaps)";
  return names.length === 0 ? left : [accept, ...left];
}

/**
 * Of a proof that restored: only such a one meets every gap, so after another nobody knows what is not
 * needed any more.
 */
function stillNeeded({ request }: ValidatePlan, { item, unmatched }: Validated): string[] {
  const names = request.acceptGaps.map(({ about, name }) => `${about} ${name}`);
  return item.depth === "restored" ? names.filter((name) => !unmatched.includes(name)) : names;
}

/** What is to be named so that nothing is left: what goes along with an extension is not. */
function namesToAccept(
  findings: readonly Difference[],
  accepted: readonly AcceptedName[],
  content: ContentRecord,
): { names: string[]; nameless: Difference[] } {
  const nameOf = ({ about, name }: Difference): string => `${about} ${name}`;
  const named = findings.filter((found) => isName(nameOf(found)));
  const first = named.filter(({ needs = [] }) => needs.length === 0);
  const { findings: left } = accountFor(named, [...accepted, ...first], content);
  return {
    names: [...new Set([...first, ...left].map(nameOf))],
    nameless: findings.filter((found) => !named.includes(found)),
  };
}

/** Whether `--accept-gaps` would take it, as one line. */
function isName(text: string): boolean {
  if (text.includes("\n")) return false;
  try {
    parseAcceptedName(text);
    return true;
  } catch {
    return false;
  }
}
