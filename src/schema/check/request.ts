import { HoldfastError } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import { parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { Database } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Level } from "./finding.ts";
import { folderPath } from "../../kernel/cut.ts";

/** The parsed inputs of `holdfast migrate-check`. */
export interface MigrateCheckInputs {
  readonly migrations: string;
  readonly all: boolean;
  readonly base: string | undefined;
  readonly serverMajor: number | undefined;
  readonly shadow: Secret | undefined;
  readonly platform: PlatformChoice;
  readonly failOn: Exclude<Level, "note">;
}

/** What stands in the database before the first migration. */
export type PlatformChoice = "auto" | "supabase" | "none";

/** What of a check needs of the outside. */
export type CheckPorts = Pick<
  Ports,
  "sourceTree" | "scratchServers" | "openDatabase" | "log" | "clock" | "random" | "cancelled"
>;

/** What is to be checked; nothing was asked yet. */
export interface CheckRequest {
  readonly folder: string;
  /** What new files are told from; undefined: the whole folder is judged. */
  readonly base: string | undefined;
  readonly serverMajor: number | undefined;
  readonly shadow: Database | undefined;
  readonly platform: PlatformChoice;
  /** The lightest finding that makes the verdict a no. */
  readonly failOn: Exclude<Level, "note">;
}

/**
 * @throws input.conflict, input.malformed, input.missing
 */
export async function parseCheckRequest(
  inputs: MigrateCheckInputs,
  ports: CheckPorts,
): Promise<CheckRequest> {
  if (inputs.all && inputs.base !== undefined) {
    throw new HoldfastError("input.conflict", "both --all and --base are given", {
      hint: "With --all every file is judged, so there is no base: leave one of the two out.",
    });
  }
  if (inputs.shadow !== undefined && inputs.serverMajor !== undefined) {
    throw new HoldfastError("input.conflict", "both --shadow and --server-major are given", {
      hint: "The given server has its major already: leave --server-major out.",
    });
  }
  return {
    folder: folderPath(inputs.migrations),
    base: inputs.all ? undefined : await baseOf(inputs, ports),
    serverMajor: inputs.serverMajor,
    shadow: inputs.shadow && (await ports.openDatabase(parseDatabaseUrl(inputs.shadow.reveal(), "shadow"))),
    platform: inputs.platform,
    failOn: inputs.failOn,
  };
}

/** The base of the pull request this runs for, or else the remote's main branch. */
async function baseOf({ base, migrations }: MigrateCheckInputs, ports: CheckPorts): Promise<string> {
  const found = base ?? (await (await ports.sourceTree()).defaultBase(migrations));
  if (found !== undefined) return found;
  throw new HoldfastError(
    "input.missing",
    "it is not known what is new: no base was given, and this checkout does not say which branch is the " +
      "main one",
    {
      hint:
        "Give the branch that this will be merged into, such as --base origin/main, or judge every file " +
        "with --all.",
    },
  );
}
