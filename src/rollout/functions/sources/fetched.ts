import { posix } from "node:path";
import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { FunctionFile, LiveFunction } from "../../../ports/function-host.ts";
import type { Started } from "./function-sources.ts";

/** Modules and data that a bundler follows by itself; what is none was there by a pattern. */
const FOLLOWED = /\.(?:[cm]?[jt]sx?|jsonc?|wasm)$/;

/**
 * What was had back from the host, so that it can be uploaded again. Its paths begin wherever the host has
 * unpacked it, and go up from there for what functions share: here they have one root, and say the same of
 * the same sources whichever version they were. Patterns of static files are not told by the host; those that
 * are there are named one by one.
 *
 * @throws functions.unreadable where nobody can tell by which file it is started
 */
export function fetchedSources(
  { slug, entrypoint, importMap }: Pick<LiveFunction, "slug" | "entrypoint" | "importMap">,
  files: readonly FunctionFile[],
): Started & { readonly files: readonly FunctionFile[] } {
  const rooted = withOneRoot(files);
  const start = meant(entrypoint ?? "index.ts", rooted);
  if (start === undefined) {
    throw new HoldfastError(
      "functions.unreadable",
      `the sources of ${slug} could not be had back: ${printableLine(entrypoint ?? "index.ts")}, by ` +
        `which it ` +
        "is started, is not among them",
      {
        hint:
          "Deploy it once with Holdfast or the Supabase CLI, or remove it: what cannot be put back must " +
          "not be replaced.",
      },
    );
  }
  return {
    entrypoint: start,
    importMap: importMap === undefined ? undefined : meant(importMap, rooted),
    staticFiles: rooted.map(({ path }) => path).filter((path) => !FOLLOWED.test(path)),
    files: rooted,
  };
}

function withOneRoot(files: readonly FunctionFile[]): readonly FunctionFile[] {
  const plain = files.map(({ path, bytes }) => ({
    bytes,
    isAbsolute: /^(?:file:\/\/)?\//.test(path),
    parts: posix
      .normalize(
        path
          .replaceAll("\\", "/")
          .replace(/^file:\/\//, "")
          .replace(/^\/+/, ""),
      )
      .split("/"),
  }));
  const common = plain.every(({ isAbsolute }) => isAbsolute)
    ? commonFolders(plain.map(({ parts }) => parts))
    : 0;
  const up = Math.max(...plain.map(({ parts }) => parts.findIndex((part) => part !== "..")));
  // So many folders that whoever goes up stays within.
  const base = Array.from({ length: Math.max(0, up) }, () => "functions");
  const byPath = new Map(
    plain.map(({ parts, bytes }) => [posix.join(...base, ...parts.slice(common)), bytes] as const),
  );
  return [...byPath].map(([path, bytes]) => ({ path, bytes }));
}

/** How many folders all of them begin with. */
function commonFolders(all: readonly (readonly string[])[]): number {
  const [first = []] = all;
  let count = 0;
  while (all.every((parts) => count < parts.length - 1 && parts[count] === first[count])) count += 1;
  return count;
}

/** The file that an address of the host's is about: the longest path that it ends with. */
function meant(address: string, files: readonly FunctionFile[]): string | undefined {
  const whole = `/${decoded(address)
    .replace(/^file:\/\//, "")
    .replace(/^\/+/, "")}`;
  const [best] = files
    .map(({ path }) => ({ path, tail: sharedTail(whole.split("/"), path.split("/")) }))
    .sort((a, b) => b.tail - a.tail || a.path.length - b.path.length);
  return best === undefined || best.tail === 0 ? undefined : best.path;
}

function sharedTail(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  while (count < other.length && count < one.length && one.at(-1 - count) === other.at(-1 - count)) {
    count += 1;
  }
  return count;
}

function decoded(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}
