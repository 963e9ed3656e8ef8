import { posix } from "node:path";
import { formatBytes, MiB } from "../../../kernel/bytes.ts";
import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { sha256 } from "../../../kernel/streams.ts";
import type { SourceHistory } from "../../../ports/source-history.ts";
import { FUNCTION_MANIFEST, type ManifestEntry } from "../manifest/manifest.ts";
import { configPlace, readSupabaseConfig, type FunctionConfig } from "./supabase-config.ts";
import { digestOfSources, type WantedFunction } from "./function-sources.ts";

/** All functions of a repository, with what they share. */
const BYTES_MAX = 256 * MiB;
/** Import maps of a function's own, in the order in which Supabase's client looks for them. */
export const IMPORT_MAPS = ["deno.json", "deno.jsonc", "import_map.json"];

/** What a commit has of edge functions. */
export interface CommittedFunctions {
  /** The manifest's bytes and path; undefined where there is none. */
  readonly manifest: { readonly path: string; readonly bytes: Buffer } | undefined;
  /** Names of the folders that hold functions. */
  readonly names: ReadonlySet<string>;
  /** What Supabase's own `config.toml` says of functions. @throws source.unreadable */
  config(): ReadonlyMap<string, FunctionConfig>;
  /**
   * A function as the manifest says it, else as `config.toml` does.
   *
   * @throws source.missing where the commit has not what is named; source.unreadable of `config.toml`
   */
  wanted(name: string, entry: ManifestEntry | undefined): WantedFunction;
}

/** `./supabase/functions/` → `supabase/functions`. */
export function plainFolder(folder: string): string {
  return folder
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** Where a manifest may be: in the folder of the functions, or in the one above. */
export function manifestPlaces(folder: string): readonly string[] {
  return [`${folder}/${FUNCTION_MANIFEST}`, posix.join(posix.dirname(folder), FUNCTION_MANIFEST)];
}

/**
 * Reads the functions of a commit: each folder is one, with what all of them share, as the release unit has
 * it. What is not committed, such as a file of secrets, is never uploaded.
 *
 * @param folder from the repository's root
 * @param project whose own section of `config.toml` comes first
 * @throws source.missing, source.unreadable, source.history
 */
export async function committedFunctions(
  history: Pick<SourceHistory, "files">,
  commit: string,
  folder: string,
  project: string,
): Promise<CommittedFunctions> {
  const places = manifestPlaces(folder);
  const configured = configPlace(folder);
  const maps = IMPORT_MAPS.map((file) => posix.join(posix.dirname(folder), file));
  const beside = [...places, configured, ...maps];
  const files = new Map(
    await history.files(commit, (path) => path.startsWith(`${folder}/`) || beside.includes(path)),
  );
  const toml = files.get(configured);
  files.delete(configured);
  // Where `config.toml` names one of them, it goes along.
  const above = new Map(maps.flatMap((path) => (files.has(path) ? [[path, files.get(path)!]] : [])));
  for (const each of maps) files.delete(each);
  const place = places.find((each) => files.has(each));
  const manifest = place === undefined ? undefined : { path: place, bytes: files.get(place)! };
  for (const each of places) files.delete(each);
  const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  if (bytes > BYTES_MAX) {
    throw new HoldfastError(
      "source.unreadable",
      `${folder} has ${formatBytes(bytes)}, more than functions have`,
      {
        hint: "Name the folder that holds functions alone, with --functions-folder.",
      },
    );
  }
  const [shared, own] = grouped(files, folder);
  if (own.size === 0) {
    throw new HoldfastError(
      "source.missing",
      `commit ${commit} has no functions in ${printableLine(folder)}`,
      {
        hint: "Name their folder with --functions-folder, from the repository's root.",
      },
    );
  }
  let read: ReadonlyMap<string, FunctionConfig> | undefined;
  // An emergency that needs nothing of it is not to be stopped by it.
  const config = (): ReadonlyMap<string, FunctionConfig> =>
    (read ??= toml === undefined ? new Map() : readSupabaseConfig(toml, configured, project));
  const sums = new Map([...files, ...above].map(([path, content]) => [path, sha256(content)]));
  return {
    manifest,
    names: new Set(own.keys()),
    config,
    wanted(name, entry) {
      const usual = [...shared, ...(own.get(name) ?? [])];
      const said = config().get(name);
      const known = new Set([...usual, ...above.keys()]);
      const started = startedBy(`${folder}/${name}`, folder, { entry, said }, known);
      const { importMap = "" } = started;
      const paths = above.has(importMap) ? [...usual, importMap] : usual;
      const bytesOf = (path: string): Buffer => files.get(path) ?? above.get(path)!;
      const hashed = paths.map((path) => ({ path, sha256: sums.get(path)!, size: bytesOf(path).length }));
      return {
        slug: name,
        version: entry?.version,
        ...started,
        digest: digestOfSources(hashed, started),
        verifyJwt: entry?.verify_jwt ?? said?.verifyJwt,
        files: hashed,
        smoke: entry?.smoke,
        load: () => Promise.resolve(paths.map((path) => ({ path, bytes: bytesOf(path) }))),
      };
    },
  };
}

/** As the release unit groups them: what begins with `_` or `.`, and files beside the folders, are shared. */
function grouped(files: ReadonlyMap<string, Buffer>, folder: string): [string[], Map<string, string[]>] {
  const shared: string[] = [];
  const own = new Map<string, string[]>();
  for (const path of files.keys()) {
    const [name = "", ...rest] = path.slice(folder.length + 1).split("/");
    if (rest.length === 0 || /^[_.]/.test(name)) shared.push(path);
    else own.set(name, [...(own.get(name) ?? []), path]);
  }
  return [shared, own];
}

function startedBy(
  folder: string,
  above: string,
  { entry, said }: { readonly entry: ManifestEntry | undefined; readonly said: FunctionConfig | undefined },
  paths: ReadonlySet<string>,
): Pick<WantedFunction, "entrypoint" | "importMap" | "staticFiles"> {
  const there = (whole: string): string => {
    if (paths.has(whole)) return whole;
    throw new HoldfastError("source.missing", `the commit has no file ${printableLine(whole)}`, {
      hint:
        "Commit it among the functions, or correct entrypoint and import_map of the function in " +
        `${FUNCTION_MANIFEST} or config.toml.`,
    });
  };
  const inside = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : posix.join(folder, path);
  const usual = [...IMPORT_MAPS.map((file) => `${folder}/${file}`), `${above}/import_map.json`];
  const importMap = inside(entry?.import_map) ?? said?.importMap;
  const own = entry?.static_files ?? [];
  const stray = own.length > 0 ? undefined : said?.staticFiles?.find((each) => !each.startsWith(`${above}/`));
  if (stray !== undefined) {
    throw new HoldfastError(
      "source.unreadable",
      `config.toml names static files outside of ${printableLine(above)}, where nothing is uploaded from: ` +
        printableLine(stray),
      { hint: `Move them among the functions, or name them in ${FUNCTION_MANIFEST} (static_files).` },
    );
  }
  return {
    entrypoint: there(inside(entry?.entrypoint) ?? said?.entrypoint ?? `${folder}/index.ts`),
    importMap: importMap === undefined ? usual.find((path) => paths.has(path)) : there(importMap),
    staticFiles:
      own.length > 0 ? own.map((pattern) => posix.join(folder, pattern)) : (said?.staticFiles ?? []),
  };
}
