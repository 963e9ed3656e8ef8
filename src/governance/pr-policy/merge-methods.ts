import { listed } from "../../kernel/listed.ts";
import { SettingsDocument } from "../../nouns/settings/document.ts";
import type { Answer, EffectiveRule, Forge } from "../../ports/forge.ts";
import type { ForgePull } from "../../ports/forge-pulls.ts";
import type { MergeMethods } from "../../ports/merges.ts";
import { mergeContradictions } from "../merging/contradictions.ts";
import { METHODS, type MergeMethod as Method } from "../merging/merge-methods.ts";

/** What of merging is known beside the settings. */
export interface KnownMerging {
  /** Undefined where nobody says: then a squash may come, whose message is the title alone. */
  readonly methods: readonly Method[] | undefined;
  readonly squashTitle: MergeMethods["squashTitle"];
  readonly squashBody: MergeMethods["squashBody"];
  readonly notes: readonly string[];
}

/**
 * The ways that the settings declare, and those that `protection` lets branches have in spite of it: which of
 * the two is meant nobody knows, so both are judged.
 *
 * @param text of the settings file
 */
export function declaredMerging(
  declared: readonly Method[],
  text: string,
): Pick<KnownMerging, "notes"> & { readonly methods: readonly Method[] } {
  const found = mergeContradictions(declared, new SettingsDocument(text).content["protection"]);
  const more = METHODS.filter((method) => found.some(({ methods }) => methods.includes(method)));
  if (more.length === 0) return { methods: declared, notes: [] };
  const note =
    `policy.merge.methods leaves out ${listed(more)}, which protection allows: both count here until one ` +
    "of them is changed; `settings check` says where";
  return { methods: [...declared, ...more], notes: [note] };
}

/** Who may tell how the repository merges, beside itself. */
export interface MergingWitnesses {
  /** What the event says, which only an event of a pull request does. */
  readonly event: MergeMethods | undefined;
  /** One of the pull requests: as the forge has it, or its number. */
  readonly pull: Pick<ForgePull, "merges"> | number | undefined;
}

/**
 * Which ways of merging a branch allows: the repository's own, less what rules on the branch forbid; a merge
 * queue has one for all. What cannot be seen is taken for allowed, which asks for more and never for less.
 *
 * A merge group must have the verdict that its pull requests had, and its event tells nothing: so the forge
 * is asked the same on both events, and what an event says counts only where nobody can be asked.
 */
export async function askMerging(
  forge: Forge | undefined,
  branch: string,
  { event, pull }: MergingWitnesses,
): Promise<KnownMerging> {
  const notes: string[] = [];
  let merges = event;
  let rules: readonly EffectiveRule[] = [];
  if (forge !== undefined) {
    const told = await repositorysOwn(forge, pull);
    merges = told.merges;
    const effective = await forge.effectiveRules(branch);
    if (effective.kind === "found") rules = effective.value;
    const hidden = [told.hidden, effective].find((answer) => answer?.kind === "hidden");
    if (hidden?.kind === "hidden" || merges === undefined) {
      const why = hidden?.kind === "hidden" ? ` (${hidden.why}; ${hidden.permission})` : "";
      notes.push(
        `GitHub does not show this token all ways in which pull requests are merged${why}; a squash is ` +
          "taken for possible, unless policy.merge.methods says otherwise",
      );
    }
  }
  const allowed = METHODS.filter((method) => merges === undefined || merges[method]);
  const ruled = allowed.filter((method) => rules.every((rule) => allows(rule, method)));
  const isKnown = merges !== undefined || ruled.length < METHODS.length;
  return {
    // Rules that leave nothing contradict each other, and no merge is possible until that is mended.
    methods: isKnown && ruled.length > 0 ? ruled : undefined,
    squashTitle: merges?.squashTitle,
    squashBody: merges?.squashBody,
    notes,
  };
}

/** What the repository says of itself; where that is left out, what it says as a pull request's base. */
async function repositorysOwn(
  forge: Forge,
  pull: MergingWitnesses["pull"],
): Promise<{ readonly merges: MergeMethods | undefined; readonly hidden?: Answer<unknown> }> {
  const facts = await forge.facts();
  if (facts.kind === "found" && facts.value.merges !== undefined) return { merges: facts.value.merges };
  const asked = typeof pull === "number" ? await forge.pulls.pull(pull) : undefined;
  const seen = asked?.kind === "found" ? asked.value : typeof pull === "number" ? undefined : pull;
  if (seen?.merges !== undefined) return { merges: seen.merges };
  const hidden = facts.kind === "found" ? asked : facts;
  return { merges: undefined, ...(hidden === undefined ? {} : { hidden }) };
}

/** https://docs.github.com/rest/repos/rules#get-rules-for-a-branch */
function allows({ type, parameters = {} }: EffectiveRule, method: Method): boolean {
  if (type === "required_linear_history") return method !== "merge";
  if (type === "merge_queue") return named(parameters["merge_method"], method);
  const list = parameters["allowed_merge_methods"];
  return type !== "pull_request" || !Array.isArray(list) || list.some((each) => named(each, method));
}

function named(value: unknown, method: Method): boolean {
  return typeof value !== "string" || value.toLowerCase() === method;
}
