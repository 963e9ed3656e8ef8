import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { Finding } from "../../../src/schema/check/finding.ts";
import type { MigrateCheckInputs } from "../../../src/schema/check/request.ts";
import { runMigrateCheck } from "../../../src/schema/check/run.ts";
import { sharedServer } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";

/** What one pair came out as, of `--json`. */
export interface PairJson {
  readonly file: string;
  readonly verdict: string;
  readonly differences: readonly {
    readonly object: string;
    readonly message: string;
    readonly line?: number;
  }[];
  readonly waived: string | null;
  readonly notes: readonly string[];
}

/** A run's outcome, with its parts as `--json` gives them. */
export interface CheckedFolder {
  readonly outcome: Outcome;
  readonly pairs: readonly PairJson[];
  readonly findings: readonly Finding[];
}

/** Inputs as the command has them when nothing but the folder is given, and `--all`. */
export const DEFAULTS: MigrateCheckInputs = {
  migrations: "",
  all: true,
  base: undefined,
  serverMajor: undefined,
  shadow: undefined,
  platform: "auto",
  failOn: "error",
};

/** Writes files below a folder: path → text. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** `migrate-check --all` on a folder of these files, on databases of the tests' shared server. */
export async function checkFiles(
  files: Readonly<Record<string, string>>,
  inputs: Partial<MigrateCheckInputs> = {},
): Promise<CheckedFolder> {
  await using scratch = scratchFolder("migrations");
  writeFiles(join(scratch.path, "migrations"), files);
  return await checkFolder(join(scratch.path, "migrations"), {
    shadow: secret(sharedServer().adminUrl()),
    ...inputs,
  });
}

/** `migrate-check --all` on a folder that is there. */
export async function checkFolder(
  folder: string,
  inputs: Partial<MigrateCheckInputs> = {},
): Promise<CheckedFolder> {
  const outcome = await runMigrateCheck({ ...DEFAULTS, ...inputs, migrations: folder }, testPorts());
  return {
    outcome,
    pairs: outcome.outputs["pairs"] as unknown as readonly PairJson[],
    findings: outcome.outputs["findings"] as unknown as readonly Finding[],
  };
}
