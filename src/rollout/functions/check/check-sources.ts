import { posix } from "node:path";
import { isLfsPointer } from "../../../kernel/lfs-pointer.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { SourceFolder } from "../../../ports/source-tree.ts";
import type { FunctionManifest } from "../manifest/manifest.ts";
import { keyText, type ManifestProblem, type ReadManifest } from "../manifest/read-manifest.ts";
import type { FunctionConfig } from "../sources/supabase-config.ts";
import { belongsTo } from "../sources/unfit.ts";

/** What a manifest's functions are made of, as they lie in the checkout. */
export interface Sources extends SourceFolder {
  /** The folder of the functions. */
  readonly folder: string;
  readonly config: ReadonlyMap<string, FunctionConfig>;
  /** Import maps that lie beside that folder, with their whole paths. */
  readonly beside: ReadonlySet<string>;
}

/** What would be found out while a function is deployed, or never: with the lines of the manifest. */
export function checkSources(read: ReadManifest, sources: Sources): readonly ManifestProblem[] {
  const { manifest } = read;
  if (manifest === undefined) return [];
  return Object.keys(manifest.functions).flatMap((name) =>
    wrongWith(name, manifest, sources).map((message) => {
      const path = ["functions", name];
      return { line: read.lineOf(path), key: keyText(path), message };
    }),
  );
}

function wrongWith(
  name: string,
  { functions }: FunctionManifest,
  { folder, files, links, config, beside }: Sources,
): readonly string[] {
  const { entrypoint, import_map: importMap } = functions[name]!;
  const there = new Set(files.map(({ path }) => posix.join(folder, path)));
  // Without a folder that alone is told.
  if (![...there].some((path) => path.startsWith(`${folder}/${name}/`))) return [];
  const inside = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : posix.join(folder, name, path);
  const said = config.get(name);
  const named = [
    inside(entrypoint) ?? said?.entrypoint ?? posix.join(folder, name, "index.ts"),
    inside(importMap) ?? said?.importMap,
  ];
  const own = (path: string): boolean => belongsTo(posix.join(folder, path), folder, name);
  return [
    ...named.flatMap((path) =>
      path === undefined || there.has(path) || beside.has(path)
        ? []
        : [`there is no file ${printableLine(path)}`],
    ),
    ...links.filter(own).map((path) => `${printableLine(path)} is a link, whose end is not uploaded`),
    ...files
      .filter(({ path, bytes }) => own(path) && isLfsPointer(bytes))
      .map(({ path }) => `${printableLine(path)} is a pointer of Git LFS: check out what it stands for`),
  ];
}

const MODULE = /\.[cm]?[jt]sx?$/;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;
const IMPORT = /\b(?:from|import)\s*(?:\(\s*)?(["'])(\.{1,2}\/[^"'\n]+)\1/g;

/**
 * Imports of files that are not uploaded: Supabase's bundler would not find them. Read as text, not as a
 * program, so that they are told and never refused.
 */
export function strayImports({ folder, files }: Sources): readonly string[] {
  const there = new Set(files.map(({ path }) => path));
  return files
    .filter(({ path }) => MODULE.test(path))
    .flatMap(({ path, bytes }) => {
      const text = bytes.toString("utf8").replaceAll(COMMENT, "");
      return [...text.matchAll(IMPORT)].flatMap(([, , specifier]) => {
        const target = posix.join(posix.dirname(path), specifier!);
        const said = `${printableLine(path)} imports ${printableLine(specifier!)}`;
        if (target === ".." || target.startsWith("../")) {
          return [`${said}, which is outside of ${folder}, and not uploaded`];
        }
        return there.has(target) ? [] : [`${said}, and there is no such file`];
      });
    });
}
