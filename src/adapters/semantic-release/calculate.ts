import { analyzeCommits } from "@semantic-release/commit-analyzer";
import { generateNotes } from "@semantic-release/release-notes-generator";
import semanticRelease, { type Options, type PluginSpec } from "semantic-release";
import { HoldfastError } from "../../kernel/errors.ts";
import type {
  CalculateRelease,
  CalculationRequest,
  ReleaseCalculation,
  ReleaseType,
} from "../../ports/release-calculation.ts";
import { causeOf } from "./cause.ts";
import { presetOptions, type PresetOptions } from "./presets.ts";
import { KeptOutput } from "./kept-output.ts";
import { tamed } from "./tamed.ts";

/** Where there is nothing that links could lead to; RFC 2606 has the name for that. */
const NOWHERE = "https://repository.invalid/owner/name";

/**
 * What would lead git to another repository: in a hook, for one, git sets these.
 * https://git-scm.com/docs/git#_environment_variables
 */
const OF_ANOTHER = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_COMMON_DIR",
  "GIT_INDEX_FILE",
  "GIT_NAMESPACE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_CONFIG",
  "GIT_CONFIG_COUNT",
  "GIT_CONFIG_PARAMETERS",
  "GIT_ALLOW_PROTOCOL",
  "GIT_DEFAULT_HASH",
];

/**
 * Settings of a person or a machine decide nothing: who forbids bare repositories or files as remotes means
 * those of strangers.
 */
const OF_NOBODY = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

/** Some questions to git the library asks with our environment, and not with the one that it was given. */
const MEANWHILE = { ...Object.fromEntries(OF_ANOTHER.map((name) => [name, undefined])), ...OF_NOBODY };

/** Runs work while variables have other values in our environment, which the library hands on to git. */
type WithVariables = <T>(
  changed: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
) => Promise<T>;

/** A release by its names. */
interface Named {
  readonly version: string;
  readonly gitTag: string;
  readonly name?: string;
}

/** What plugins are told, of which only this is used. */
interface Context {
  readonly lastRelease: { readonly version?: string };
  /** Where there is one, and its notes are asked for. */
  readonly nextRelease?: Named;
  readonly options: { readonly repositoryUrl: string };
}

/** What the plugins have seen; semantic-release gives back less. */
interface Seen {
  context?: Context;
  commits?: readonly Commit[];
  because?: string | undefined;
  notes?: string;
}

interface Commit {
  readonly hash: string;
  readonly message: string;
}

/**
 * By semantic-release, as a library: https://semantic-release.gitbook.io/semantic-release. It may neither
 * publish nor read a configuration: every option is given, plugins are functions, and it runs in a
 * repository without files. That repository is its remote too, because it asks whether it could push.
 */
export function semanticReleaseCalculation({
  path,
  variables,
}: {
  readonly path: string | undefined;
  readonly variables: WithVariables;
}): CalculateRelease {
  return async (request) => {
    const seen: Seen = {};
    const [out, err] = [new KeptOutput(), new KeptOutput()];
    const { folder } = request.repository;
    const preset = await presetOptions(request.preset);
    const run = (): ReturnType<typeof semanticRelease> =>
      semanticRelease(optionsOf(request, pluginsOf(request, preset, seen)), {
        cwd: folder,
        env: { ...OF_NOBODY, PATH: path ?? "/usr/bin:/bin", HOME: folder },
        // It only writes to them.
        stdout: out as unknown as NodeJS.WriteStream,
        stderr: err as unknown as NodeJS.WriteStream,
      });
    const result = await withoutDeprecations(() => variables(MEANWHILE, run)).catch((error: unknown) => {
      throw uncalculated(error);
    });
    // It says so, and nothing else, where the branch is none that it knows.
    if (seen.context === undefined) throw uncalculated(new Error(lastLine(out.text + err.text)));
    const next = result === false ? undefined : result.nextRelease;
    return calculationOf(seen, next && { ...next, version: request.instead(next.version) });
  };
}

function optionsOf(
  { repository, branch, prerelease }: CalculationRequest,
  plugins: readonly PluginSpec[],
): Options {
  return {
    branches:
      prerelease === undefined
        ? [branch]
        : [
            prerelease.stable,
            { name: branch, prerelease: prerelease.identifier, channel: prerelease.identifier },
          ],
    repositoryUrl: repository.folder,
    tagFormat: "v${version}",
    dryRun: true,
    ci: false,
    extends: [],
    plugins,
  };
}

/**
 * A plugin is what it does and its settings:
 * https://semantic-release.gitbook.io/semantic-release/usage/plugins
 */
function pluginsOf(request: CalculationRequest, preset: PresetOptions, seen: Seen): PluginSpec[] {
  const analyze = async (context: Context & Pick<Seen, "commits">): Promise<ReleaseType | null> =>
    (await analyzeCommits(preset, context)) as ReleaseType | null;
  return [
    plugin({
      async analyzeCommits(_settings: unknown, context: Context) {
        const told = await request.commitsSince(context.lastRelease.version);
        const commits = told.map(({ id, message }) => ({ hash: id, message: tamed(message) }));
        seen.context = context;
        seen.commits = commits;
        const type = await analyze({ ...context, commits });
        if (type === null) return null;
        seen.because = await causeOf(commits, type, (some) => analyze({ ...context, commits: some }));
        return type;
      },
      async generateNotes(_settings: unknown, context: Context) {
        const { commits = [] } = seen;
        const options = { ...context.options, repositoryUrl: request.url ?? NOWHERE };
        const links = request.url === undefined ? { linkCompare: false, linkReferences: false } : {};
        const nextRelease = renamed(context.nextRelease!, request.instead);
        const told = { ...context, commits, options, nextRelease };
        const notes = await generateNotes({ ...preset, ...links }, told);
        seen.notes = request.url === undefined ? withoutLinks(notes) : notes;
        // Else they are set in colours for a terminal.
        return "";
      },
    }),
  ];
}

/** A release as it would be told of another version. */
function renamed(release: Named, instead: (version: string) => string): Named {
  const version = instead(release.version);
  return { ...release, version, gitTag: `v${version}`, name: `v${version}` };
}

/** The preset links issues in subjects whatever it is told. */
function withoutLinks(notes: string): string {
  return notes.replace(/\[([^[\]\n]*)\]\(https:\/\/repository\.invalid\/[^)[\n]*\)/g, "$1");
}

function plugin(functions: object): PluginSpec {
  return [functions, {}] as unknown as PluginSpec;
}

function calculationOf(
  { context, commits = [], because, notes }: Seen,
  next: { readonly version: string; readonly type: string } | undefined,
): ReleaseCalculation {
  const { lastRelease } = context!;
  if (next !== undefined && because === undefined) {
    throw uncalculated(new Error(`${next.version} is asked for, and no commit by itself asks for it`));
  }
  return {
    previous: lastRelease.version,
    commits: commits.map(({ hash, message }) => ({ id: hash, header: message.split("\n", 1)[0]! })),
    next:
      next === undefined || because === undefined
        ? undefined
        : { version: next.version, type: next.type as ReleaseType, because, notes: (notes ?? "").trim() },
  };
}

/** Node's word on `url.parse` is for whoever maintains the library. */
async function withoutDeprecations<T>(work: () => Promise<T>): Promise<T> {
  const before = process.noDeprecation === true;
  process.noDeprecation = true;
  try {
    return await work();
  } finally {
    process.noDeprecation = before;
  }
}

function uncalculated(error: unknown): HoldfastError {
  const causes = error instanceof AggregateError ? error.errors : [error];
  const why = causes.map((each) => (each instanceof Error ? each.message : String(each))).join("; ");
  return new HoldfastError("release.uncalculated", `the next version could not be worked out: ${why}`, {
    hint: "Check out the branch with its whole history and all tags (`fetch-depth: 0`), and run again.",
    cause: error,
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
