import { HoldfastError } from "../../kernel/errors.ts";
import type { Section } from "../../nouns/settings/section.ts";
import type { DependencySettings } from "../dependencies/settings.ts";
import { defaultRules } from "../commits/lint.ts";
import { readOwnRules } from "../commits/own-rules.ts";
import { readDescription, withoutMarks, type Description } from "../description/description.ts";
import { readBaseSettings } from "./base-settings.ts";
import { withCurrentText } from "./current-text.ts";
import { findGroup, type GroupMember } from "./group.ts";
import { askMerging, declaredMerging } from "./merge-methods.ts";
import type { ForgePull } from "../../ports/forge-pulls.ts";
import type { SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { undeclaredPrograms, type PullRequest, type Scene } from "./pull-request.ts";
import type { PolicyRequest } from "./request.ts";
import { readSettingsChange } from "./settings-change.ts";
import { DEFAULT_TEMPLATE, type Policy } from "./settings.ts";
import { untoldTitles } from "./squash.ts";
import { policyCommits } from "./policy-commits.ts";
import { askTwins } from "./twins.ts";

/** What will be judged, and by what. */
export interface PolicyPlan {
  readonly request: PolicyRequest;
  /** How it is called: a title, or a merge group by its numbers. */
  readonly what: string;
  /** Numbers of the pull requests; empty before there is one. */
  readonly numbers: readonly number[];
  /** All of it; of a merge group what it brings together, without a title of its own. */
  readonly scene: Scene;
  /** By pull request, what rules look at; {@link scene} itself where there is only one. */
  readonly scenes: readonly Scene[];
  /** Hashes of both ends. */
  readonly commits: { readonly base: string; readonly head: string };
  /** Where the head left the base: what the base has got since is nobody's doing here. */
  readonly parted: string;
  /** Undefined where the settings have no such section. */
  readonly dependencies: DependencySettings | undefined;
  readonly notes: readonly string[];
}

/**
 * Asks git what the pull request changes, and reads the settings as the *base* has them: whoever is judged
 * does not decide by what. Of a merge group the pull requests are found again.
 *
 * @throws input.malformed, input.missing; source.history; forge.*
 */
export async function planPolicy(given: PolicyRequest, sections: readonly Section[]): Promise<PolicyPlan> {
  const { request, notes: textNotes } = await withCurrentText(given);
  const { history, range } = request;
  const ends = { base: await history.commit(range.base), head: await history.commit(range.head) };
  const commits = await history.commits(range);
  const changes = await history.changes(range);
  const members = await membersOf(request);
  const paths = await history.paths(ends.base);
  const path = request.settings;
  const settings = await readBaseSettings(history, { path, base: ends.base, paths, changes });
  if (request.advisories !== undefined && settings.dependencies === undefined) throw nothingToAudit(request);
  const merging = await withMethods(settings.policy, request, {
    text: settings.text,
    queued: members[0]?.pull,
  });
  const wanted = merging.policy;
  const own = await readOwnRules(paths, (path) => history.file(ends.base, path));
  const common = {
    policy: wanted,
    messageRules: own.rules ?? defaultRules(wanted.commits.types, wanted.commits.scopes),
    coverage: settings.coverage,
    template: await templateLines(history, ends.base, templatesOf(wanted.description.template, paths)),
  };
  const title = titleOf(
    request,
    commits.map(({ message }) => message),
  );
  const sceneOf = async (
    facts: Omit<PullRequest, "description" | "isReadable">,
    of: SourceRange,
  ): Promise<Scene> => {
    const description = readDescription(facts.body);
    const isReadable = description !== undefined;
    const pull = { ...facts, description: description ?? NOTHING, isReadable };
    const { changes: own } = facts;
    const about = { path, head: of.head, changes: own };
    const settingsChange = await readSettingsChange(history, about, sections, settings.broken);
    return {
      ...common,
      pull,
      settingsPath: path,
      settingsChange,
      twins: await askTwins(pull, wanted, of, { history, forge: request.forge }),
    };
  };
  const scene = await sceneOf(
    {
      ...(request.event === undefined ? {} : { number: request.event.number }),
      title,
      body: request.body,
      head: request.head,
      base: request.base,
      author: request.event?.author,
      isDraft: request.event?.isDraft === true,
      commits: await policyCommits(commits, history),
      changes,
    },
    range,
  );
  const scenes: Scene[] = [];
  for (const { pull, commits: own, range: of } of members) {
    const { number, title: called, body, head, base, author, isDraft } = pull;
    const [from, into] = [head.branch, base.branch];
    const facts = { number, title: called, body, head: from, base: into, author, isDraft };
    const has = { commits: await policyCommits(own, history), changes: await history.changes(of) };
    scenes.push(await sceneOf({ ...facts, ...has }, of));
  }
  const judged = request.group === undefined ? [scene] : scenes;
  const numbers =
    request.event === undefined ? members.map(({ pull }) => pull.number) : [request.event.number];
  return {
    request,
    what: whatOf(request, title, numbers),
    numbers,
    commits: ends,
    parted: await history.mergeBase(range),
    scene,
    scenes: judged,
    dependencies: settings.dependencies,
    notes: [
      ...localNotes(request),
      ...textNotes,
      ...merging.notes,
      ...(request.judge === "coverage" ? [] : [...untoldTitles(judged), ...undeclaredPrograms(judged)]),
      ...own.notes,
      ...settings.notes,
      ...(settings.broken.length > 0 && request.judge === "coverage"
        ? [`${path} is wrong on the base; where it is, the defaults judge this`]
        : []),
      ...(request.event === undefined && request.group === undefined && (await history.isDirty())
        ? ["files are changed that are not committed; these changes are not judged"]
        : []),
    ],
  };
}

/** Of a description that nobody can read nothing is seen. */
const NOTHING: Description = { sections: [], tasks: [], prose: "", paragraphs: [], links: [] };

/** A gate that is asked for and judges nothing would be taken for one that is passed. */
function nothingToAudit({ settings }: PolicyRequest): HoldfastError {
  return new HoldfastError(
    "input.conflict",
    "known vulnerabilities are to be asked about, and the settings have no section dependencies",
    { hint: `Add \`dependencies: {}\` to ${settings} on the base, or leave --audit out.` },
  );
}

async function membersOf({ group, forge, history }: PolicyRequest): Promise<readonly GroupMember[]> {
  return group === undefined || forge === undefined ? [] : await findGroup(history, forge.pulls, group);
}

function whatOf({ group, judge }: PolicyRequest, title: string, numbers: readonly number[]): string {
  if (group === undefined) return judge === "coverage" ? "the coverage" : JSON.stringify(title);
  if (numbers.length === 0) return "the coverage of the merge group";
  return `the merge group of ${numbers.map((number) => `#${number}`).join(", ")}`;
}

function localNotes({ isUnasked }: PolicyRequest): string[] {
  const unasked =
    "this runs for no pull request: judged is what is checked out, and what is given here, as with --local";
  return isUnasked ? [unasked] : [];
}

/** Of coverage alone a title says nothing. */
function titleOf({ title, judge, range }: PolicyRequest, messages: readonly string[]): string {
  return title ?? (judge === "coverage" ? "" : onlyTitle(messages, range.base));
}

/** What the settings say counts; else what GitHub tells of the repository and of the branch. */
async function withMethods(
  declared: Policy,
  { event, group, forge, base, judge }: PolicyRequest,
  { text, queued }: { readonly text: string; readonly queued: ForgePull | undefined },
): Promise<{ readonly policy: Policy; readonly notes: readonly string[] }> {
  if (judge === "coverage") return { policy: declared, notes: [] };
  const { merge } = declared;
  const said = merge.methods === undefined ? undefined : declaredMerging(merge.methods, text);
  const isWhole = merge["squash-title"] !== undefined && merge["squash-body"] !== undefined;
  const isJob = event !== undefined || group !== undefined;
  const isAsked = isJob && (said === undefined || (said.methods.includes("squash") && !isWhole));
  const told = isAsked
    ? await askMerging(forge, base, { event: event?.merges, pull: queued ?? event?.number })
    : undefined;
  const methods = said?.methods ?? told?.methods;
  const squashTitle = merge["squash-title"] ?? told?.squashTitle;
  const squashBody = merge["squash-body"] ?? told?.squashBody;
  return {
    policy: {
      ...declared,
      merge: {
        ...(methods === undefined ? {} : { methods: [...methods] }),
        ...(squashTitle === undefined ? {} : { "squash-title": squashTitle }),
        ...(squashBody === undefined ? {} : { "squash-body": squashBody }),
      },
    },
    // What was not shown of ways of merging is told only where the settings do not say them.
    notes: said?.notes ?? told?.notes ?? [],
  };
}

/** GitHub proposes the header of the only commit; of several nobody knows. */
function onlyTitle(messages: readonly string[], base: string): string {
  const [only, another] = messages;
  if (only === undefined) {
    throw new HoldfastError(
      "input.missing",
      `no title was given, and there is no commit that ${base} has not`,
      {
        hint: "Check --base, and that the right branch is checked out; or give a title with --title.",
      },
    );
  }
  if (another === undefined) return only.split("\n")[0] ?? "";
  throw new HoldfastError("input.missing", "no title was given, and there is more than one commit", {
    hint: "Give the title that the pull request will have with --title.",
  });
}

/**
 * Where GitHub looks, whatever the case:
 * https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests
 */
const TEMPLATES = /^(?:\.github\/|docs\/)?pull_request_template(?:(?:\.(?:md|txt))?|\/[^/]+\.(?:md|txt))$/i;
const TEMPLATES_MAX = 50;

/** The template that is declared; of the usual name every one that GitHub takes. */
function templatesOf(declared: string, paths: readonly string[]): readonly string[] {
  if (declared !== DEFAULT_TEMPLATE) return [declared];
  return paths.filter((path) => TEMPLATES.test(path)).slice(0, TEMPLATES_MAX);
}

async function templateLines(
  history: Pick<SourceHistory, "file">,
  commit: string,
  paths: readonly string[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const path of paths) {
    const text = (await history.file(commit, path))?.toString("utf8") ?? "";
    for (const section of (readDescription(text) ?? NOTHING).sections) {
      lines.push(...section.text.split("\n").map(withoutMarks));
    }
  }
  return lines;
}
