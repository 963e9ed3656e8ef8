import { posix } from "node:path";
import { HoldfastError } from "../../../kernel/errors.ts";
import { sha256 } from "../../../kernel/streams.ts";
import { FUNCTION_MANIFEST, type ManifestEntry } from "../manifest/manifest.ts";
import { readManifest, type ReadManifest } from "../manifest/read-manifest.ts";
import { digestOfSources, type WantedFunction } from "./function-sources.ts";
import { IMPORT_MAPS, prefixOf, startOf, USUAL_ENTRY, type Misfit, type Start } from "./start-of.ts";
import { configPlace, readSupabaseConfig, type SupabaseConfig } from "./supabase-config.ts";

/** The edge functions of a folder, with what is said of them beside their files. */
export interface FunctionSet {
  /** Of all functions, from the repository's root. */
  readonly folder: string;
  /** Undefined where there is none. */
  readonly manifest: { readonly path: string; readonly read: ReadManifest } | undefined;
  /** What Supabase's own `config.toml` says of functions. */
  readonly config: SupabaseConfig;
  /** The functions: folders with the usual entry, and what the manifest or `config.toml` names. */
  readonly names: ReadonlySet<string>;
  /** Files of settings that are never uploaded, since secrets stand in them. */
  readonly leftOut: readonly string[];
  /** Whether the folder has such a file, whosesoever it is. */
  has(path: string): boolean;
  /** Paths of what is uploaded with a function. */
  pathsOf(name: string): readonly string[];
  /** What one of those paths holds. */
  bytesOf(path: string): Buffer;
  /** By what a function is started, and what is said of it and does not hold. */
  startOf(name: string): Start;
  /** @throws source.missing where it has nothing that it can be started by */
  wanted(name: string): WantedFunction;
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

/** Import maps above the functions, each of which goes along where `config.toml` names it. */
function mapsAbove(folder: string): readonly string[] {
  return IMPORT_MAPS.map((file) => posix.join(posix.dirname(folder), file));
}

/** Files beside the folder of functions that count too. */
export function besides(folder: string): readonly string[] {
  return [...manifestPlaces(folder), configPlace(folder), ...mapsAbove(folder)];
}

/**
 * @param files by their paths from the repository's root: all of the folder, and those of {@link besides}
 * @param project whose own section of `config.toml` comes first; undefined: what all of them have
 */
export function functionSet(
  files: ReadonlyMap<string, Buffer>,
  folder: string,
  project: string | undefined,
): FunctionSet {
  const places = manifestPlaces(folder);
  const path = places.find((each) => files.has(each));
  const manifest = path === undefined ? undefined : { path, read: readManifest(files.get(path)!) };
  const config = readSupabaseConfig(files.get(configPlace(folder)), configPlace(folder), project);
  const entries = manifest?.read.manifest?.functions ?? {};
  const entryOf = (name: string): ManifestEntry | undefined =>
    Object.hasOwn(entries, name) ? entries[name] : undefined;
  const below = [...files.keys()].filter(
    (each) => each.startsWith(prefixOf(folder)) && !places.includes(each),
  );
  const leftOut = below.filter(isSettings);
  const { shared, own, names } = grouped(
    below.filter((each) => !isSettings(each)),
    { folder, named: Object.keys(entries), config, entryOf },
  );
  const above = mapsAbove(folder).filter((each) => files.has(each));
  const sums = new Map<string, string>();
  const hashed = (each: string): { path: string; sha256: string; size: number } => {
    const bytes = files.get(each)!;
    if (!sums.has(each)) sums.set(each, sha256(bytes));
    return { path: each, sha256: sums.get(each)!, size: bytes.length };
  };
  const usual = (name: string): readonly string[] => [...shared, ...(own.get(name) ?? [])];
  const starts = new Map<string, Start>();
  const start = (name: string): Start => {
    const found =
      starts.get(name) ??
      startOf(
        { name, folder, entry: entryOf(name), config: config.get(name) },
        new Set([...usual(name), ...above]),
      );
    starts.set(name, found);
    return found;
  };
  const pathsOf = (name: string): readonly string[] => {
    const { importMap } = start(name);
    return importMap !== undefined && above.includes(importMap) ? [...usual(name), importMap] : usual(name);
  };
  return {
    folder,
    manifest,
    config,
    names,
    leftOut,
    has: (each) => files.has(each),
    pathsOf,
    bytesOf: (each) => files.get(each)!,
    startOf: start,
    wanted(name) {
      const { entrypoint, importMap, staticFiles, isPossible, misfits } = start(name);
      const [misfit] = misfits.filter(({ code }) => code === "source.missing");
      if (!isPossible && misfit !== undefined) throw misfitError(misfit);
      const [parts, started] = [pathsOf(name).map(hashed), { entrypoint, importMap, staticFiles }];
      const entry = entryOf(name);
      return {
        slug: name,
        version: entry?.version,
        ...started,
        digest: digestOfSources(parts, started),
        verifyJwt: entry?.verify_jwt ?? config.get(name)?.verifyJwt,
        files: parts,
        smoke: entry?.smoke,
        load: () => Promise.resolve(parts.map((part) => ({ path: part.path, bytes: files.get(part.path)! }))),
      };
    },
  };
}

/** What does not hold of a function, for whoever deploys it. */
export function misfitError({ code, message }: Misfit): HoldfastError {
  return new HoldfastError(code, message, {
    hint:
      `Commit it among the functions, or correct ${FUNCTION_MANIFEST} or config.toml, of which env() ` +
      "is not read.",
  });
}

/** Where Supabase's client looks for secrets of functions that run on a developer's machine. */
function isSettings(path: string): boolean {
  return /^\.env(\.(?!example$|sample$|template$)|$)/.test(posix.basename(path));
}

interface Naming {
  readonly folder: string;
  /** By the manifest. */
  readonly named: readonly string[];
  readonly config: SupabaseConfig;
  readonly entryOf: (name: string) => ManifestEntry | undefined;
}

/**
 * Which files are whose. As Supabase's client has it, a folder is a function where it has the usual entry or
 * is named; any other (`_shared`, `tests`), and files beside the folders, all functions share. What
 * `config.toml` does not enable goes nowhere.
 * https://supabase.com/docs/guides/functions/development-tips#organizing-your-edge-functions
 */
function grouped(
  paths: readonly string[],
  { folder, named, config, entryOf }: Naming,
): {
  readonly shared: readonly string[];
  readonly own: ReadonlyMap<string, readonly string[]>;
  readonly names: ReadonlySet<string>;
} {
  const all = new Set(paths);
  const folders = new Map<string, string[]>();
  const shared: string[] = [];
  for (const path of paths) {
    const [name = "", ...rest] = path.slice(prefixOf(folder).length).split("/");
    if (rest.length === 0 || /^[_.]/.test(name)) shared.push(path);
    else if (folders.has(name)) folders.get(name)!.push(path);
    else folders.set(name, [path]);
  }
  const said = new Set([...named, ...config.names]);
  const own = new Map<string, readonly string[]>();
  for (const [name, files] of folders) {
    if (config.get(name)?.isEnabled === false && !named.includes(name)) continue;
    if (said.has(name) || all.has(posix.join(folder, name, USUAL_ENTRY))) own.set(name, files);
    else shared.push(...files);
  }
  const isElsewhere = (name: string): boolean => {
    const declared = entryOf(name)?.entrypoint;
    const path = declared === undefined ? config.get(name)?.entrypoint : posix.join(folder, name, declared);
    return config.get(name)?.isEnabled !== false && path !== undefined && all.has(path);
  };
  const names = new Set([...own.keys(), ...[...said].filter((name) => !own.has(name) && isElsewhere(name))]);
  return { shared, own, names };
}
