import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { fits } from "../../kernel/path-pattern.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { CommitFiles } from "./commit-files.ts";
import { byBytes, digestOfFiles } from "./file-digest.ts";
import { readFunctions } from "./functions.ts";
import { readMigrations } from "./migrations.ts";
import type { ReleaseUnit, UnitConfiguration, UnitFunctions, UnitSchema } from "./record.ts";
import { USUAL_CONFIGURATION, USUAL_FUNCTIONS, USUAL_MIGRATIONS, type UnitSettings } from "./settings.ts";

/** What of a unit a commit says by itself. */
export type UnitSources = Pick<ReleaseUnit, "schema" | "functions" | "configuration">;

/**
 * Reads from a commit what its release unit records.
 *
 * @param commit its whole hash
 * @throws source.missing where it has not what the settings declare; source.unreadable; source.history;
 *   input.malformed
 */
export async function readUnitSources(
  history: Pick<SourceHistory, "files" | "paths">,
  commit: string,
  settings: UnitSettings,
): Promise<UnitSources> {
  const files = await CommitFiles.of(history, commit);
  return {
    schema: await schemaOf(files, commit, settings),
    functions: await functionsOf(files, commit, settings),
    configuration: await configurationOf(files, commit, settings),
  };
}

async function schemaOf(
  files: CommitFiles,
  commit: string,
  { migrations: declared, "schema-from": from }: UnitSettings,
): Promise<UnitSchema | null> {
  const folders = declared === false ? [] : [declared ?? USUAL_MIGRATIONS].flat().map(plain);
  for (const folder of folders) {
    const schema = await readMigrations(files, folder, from);
    if (schema !== undefined) return schema;
  }
  if (declared !== undefined && declared !== false) {
    throw missing(commit, folders, "no migrations", "migrations");
  }
  if (from === undefined) return null;
  throw new HoldfastError(
    "input.malformed",
    `release.unit.schema-from says '${printableLine(from)}', and ${commit} has no migrations`,
    { hint: "Name their folder under release.unit.migrations, or leave schema-from out." },
  );
}

async function functionsOf(
  files: CommitFiles,
  commit: string,
  { functions: declared }: UnitSettings,
): Promise<UnitFunctions | null> {
  if (declared === false) return null;
  const folder = plain(declared ?? USUAL_FUNCTIONS);
  const functions = await readFunctions(files, folder);
  if (functions === undefined && declared !== undefined) {
    throw missing(commit, [folder], "no files", "functions");
  }
  return functions ?? null;
}

async function configurationOf(
  files: CommitFiles,
  commit: string,
  { configuration: declared }: UnitSettings,
): Promise<UnitConfiguration | null> {
  if (declared === false) return null;
  const patterns = declared ?? USUAL_CONFIGURATION;
  const idle = patterns.filter((pattern) => !files.paths.some((path) => fits(pattern, path)));
  if (idle.length > 0) {
    if (declared === undefined) return null;
    throw missing(commit, idle, "no files", "configuration");
  }
  const wanted = files.paths.filter((path) => patterns.some((pattern) => fits(pattern, path)));
  return {
    paths: [...new Set(patterns)].sort(byBytes),
    digest: digestOfFiles(await files.hashed("the configuration", wanted)),
  };
}

/** `./config/` → `config`. */
function plain(folder: string): string {
  return folder
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function missing(commit: string, places: readonly string[], what: string, key: string): HoldfastError {
  return new HoldfastError(
    "source.missing",
    `commit ${commit} has ${what} at ${listed(places.map(printableLine))}, which release.unit.${key} ` +
      "declares",
    {
      hint: "Correct the path, from the repository's root. A link and a submodule hold no files of a commit.",
    },
  );
}
