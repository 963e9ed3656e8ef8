import { posix } from "node:path";
import * as z from "zod";
import { printableLine } from "../../../kernel/printable.ts";
import type { FunctionSet } from "./function-set.ts";
import { importsOf } from "./imports.ts";
import { prefixOf } from "./start-of.ts";

const MODULE = /\.[cm]?[jt]sx?$/;

/**
 * Imports of files that are not uploaded with a function, on whatever way its entry reaches them: Supabase's
 * bundler would not find them. Read as text, not as a program, so that they are told and never refused.
 */
export function strayImports(set: FunctionSet, names: readonly string[]): readonly string[] {
  // What all functions share is read once.
  const read = new Map<string, readonly string[]>();
  const importsIn = (path: string): readonly string[] => {
    if (!MODULE.test(path)) return [];
    if (!read.has(path)) read.set(path, importsOf(set.bytesOf(path).toString("utf8")));
    return read.get(path)!;
  };
  return [...new Set(names.flatMap((name) => straysOf(set, name, importsIn)))];
}

function straysOf(
  set: FunctionSet,
  name: string,
  importsIn: (path: string) => readonly string[],
): readonly string[] {
  const { entrypoint, importMap } = set.startOf(name);
  const uploaded = new Set(set.pathsOf(name));
  const map = mapOf(importMap, (path) => (uploaded.has(path) ? set.bytesOf(path) : undefined));
  const told: string[] = [];
  const reached = new Set(uploaded.has(entrypoint) ? [entrypoint] : []);
  // A set is walked in the order in which it grows.
  for (const path of reached) {
    for (const specifier of importsIn(path)) {
      const target = resolved(specifier, path, map);
      if (target === undefined) continue;
      if (uploaded.has(target)) reached.add(target);
      else told.push(stray({ path, specifier, target, name }, set));
    }
  }
  return told;
}

interface Import {
  readonly path: string;
  readonly specifier: string;
  readonly target: string;
  readonly name: string;
}

function stray({ path, specifier, target, name }: Import, set: FunctionSet): string {
  const { folder } = set;
  const said = `${printableLine(posix.relative(folder, path))} imports ${printableLine(specifier)}`;
  const isOutside = !target.startsWith(prefixOf(folder)) || target.startsWith("../");
  if (isOutside) return `${said}, which is outside of ${folder}, and not uploaded`;
  return set.has(target)
    ? `${said}, which is not uploaded with ${name}: keep what functions share in a folder like _shared`
    : `${said}, and there is no such file`;
}

/** What an import map leads to in the repository, by the beginning of what is imported; longest first. */
type MappedPaths = readonly (readonly [key: string, path: string])[];

/** As much of an import map, or of a deno.json, as leads somewhere. */
const importMapFile = z.looseObject({
  imports: z.record(z.string(), z.unknown()).optional().catch(undefined),
  scopes: z.unknown().optional(),
  importMap: z.string().optional().catch(undefined),
});

/**
 * https://github.com/WICG/import-maps, in a file of its own, in a deno.json, or where that one's `importMap`
 * leads to, which counts where it has none itself
 * (https://docs.deno.com/runtime/fundamentals/configuration/); none where it is no JSON, such as one with
 * comments.
 *
 * @param read undefined for a file that is not uploaded
 */
function mapOf(place: string | undefined, read: (path: string) => Buffer | undefined): MappedPaths {
  if (place === undefined) return [];
  const { imports, scopes, importMap } = importMapFile.safeParse(jsonIn(read(place))).data ?? {};
  if (imports !== undefined) return mappedPaths(imports, place);
  if (importMap === undefined || scopes !== undefined || posix.basename(place) !== "deno.json") return [];
  const other = posix.join(posix.dirname(place), fileOf(importMap));
  return mappedPaths(importMapFile.safeParse(jsonIn(read(other))).data?.imports ?? {}, other);
}

function jsonIn(bytes: Buffer | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function mappedPaths(imports: Readonly<Record<string, unknown>>, place: string): MappedPaths {
  return Object.entries(imports)
    .flatMap(([key, target]) =>
      typeof target === "string" && isRelative(target)
        ? [[key, posix.join(posix.dirname(place), fileOf(target))] as const]
        : [],
    )
    .sort(([a], [b]) => b.length - a.length);
}

/** Undefined for what comes from elsewhere: a registry, a URL. */
function resolved(specifier: string, path: string, map: MappedPaths): string | undefined {
  for (const [key, target] of map) {
    if (specifier === key) return target;
    if (key.endsWith("/") && specifier.startsWith(key)) {
      return posix.join(target, fileOf(specifier.slice(key.length)));
    }
  }
  return isRelative(specifier) ? posix.join(posix.dirname(path), fileOf(specifier)) : undefined;
}

/** A specifier is a URL: what is escaped is meant, and a query or fragment says how a file is taken. */
function fileOf(specifier: string): string {
  const [file = ""] = specifier.split(/[?#]/);
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

function isRelative(specifier: string): boolean {
  return /^\.{1,2}\//.test(specifier);
}
