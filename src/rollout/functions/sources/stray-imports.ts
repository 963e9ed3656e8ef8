import { posix } from "node:path";
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
  const map =
    importMap === undefined || !uploaded.has(importMap) ? [] : mappedPaths(set.bytesOf(importMap), importMap);
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

/** https://github.com/WICG/import-maps; none where it is no JSON, such as one with comments. */
function mappedPaths(bytes: Buffer, place: string): MappedPaths {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return [];
  }
  const imports = (value as { readonly imports?: unknown } | null)?.imports;
  if (typeof imports !== "object" || imports === null) return [];
  return Object.entries(imports)
    .flatMap(([key, target]) =>
      typeof target === "string" && isRelative(target)
        ? [[key, posix.join(posix.dirname(place), target)] as const]
        : [],
    )
    .sort(([a], [b]) => b.length - a.length);
}

/** Undefined for what comes from elsewhere: a registry, a URL. */
function resolved(specifier: string, path: string, map: MappedPaths): string | undefined {
  for (const [key, target] of map) {
    if (specifier === key) return target;
    if (key.endsWith("/") && specifier.startsWith(key)) {
      return posix.join(target, specifier.slice(key.length));
    }
  }
  // A query or a fragment says how a file is taken, and not which.
  const [file = ""] = specifier.split(/[?#]/);
  return isRelative(specifier) ? posix.join(posix.dirname(path), file) : undefined;
}

function isRelative(specifier: string): boolean {
  return /^\.{1,2}\//.test(specifier);
}
