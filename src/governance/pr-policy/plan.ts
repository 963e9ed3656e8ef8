import { HoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import { DEPENDENCIES as dependencies, type DependencySettings } from "../dependencies/settings.ts";
import { readDescription, withoutMarks, type Description } from "../description/description.ts";
import type { PullRequest, Scene } from "./pull-request.ts";
import type { PolicyRequest } from "./request.ts";
import { coverage, policy, type Policy } from "./settings.ts";
import { askTwins } from "./twins.ts";

/** What will be judged, and by what. */
export interface PolicyPlan {
  readonly request: PolicyRequest;
  readonly scene: Scene;
  /** Hashes of both ends. */
  readonly commits: { readonly base: string; readonly head: string };
  /** Undefined where the settings have no such section. */
  readonly dependencies: DependencySettings | undefined;
  readonly notes: readonly string[];
}

/**
 * Asks git what the pull request changes, and reads the settings as the *base* has them: whoever is judged
 * does not decide by what.
 *
 * @throws input.malformed, input.missing; source.history
 */
export async function planPolicy(request: PolicyRequest): Promise<PolicyPlan> {
  const { history, range } = request;
  const ends = { base: await history.commit(range.base), head: await history.commit(range.head) };
  const commits = await history.commits(range);
  const changes = await history.changes(range);
  const text = (await history.file(ends.base, request.settings))?.toString("utf8");
  const settings = readSettings(text ?? "", request.settings, { policy, coverage, dependencies });
  const isFirst = text === undefined && changes.some(({ path }) => path === request.settings);
  const wanted = withMethods(settings.policy ?? policy.parse({}), request);
  const template = await history.file(ends.base, wanted.description.template);
  const description = readDescription(request.body);
  const pull: PullRequest = {
    title: request.title ?? onlyTitle(commits.map(({ message }) => message)),
    body: request.body,
    description: description ?? NOTHING,
    isReadable: description !== undefined,
    head: request.head,
    base: request.base,
    author: request.event?.author,
    isDraft: request.event?.isDraft === true,
    commits: commits.map(({ id, message, parents }) => ({ id, message, isMerge: parents.length > 1 })),
    changes,
  };
  return {
    request,
    commits: ends,
    scene: {
      pull,
      policy: wanted,
      coverage: settings.coverage ?? coverage.parse({}),
      twins: await askTwins(pull, wanted, range, history),
      template: template === undefined ? [] : seenLines(template.toString("utf8")),
    },
    dependencies: settings.dependencies,
    notes: [
      ...(isFirst ? [`${request.settings} counts as soon as it is merged: until then the defaults do`] : []),
      ...(request.event === undefined && (await history.isDirty())
        ? ["files are changed that are not committed; these changes are not judged"]
        : []),
    ],
  };
}

/** Of a description that nobody can read nothing is seen. */
const NOTHING: Description = { sections: [], tasks: [], prose: "", paragraphs: [], links: [] };

/** What the settings say counts; else what GitHub tells of the repository. */
function withMethods(declared: Policy, { event }: PolicyRequest): Policy {
  const merges = event?.merges;
  if (declared.merge.methods !== undefined || merges === undefined) return declared;
  const methods = (["merge", "squash", "rebase"] as const).filter((method) => merges[method]);
  return {
    ...declared,
    merge: {
      ...declared.merge,
      ...(methods.length === 0 ? {} : { methods }),
      "squash-body": merges.keepsCommits ? "commits" : declared.merge["squash-body"],
    },
  };
}

/** GitHub proposes the header of the only commit; of several nobody knows. */
function onlyTitle(messages: readonly string[]): string {
  const [only, another] = messages;
  if (only !== undefined && another === undefined) return only.split("\n")[0] ?? "";
  throw new HoldfastError("input.missing", "no title was given, and there is more than one commit", {
    hint: "Give the title that the pull request will have with --title.",
  });
}

function seenLines(markdown: string): string[] {
  return (readDescription(markdown) ?? NOTHING).sections.flatMap(({ text }) =>
    text.split("\n").map(withoutMarks),
  );
}
