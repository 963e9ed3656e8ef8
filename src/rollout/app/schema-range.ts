import * as z from "zod";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { readReleaseUnit } from "../../nouns/release-unit/document.ts";
import { unitSettings, type UnitSettings } from "../../nouns/release-unit/settings.ts";
import { readUnitSources } from "../../nouns/release-unit/sources.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { Ports } from "../../ports/ports.ts";

/** Versions of the database's schema that a release runs on, both ends among them. */
export interface SchemaRange {
  readonly from: string;
  readonly to: string;
  /** Migrations of the release up to `to`. */
  readonly count: number;
}

/** Null where the release has no migrations; undefined where nobody told. */
export type KnownRange = SchemaRange | null | undefined;

type RangePorts = Pick<Ports, "sourceTree" | "sourceHistory">;

/** Of the section `release` nothing else is asked here. */
const unitOnly = z.looseObject({ unit: unitSettings });

/**
 * The schemas that a release runs on: from the file of its release unit where one is given, else from the
 * commit of its tag, where this is a checkout that has it.
 *
 * @param version without `v`
 * @param unit path of `release-unit.json`
 * @param settings path of the settings file, as it is in that commit
 * @throws input.conflict where the unit is of another release; unit.damaged; what reading the commit throws
 */
export async function schemaOfRelease(
  version: string,
  { unit, settings }: { readonly unit: string | undefined; readonly settings: string },
  ports: RangePorts,
): Promise<KnownRange> {
  return unit === undefined
    ? await rangeAtTag(`v${version}`, settings, ports)
    : await rangeInFile(version, unit, ports);
}

async function rangeInFile(version: string, path: string, ports: RangePorts): Promise<KnownRange> {
  const bytes = await (await ports.sourceTree()).file(path);
  const { version: of, schema } = readReleaseUnit(bytes, path);
  if (of !== version) {
    throw new HoldfastError("input.conflict", `${path} is the unit of ${of}, and not of ${version}`, {
      hint: "Give the unit that was published with the release.",
    });
  }
  return schema && rangeOf(schema);
}

async function rangeAtTag(tag: string, path: string, ports: RangePorts): Promise<KnownRange> {
  const history = await ports.sourceHistory(".");
  let commit: string;
  try {
    commit = await history.commit(`refs/tags/${tag}`);
  } catch (error) {
    // No checkout, or one without its tags: nobody told.
    if (isHoldfastError(error, "source.history", "source.missing")) return undefined;
    throw error;
  }
  const then = (await history.file(commit, path))?.toString("utf8") ?? "";
  const unit = unitIn(then, `${path} of ${tag}`);
  // Where migrations lie may have been declared only since.
  const now = (await history.file(await history.commit("HEAD"), path))?.toString("utf8") ?? "";
  const { schema } = await readUnitSources(
    history,
    commit,
    unit.migrations === undefined ? { ...unit, ...(await sinceDeclared(now, path, history, commit)) } : unit,
  );
  return schema && rangeOf(schema);
}

function unitIn(text: string, name: string): UnitSettings {
  return readSettings(text, name, { release: unitOnly }).release?.unit ?? unitSettings.parse(undefined);
}

/** The folder as it is declared by now, where the commit has it. */
async function sinceDeclared(
  text: string,
  path: string,
  history: Pick<SourceHistory, "paths">,
  commit: string,
): Promise<Pick<UnitSettings, "migrations">> {
  const { migrations } = unitIn(text, path);
  if (migrations === undefined || migrations === false) return {};
  const paths = await history.paths(commit);
  const folders = [migrations].flat().filter((folder) => paths.some((each) => each.startsWith(`${folder}/`)));
  return folders.length === 0 ? {} : { migrations: folders };
}

function rangeOf({ from, to, count }: SchemaRange): SchemaRange {
  return { from, to, count };
}
