import { hostname, userInfo } from "node:os";
import type { RunIdentity } from "../../ports/run-identity.ts";
import type { Environment } from "../inputs/environment.ts";

/**
 * Who runs this, from the runner's variables:
 * https://docs.github.com/actions/reference/workflows-and-actions/variables
 */
export function actionRun(env: Environment): RunIdentity {
  const repository = env["GITHUB_REPOSITORY"] ?? "";
  const id = env["GITHUB_RUN_ID"] ?? "";
  const attempt = env["GITHUB_RUN_ATTEMPT"] ?? "1";
  const server = env["GITHUB_SERVER_URL"] ?? "https://github.com";
  return {
    kind: "github-actions",
    id: id === "" ? "unknown" : `${id}.${attempt}`,
    url:
      repository === "" || id === ""
        ? null
        : `${server}/${repository}/actions/runs/${id}/attempts/${attempt}`,
    commit: nonEmpty(env["GITHUB_SHA"]),
    // The one who pressed the button, which on a re-run is not the one who made the first run.
    actor: nonEmpty(env["GITHUB_TRIGGERING_ACTOR"]) ?? nonEmpty(env["GITHUB_ACTOR"]) ?? "unknown",
  };
}

/** Who runs this on a command line: the user, the host and the process. */
export function cliRun(env: Environment, pid: number): RunIdentity {
  return {
    kind: "cli",
    id: `${hostname()}.${pid}`,
    url: null,
    commit: null,
    actor: nonEmpty(env["SUDO_USER"]) ?? userName(env),
  };
}

function userName(env: Environment): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return nonEmpty(env["USER"]) ?? "unknown";
  }
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text.trim() === "" ? null : text;
}
