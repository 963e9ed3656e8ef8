import { posix } from "node:path";
import { EXIT, HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { SourceTree } from "../../../ports/source-tree.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { checkManifest, needsOf } from "../manifest/check-manifest.ts";
import { FUNCTION_MANIFEST } from "../manifest/manifest.ts";
import { inLevels } from "../manifest/order.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import { refusedManifest } from "../manifest/refused.ts";
import { configPlace, readSupabaseConfig } from "../sources/supabase-config.ts";
import { checkSources, strayImports, type Sources } from "./check-sources.ts";
import { IMPORT_MAPS, manifestPlaces } from "../sources/committed.ts";

/** The parsed inputs of `holdfast functions check`. */
export interface FunctionsCheckInputs {
  readonly functionsFolder: string;
  readonly project: string | undefined;
  readonly store: string | undefined;
  readonly storeSecret: Secret | undefined;
}

export type FunctionsCheckPorts = Pick<Ports, "sourceTree" | "openStore">;

/** `holdfast functions check`: see src/commands/rollout/functions-check.ts. */
export async function runFunctionsCheck(
  inputs: FunctionsCheckInputs,
  ports: FunctionsCheckPorts,
): Promise<Outcome> {
  const folder = posix.normalize(inputs.functionsFolder).replace(/(?<=.)\/$/, "");
  const tree = await ports.sourceTree();
  const [path, bytes] = await found(tree, folder);
  const kept = await keptVersions(inputs, ports);
  const read = readManifest(bytes);
  const sources = await sourcesIn(tree, folder, inputs.project);
  const folders = new Set(
    sources.files
      .filter(({ path }) => /^[^_./][^/]*\/./.test(path))
      .map(({ path }) => path.slice(0, path.indexOf("/"))),
  );
  const { config } = sources;
  const problems = [...checkManifest(read, { folders, kept, config }), ...checkSources(read, sources)].sort(
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
        ...strayImports(sources),
        ...(kept === undefined
          ? ["whether rollback targets exist was not asked: give --project and --store for that"]
          : []),
      ],
    },
  };
}

async function found(tree: SourceTree, folder: string): Promise<[path: string, bytes: Buffer]> {
  const places = manifestPlaces(folder);
  for (const path of places) {
    try {
      return [path, await tree.file(path)];
    } catch (error) {
      if (!isHoldfastError(error, "source.missing")) throw error;
    }
  }
  throw new HoldfastError("source.missing", `there is no ${FUNCTION_MANIFEST} at ${places.join(" or ")}`, {
    hint: "Write one (docs/functions.md shows how), or name the folder with --functions-folder.",
  });
}

/** What would be uploaded, and what Supabase's own file says of it. @throws source.* */
async function sourcesIn(tree: SourceTree, folder: string, project: string | undefined): Promise<Sources> {
  const { files, links } = await tree.files(folder, (path) => !path.includes("node_modules/"));
  const place = configPlace(folder);
  const toml = await fileOf(tree, place);
  const config = toml === undefined ? new Map() : readSupabaseConfig(toml, place, project);
  const beside = new Set<string>();
  for (const file of IMPORT_MAPS) {
    const path = posix.join(posix.dirname(folder), file);
    if ((await fileOf(tree, path)) !== undefined) beside.add(path);
  }
  return { folder, files, links, config, beside };
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

async function keptVersions(
  { project, store: url, storeSecret }: FunctionsCheckInputs,
  ports: Pick<Ports, "openStore">,
): Promise<ReadonlyMap<string, ReadonlySet<string>> | undefined> {
  if (project === undefined && url === undefined) return undefined;
  if (project === undefined || url === undefined) {
    throw new HoldfastError(
      "input.missing",
      "a project without a store, or a store without a project, was given",
      {
        hint: "Give both --project and --store, or neither.",
      },
    );
  }
  const store = await ports.openStore(url, storeSecret);
  await store.check(false);
  const archive = await FunctionArchive.open(store, project);
  const kept = new Map<string, ReadonlySet<string>>();
  for (const slug of archive.slugs) {
    const all = await archive.allSourcesOf(slug);
    kept.set(slug, new Set(all.flatMap(({ version }) => version ?? [])));
  }
  return kept;
}
