import { HoldfastError } from "../../kernel/errors.ts";
import { isSafeAddress } from "../../kernel/safe-address.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Environment } from "./environment.ts";
import { withoutTrailing } from "../../kernel/cut.ts";

/** Which repository is asked about, where, and as whom. */
export interface ForgeAccess {
  readonly repository: string;
  /** Address of GitHub's API. */
  readonly api: string;
  readonly token: Secret;
}

/** The environment's own tokens, to be masked like an input. */
export const TOKEN_VARIABLES = ["GITHUB_TOKEN", "GH_TOKEN"] as const;

/**
 * The inputs, else what a job's environment says: GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_TOKEN, GH_TOKEN.
 *
 * @throws input.missing, input.malformed; never repeats the token
 */
export function forgeAccess(
  repository: string | undefined,
  token: Secret | undefined,
  env: Environment,
): ForgeAccess {
  const name = repository ?? env["GITHUB_REPOSITORY"] ?? "";
  if (name === "") {
    throw new HoldfastError("input.missing", "no repository was given, and this is no job of one", {
      hint: "Give it with --repository, as owner/name.",
    });
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/.test(name)) {
    throw new HoldfastError("input.malformed", `the repository '${name}' is not of the form owner/name`, {
      hint: "Give it as in the address of its page, such as acme/shop.",
    });
  }
  const given = TOKEN_VARIABLES.map((variable) => env[variable] ?? "").find((text) => text !== "");
  const secret = token ?? (given === undefined ? undefined : new Secret(given));
  if (secret === undefined) {
    throw new HoldfastError("input.missing", "no token for GitHub was given", {
      hint: "Give it with --token-file, the action's input, or the variable GITHUB_TOKEN.",
    });
  }
  return { repository: name, api: apiOf(env), token: secret };
}

/** The token travels there, so it is encrypted but on this machine. */
function apiOf(env: Environment): string {
  const text = env["GITHUB_API_URL"] ?? "";
  if (text === "") return "https://api.github.com";
  if (!isSafeAddress(text)) {
    throw new HoldfastError("input.malformed", "GITHUB_API_URL is no https address of an API", {
      hint: "Set it as GitHub does, such as https://github.example.com/api/v3, or leave it out.",
    });
  }
  return withoutTrailing(text, "/");
}
