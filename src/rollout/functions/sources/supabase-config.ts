import { posix } from "node:path";
import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { listed } from "../../../kernel/listed.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { nearest } from "../../../kernel/suggest.ts";

/**
 * What Supabase's own `config.toml` says of a function, where it says something. Paths are from the
 * repository's root.
 */
export interface FunctionConfig {
  /**
   * Supabase's client leaves out a function that is not:
   * https://supabase.com/docs/guides/local-development/cli/config
   */
  readonly isEnabled: boolean;
  readonly verifyJwt: boolean | undefined;
  readonly entrypoint: string | undefined;
  readonly importMap: string | undefined;
  readonly staticFiles: readonly string[] | undefined;
  /** Why what is said of it cannot be read; then nothing of it is known. */
  readonly unreadable: string | undefined;
}

/** What the file says of functions; each is read by itself, so that one does not stop another. */
export interface SupabaseConfig {
  /** Undefined where nothing is said of it. */
  get(name: string): FunctionConfig | undefined;
  /** Functions of which something is said. */
  readonly names: readonly string[];
  /** Why nothing of the file can be read. */
  readonly unreadable: string | undefined;
  /** Words that are misspelt, as far as can be told, for people: Supabase's client passes over them too. */
  readonly doubts: readonly string[];
}

const entry = z.looseObject({
  enabled: z.boolean().optional(),
  verify_jwt: z.boolean().optional(),
  entrypoint: z.string().max(1000).optional(),
  import_map: z.string().max(1000).optional(),
  // Supabase's client takes a text for what stands between its commas.
  static_files: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(",").filter((each) => each !== "") : value),
      z.array(z.string().max(1000)).max(1000),
    )
    .optional(),
});
const KEYS = Object.keys(entry.shape);
type Entry = z.infer<typeof entry>;

const config = z.looseObject({
  functions: z.record(z.string(), z.unknown()).optional(),
  // Of one project of several: it comes before what all of them have.
  remotes: z
    .record(
      z.string(),
      z.looseObject({
        project_id: z.string().optional(),
        functions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
});

/** Where `config.toml` is: in the folder above the functions. */
export function configPlace(functionsFolder: string): string {
  return posix.join(posix.dirname(functionsFolder), "config.toml");
}

/**
 * Reads what is said of functions; whatever else the file has is nobody's business here.
 *
 * @param bytes undefined where there is no such file
 * @param place from the repository's root
 * @param project its own section (`remotes`) comes first; undefined: what all of them have
 */
export function readSupabaseConfig(
  bytes: Buffer | undefined,
  place: string,
  project: string | undefined,
): SupabaseConfig {
  if (bytes === undefined) return { get: () => undefined, names: [], unreadable: undefined, doubts: [] };
  const file = parsed(bytes);
  if (typeof file === "string") return unreadableConfig(place, file);
  const { functions: ofAll = {}, remotes = {} } = file;
  const matching = Object.entries(remotes).filter(
    ([, { project_id: id }]) => project !== undefined && id === project,
  );
  if (matching.length > 1) {
    const sections = listed(matching.map(([name]) => `remotes.${name}`));
    return unreadableConfig(place, `${sections} are all of project ${project}`);
  }
  const own = matching[0]?.[1].functions ?? {};
  return {
    names: [...new Set([...Object.keys(ofAll), ...Object.keys(own)])].filter((name) =>
      [ofAll, own].some((sections) => isSection(sections[name])),
    ),
    unreadable: undefined,
    doubts: misspelt(file).map((doubt) => `${place}: ${doubt}`),
    get(name) {
      if (!Object.hasOwn(ofAll, name) && !Object.hasOwn(own, name)) return undefined;
      const [first, second] = [sectionOf(ofAll, name), sectionOf(own, name)];
      for (const each of [first, second]) if (typeof each === "string") return unreadable(place, each);
      return functionConfig({ ...(first as Entry), ...(second as Entry) }, posix.dirname(place));
    },
  };
}

function unreadableConfig(place: string, why: string): SupabaseConfig {
  const nothing = unreadable(place, why);
  return { get: () => nothing, names: [], unreadable: nothing.unreadable, doubts: [] };
}

/** Keys that stand where only others mean something, and are written nearly like one of those. */
function misspelt(file: z.infer<typeof config>): readonly string[] {
  const within = (sections: Readonly<Record<string, unknown>>, above: string): readonly string[] =>
    Object.entries(sections).flatMap(([name, section]) =>
      isSection(section) ? near(Object.keys(section), KEYS, `${above}functions.${name}.`) : [],
    );
  const { functions = {}, remotes = {} } = file;
  return [
    ...near(Object.keys(file), ["functions", "remotes"], ""),
    ...within(functions, ""),
    ...Object.entries(remotes).flatMap(([name, remote]) => [
      ...near(Object.keys(remote), ["functions", "project_id"], `remotes.${name}.`),
      ...within(remote.functions ?? {}, `remotes.${name}.`),
    ]),
  ];
}

function near(keys: readonly string[], known: readonly string[], above: string): readonly string[] {
  return keys.flatMap((key) => {
    const meant = known.includes(key) ? undefined : nearest(key, known);
    if (meant === undefined) return [];
    return [`${printableLine(`${above}${key}`)} says nothing; did you mean ${meant}?`];
  });
}

/** The file, or why it is none. */
function parsed(bytes: Buffer): z.infer<typeof config> | string {
  let value: unknown;
  try {
    value = parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const at = error instanceof TomlError ? `line ${error.line}: ` : "";
    // The library draws the place below; a line of a log has no room for it.
    const [why = ""] = (error as Error).message.split("\n");
    return `${at}${why}`;
  }
  const checked = config.safeParse(value);
  return checked.success ? checked.data : z.prettifyError(checked.error);
}

/** A section, or why it is none. A key of `functions` that is no section is no function. */
function sectionOf(sections: Readonly<Record<string, unknown>>, name: string): Entry | string {
  const value = Object.hasOwn(sections, name) ? sections[name] : undefined;
  if (!isSection(value)) return {};
  const checked = entry.safeParse(value);
  return checked.success ? checked.data : `functions.${name}: ${z.prettifyError(checked.error)}`;
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function functionConfig(
  { enabled, verify_jwt, entrypoint, import_map, static_files }: Entry,
  folder: string,
): FunctionConfig {
  const whole = (path: string | undefined): string | undefined =>
    path === undefined || path === "" ? undefined : posix.join(folder, path);
  return {
    isEnabled: enabled ?? true,
    verifyJwt: verify_jwt,
    entrypoint: whole(entrypoint),
    importMap: whole(import_map),
    staticFiles: static_files?.map((pattern) => posix.join(folder, pattern)),
    unreadable: undefined,
  };
}

function unreadable(place: string, why: string): FunctionConfig {
  const shown = printableLine(why.replaceAll(/\s+/g, " "));
  return { ...functionConfig({}, ""), unreadable: `${place} could not be read: ${shown}` };
}
