import { posix } from "node:path";
import type { HoldfastError } from "../../../kernel/errors.ts";
import { fits } from "../../../kernel/path-pattern.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { FUNCTION_MANIFEST, type ManifestEntry } from "../manifest/manifest.ts";
import type { Started } from "./function-sources.ts";
import type { FunctionConfig } from "./supabase-config.ts";

/** What paths of the folder of all functions begin with: nothing where that is the repository's root. */
export function prefixOf(folder: string): string {
  return folder === "." || folder === "" ? "" : `${folder}/`;
}

/** By what a function is started where nobody says another. */
export const USUAL_ENTRY = "index.ts";

/** Import maps of a function's own, in the order in which Supabase's client looks for them. */
export const IMPORT_MAPS = ["deno.json", "deno.jsonc", "import_map.json"];

/** What is said of a function that does not hold of what is uploaded. */
export interface Misfit {
  readonly code: HoldfastError["code"];
  readonly message: string;
}

/** By what a function is started, as it is said, or as usual where `config.toml` says what cannot be. */
export interface Start extends Started {
  /** Whoever deploys is refused; whoever goes back in an emergency is told. */
  readonly misfits: readonly Misfit[];
  /** Whether it can be deployed at all: its entry is there, and whatever else the manifest names. */
  readonly isPossible: boolean;
  /** What may be a mistake and stops nobody, for people. */
  readonly doubts: readonly string[];
}

/** A function's place, and what two files say of it. */
export interface Said {
  readonly name: string;
  /** The folder of all functions. */
  readonly folder: string;
  readonly entry: Pick<ManifestEntry, "entrypoint" | "import_map" | "static_files"> | undefined;
  readonly config: FunctionConfig | undefined;
}

/**
 * The manifest's word counts before that of `config.toml`, and both only of files that are uploaded.
 *
 * @param uploaded whole paths of everything that may go along with this function
 */
export function startOf({ name, folder, entry, config }: Said, uploaded: ReadonlySet<string>): Start {
  const own = posix.join(folder, name);
  const shown = printableLine(name);
  const lacking = (path: string, by: string): Misfit => ({
    code: "source.missing",
    message: `${printableLine(path)}${by} is not among the files that are uploaded for ${shown}`,
  });
  /** One of the files: as the manifest says, else as `config.toml` does, else as usual. */
  const chosen = (
    declared: string | undefined,
    configured: string | undefined,
    usual: string | undefined,
  ): {
    readonly path: string | undefined;
    readonly wrong: readonly Misfit[];
    readonly isPossible: boolean;
  } => {
    const path = declared === undefined ? undefined : posix.join(own, declared);
    if (path !== undefined) {
      const isThere = uploaded.has(path);
      const wrong = isThere ? [] : [lacking(path, `, which ${FUNCTION_MANIFEST} names,`)];
      return { path, wrong, isPossible: isThere };
    }
    if (configured === undefined || uploaded.has(configured)) {
      return { path: configured ?? usual, wrong: [], isPossible: true };
    }
    const wrong = [lacking(configured, ", which config.toml names,")];
    return { path: usual, wrong, isPossible: true };
  };
  const first = chosen(entry?.entrypoint, config?.entrypoint, posix.join(own, USUAL_ENTRY));
  const entrypoint = first.path!;
  // Beside the entry, wherever that lies; then in the function's own folder; then what all of them had once.
  const beside = [posix.dirname(entrypoint), own].flatMap((at) => IMPORT_MAPS.map((file) => `${at}/${file}`));
  const maps = [...beside, `${folder}/import_map.json`];
  const map = chosen(
    entry?.import_map,
    config?.importMap,
    maps.find((path) => uploaded.has(path)),
  );
  const isThere = uploaded.has(entrypoint);
  const none = first.wrong.length > 0 || isThere ? [] : [lacking(entrypoint, "")];
  const patterns = staticFiles({ own, folder, entry, config });
  return {
    entrypoint,
    importMap: map.path,
    staticFiles: patterns.inside,
    misfits: [
      ...(config?.unreadable === undefined
        ? []
        : [{ code: "source.unreadable" as const, message: config.unreadable }]),
      ...first.wrong,
      ...none,
      ...map.wrong,
      ...patterns.outside.map((pattern) => ({
        code: "source.unreadable" as const,
        message:
          `static files of ${shown} are named outside of ${printableLine(folder)}, where ` +
          `nothing is uploaded from: ${printableLine(pattern)}`,
      })),
    ],
    isPossible: isThere && first.isPossible && map.isPossible,
    doubts: patterns.inside
      .filter((pattern) => !/[?[\\{]/.test(pattern) && ![...uploaded].some((path) => fits(pattern, path)))
      .map((pattern) => `no file that is uploaded for ${shown} fits ${printableLine(pattern)}`),
  };
}

/** Patterns from the repository's root; nothing is uploaded from outside of the functions' folder. */
function staticFiles({ own, folder, entry, config }: Omit<Said, "name"> & { readonly own: string }): {
  readonly inside: readonly string[];
  readonly outside: readonly string[];
} {
  const declared = (entry?.static_files ?? []).map((pattern) => posix.join(own, pattern));
  const all = declared.length > 0 ? declared : (config?.staticFiles ?? []);
  const isInside = (pattern: string): boolean =>
    pattern.startsWith(prefixOf(folder)) && !pattern.startsWith("../");
  return { inside: all.filter(isInside), outside: all.filter((pattern) => !isInside(pattern)) };
}
