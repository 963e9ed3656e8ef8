import { parseDatabaseUrl, supabaseProject } from "../../src/postgres/database-url.ts";

/** Variables by which `test/scenarios/live/supabase.test.ts` is pointed at real projects. */
export const LIVE = {
  source: "HOLDFAST_LIVE_SUPABASE_SOURCE",
  target: "HOLDFAST_LIVE_SUPABASE_TARGET",
  mayReplace: "HOLDFAST_LIVE_SUPABASE_MAY_REPLACE",
} as const;

/** Two projects that are there, as addresses of role `postgres`. */
export interface LiveProjects {
  /** Is backed up, and nothing but read. */
  readonly source: string;
  /** Is planned for; restored into only where {@link mayReplace} names it. */
  readonly target: string;
  /** The target's own name, given on purpose; what is the user's in that project is replaced. */
  readonly mayReplace: string | undefined;
}

/** What is run of the suite, and in words what is not. */
export interface LiveRun {
  /** Undefined: nothing is run. */
  readonly projects: LiveProjects | undefined;
  readonly mayRestore: boolean;
  /** Why something is not run, and which variables it needs; undefined where all of it is. */
  readonly notRun: string | undefined;
}

/**
 * Reads the variables.
 *
 * @throws Error where they are wrong: one address is missing, both are of one project, or the word
 *   names another one
 */
export function liveRun(env: Readonly<Record<string, string | undefined>>): LiveRun {
  const read = (name: string): string | undefined =>
    (env[name] ?? "").trim() === "" ? undefined : env[name]!.trim();
  const [source, target, mayReplace] = [read(LIVE.source), read(LIVE.target), read(LIVE.mayReplace)];
  if (source === undefined && target === undefined) {
    const notRun =
      `a real Supabase project: set ${LIVE.source} and ${LIVE.target} (addresses of two ` +
      "projects, as postgres)";
    return { projects: undefined, mayRestore: false, notRun };
  }
  if (source === undefined || target === undefined) {
    throw new Error(
      `${source === undefined ? LIVE.source : LIVE.target} is not set, and the other address is; ` +
        "set both, or neither",
    );
  }
  const [from, to] = [projectName(source, LIVE.source), projectName(target, LIVE.target)];
  if (from === to) {
    throw new Error(
      `${LIVE.source} and ${LIVE.target} are both project ${to}; the target must be another project`,
    );
  }
  const projects = { source, target, mayReplace };
  if (mayReplace === undefined) {
    const notRun =
      `restoring into the real Supabase project ${to}: set ${LIVE.mayReplace}=${to} where all ` +
      "that is the user's there may be replaced";
    return { projects, mayRestore: false, notRun };
  }
  requireWord(projects);
  return { projects, mayRestore: true, notRun: undefined };
}

/**
 * Holds that the target is the project whose name was given on purpose; asked once more right before
 * anything is written.
 *
 * @throws Error where it is not
 */
export function requireWord({ target, mayReplace }: LiveProjects): void {
  const name = projectName(target, LIVE.target);
  if (mayReplace !== name) {
    throw new Error(
      `${LIVE.mayReplace} is ${mayReplace ?? "not set"}, and ${LIVE.target} is project ${name}: ` +
        "nothing is restored into it",
    );
  }
}

/**
 * The project's reference; of an address that is none of Supabase's, such as a copy on this machine, the
 * database's name.
 */
function projectName(url: string, variable: string): string {
  const address = parseDatabaseUrl(url, variable);
  return supabaseProject(address) ?? address.database;
}
