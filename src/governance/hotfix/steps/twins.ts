import { readDescription } from "../../description/description.ts";
import { isDeclared } from "../../description/named-pulls.ts";
import type { Step } from "../../steps/step.ts";
import { told } from "../../../nouns/forge/told.ts";
import { twinText } from "../description.ts";
import type { Hotfix } from "../finish-plan.ts";
import { openPull } from "./into.ts";
import type { HotfixSurroundings } from "./surroundings.ts";

/** A description that does not name the other pull request. */
interface Unnamed {
  readonly number: number;
  readonly body: string;
  readonly twin: { readonly branch: string; readonly number: number };
}

/**
 * That each of the two pull requests names the other, as the rule `twin` of `pr-policy` asks for. What
 * somebody
 * wrote into a description stays; the name is put below it.
 */
export function twinsStep(
  { branch }: Hotfix,
  bases: readonly [string, string],
  around: HotfixSurroundings,
): Step {
  const { forge } = around;
  return {
    name: "twins",
    carriesTheRest: false,
    async observe() {
      const unnamed = await lookFor();
      if (unnamed === undefined) {
        return { kind: "true", what: "no two pull requests are open that could name each other" };
      }
      const [first] = unnamed;
      if (first === undefined) return { kind: "true", what: "each pull request names the other" };
      return { kind: "missing", what: `name #${first.twin.number} in the description of #${first.number}` };
    },
    async act() {
      for (const { number, body, twin } of (await lookFor()) ?? []) {
        await forge.pulls.describe(number, `${body.trimEnd()}\n\n${twinText(twin.branch, twin.number)}`);
      }
    },
  };

  async function lookFor(): Promise<readonly Unnamed[] | undefined> {
    const [one, other] = [await openPull(branch, bases[0], around), await openPull(branch, bases[1], around)];
    if (one === undefined || other === undefined) return undefined;
    const pairs = [
      { number: one.number, twin: { branch: bases[1], number: other.number } },
      { number: other.number, twin: { branch: bases[0], number: one.number } },
    ];
    const unnamed: Unnamed[] = [];
    for (const { number, twin } of pairs) {
      const { body } = told(await forge.pulls.pull(number), `pull request #${number}`);
      const description = readDescription(body);
      if (description === undefined || !isDeclared(twin.branch, description)) {
        unnamed.push({ number, body, twin });
      }
    }
    return unnamed;
  }
}
