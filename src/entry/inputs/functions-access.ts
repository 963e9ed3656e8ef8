import { withoutTrailing } from "../../kernel/cut.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { isSafeAddress } from "../../kernel/safe-address.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Environment } from "./environment.ts";

/** Where a project's functions are managed and called, and as whom. */
export interface FunctionsAccess {
  /** Address of the Management API. */
  readonly api: string;
  /** Address below which functions are called. */
  readonly functions: string;
  readonly token: Secret;
}

/** The environment's own tokens, to be masked like an input. */
export const SUPABASE_VARIABLES = ["SUPABASE_ACCESS_TOKEN"] as const;

/**
 * The input, else `SUPABASE_ACCESS_TOKEN`; the addresses are Supabase's own, unless `HOLDFAST_SUPABASE_API`
 * and `HOLDFAST_SUPABASE_FUNCTIONS` say others, such as the sandbox's.
 *
 * @throws input.missing, input.malformed; never repeats the token
 */
export function functionsAccess(
  project: string,
  token: Secret | undefined,
  env: Environment,
): FunctionsAccess {
  const given = env["SUPABASE_ACCESS_TOKEN"] ?? "";
  const secret = token ?? (given === "" ? undefined : new Secret(given));
  if (secret === undefined) {
    throw new HoldfastError("input.missing", "no access token for Supabase was given", {
      hint: "Give it with --access-token-file, the action's input, or the variable SUPABASE_ACCESS_TOKEN.",
    });
  }
  return {
    api: address("HOLDFAST_SUPABASE_API", "https://api.supabase.com", env),
    functions: address("HOLDFAST_SUPABASE_FUNCTIONS", `https://${project}.supabase.co/functions/v1`, env),
    token: secret,
  };
}

/** The token travels there, so it is encrypted but on this machine. */
function address(variable: string, usual: string, env: Environment): string {
  const text = env[variable] ?? "";
  if (text === "") return usual;
  if (!isSafeAddress(text)) {
    throw new HoldfastError("input.malformed", `${variable} is no https address`, {
      hint: "Set it as the sandbox prints it, or leave it out.",
    });
  }
  return withoutTrailing(text, "/");
}
