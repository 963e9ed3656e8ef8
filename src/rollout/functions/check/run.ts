import { posix } from "node:path";
import { EXIT, HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { SourceTree } from "../../../ports/source-tree.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { checkManifest, needsOf, referenceIn, type KeptVersions } from "../manifest/check-manifest.ts";
import { FUNCTION_MANIFEST, type FunctionManifest } from "../manifest/manifest.ts";
import { inLevels } from "../manifest/order.ts";
import type { ReadManifest } from "../manifest/read-manifest.ts";
import { refusedManifest } from "../manifest/refused.ts";
import { besides, functionSet, manifestPlaces, type FunctionSet } from "../sources/function-set.ts";
import { doubtsOf } from "../sources/unfit.ts";
import { checkSources } from "./check-sources.ts";

/** The parsed inputs of `holdfast functions check`. */
export interface FunctionsCheckInputs {
  readonly functionsFolder: string;
  readonly project: string | undefined;
  readonly store: string | undefined;
  readonly storeSecret: Secret | undefined;
}

export type FunctionsCheckPorts = Pick<Ports, "sourceTree" | "openStore" | "log">;

/** `holdfast functions check`: see src/commands/rollout/functions-check.ts. */
export async function runFunctionsCheck(
  inputs: FunctionsCheckInputs,
  ports: FunctionsCheckPorts,
): Promise<Outcome> {
  const folder = posix.normalize(inputs.functionsFolder).replace(/(?<=.)\/$/, "");
  const { set, links } = await checkedOut(await ports.sourceTree(), folder, inputs.project);
  if (set.manifest === undefined) throw noManifest(folder);
  const { path, read } = set.manifest;
  const kept = await keptVersions(read, inputs, ports);
  const around = { folders: set.names, kept, config: set.config };
  const problems = [...checkManifest(read, around), ...checkSources(read, set, links)].sort(
    (a, b) => a.line - b.line,
  );
  if (problems.length > 0 || read.manifest === undefined) return refusedManifest(path, problems, "");
  const names = Object.keys(read.manifest.functions);
  const { levels } = inLevels(names, needsOf(read.manifest));
  return {
    exit: EXIT.done,
    outputs: {
      problems: [],
      manifest: path,
      functions: names.length,
      order: levels.map((level) => [...level]),
    },
    report: {
      good: true,
      headline: `${path} is sound: ${quantity(names.length, "function")}`,
      tables: [],
      notes: [
        ...doubtsOf(set, names),
        ...untoldTargets(read.manifest, kept),
        ...(kept === undefined
          ? ["whether rollback targets exist was not asked: give --project and --store for that"]
          : []),
      ],
    },
  };
}

/** What could not be read of a function may be the version that its target names. */
function untoldTargets(
  { functions }: FunctionManifest,
  kept: ReadonlyMap<string, KeptVersions> | undefined,
): readonly string[] {
  return [...(kept ?? [])]
    .filter(([name, { versions, isWhole }]) => {
      const version = referenceIn(functions[name]?.rollback_target ?? "")?.version;
      return !isWhole && (version === undefined || !versions.has(version));
    })
    .map(([name]) => `whether the rollback target of ${name} exists is not known: not all could be read`);
}

function noManifest(folder: string): HoldfastError {
  const places = manifestPlaces(folder).join(" or ");
  return new HoldfastError("source.missing", `there is no ${FUNCTION_MANIFEST} at ${places}`, {
    hint: "Write one (docs/functions.md shows how), or name the folder with --functions-folder.",
  });
}

/** What would be uploaded if all of it was committed. @throws source.* */
async function checkedOut(
  tree: SourceTree,
  folder: string,
  project: string | undefined,
): Promise<{ readonly set: FunctionSet; readonly links: readonly string[] }> {
  const { files, links } = await tree.files(folder, (path) => !path.includes("node_modules/"));
  const whole = new Map(files.map(({ path, bytes }) => [posix.join(folder, path), bytes]));
  for (const path of besides(folder)) {
    const bytes = whole.has(path) ? undefined : await fileOf(tree, path);
    if (bytes !== undefined) whole.set(path, bytes);
  }
  return { set: functionSet(whole, folder, project), links: links.map((path) => posix.join(folder, path)) };
}

/** Undefined where there is none. */
async function fileOf(tree: SourceTree, path: string): Promise<Buffer | undefined> {
  try {
    return await tree.file(path);
  } catch (error) {
    if (!isHoldfastError(error, "source.missing")) throw error;
    return undefined;
  }
}

/** Of the functions that have a target: nothing else is asked for. */
async function keptVersions(
  { manifest }: ReadManifest,
  { project, store: url, storeSecret }: FunctionsCheckInputs,
  ports: Pick<Ports, "openStore" | "log">,
): Promise<ReadonlyMap<string, KeptVersions> | undefined> {
  // A project alone says which section of config.toml is meant.
  if (url === undefined) return undefined;
  if (project === undefined) {
    throw new HoldfastError("input.missing", "a store was given, and no project whose sources it keeps", {
      hint: "Give --project too, or leave --store out.",
    });
  }
  const store = await ports.openStore(url, storeSecret);
  await store.check(false);
  const archive = await FunctionArchive.open(store, project, (text) => ports.log.warn(text));
  const kept = new Map<string, KeptVersions>();
  for (const [slug, { rollback_target: target }] of Object.entries(manifest?.functions ?? {})) {
    if (target === undefined || target === null) continue;
    const { sources, unread } = await archive.allSourcesOf(slug);
    const versions = new Set(sources.flatMap(({ version }) => version ?? []));
    kept.set(slug, { versions, isWhole: unread.length === 0 });
  }
  return kept;
}
