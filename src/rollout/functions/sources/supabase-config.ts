import { posix } from "node:path";
import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";

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
}

const entry = z.looseObject({
  enabled: z.boolean().optional(),
  verify_jwt: z.boolean().optional(),
  entrypoint: z.string().max(1000).optional(),
  import_map: z.string().max(1000).optional(),
  static_files: z.array(z.string().max(1000)).max(1000).optional(),
});
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
 * @param place from the repository's root
 * @param project its own section (`remotes`) comes first; undefined: what all of them have
 * @throws source.unreadable
 */
export function readSupabaseConfig(
  bytes: Buffer,
  place: string,
  project: string | undefined,
): ReadonlyMap<string, FunctionConfig> {
  const { functions: ofAll = {}, remotes = {} } = parsed(bytes, place);
  const remote = Object.values(remotes).find((each) => each.project_id === project);
  const own = project === undefined ? {} : (remote?.functions ?? {});
  const names = [...new Set([...Object.keys(ofAll), ...Object.keys(own)])];
  return new Map(
    names.map((name) => {
      const said = { ...entryOf(ofAll[name], name, place), ...entryOf(own[name], name, place) };
      return [name, functionConfig(said, posix.dirname(place))];
    }),
  );
}

function parsed(bytes: Buffer, place: string): z.infer<typeof config> {
  let value: unknown;
  try {
    value = parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const at = error instanceof TomlError ? `line ${error.line}: ` : "";
    // The library draws the place below; a line of a log has no room for it.
    const [why = ""] = (error as Error).message.split("\n");
    throw unreadable(place, `${at}${why}`);
  }
  const checked = config.safeParse(value);
  if (checked.success) return checked.data;
  throw unreadable(place, z.prettifyError(checked.error));
}

/** A key of `functions` that is no section is no function. */
function entryOf(value: unknown, name: string, place: string): Entry {
  if (typeof value !== "object" || value === null) return {};
  const checked = entry.safeParse(value);
  if (checked.success) return checked.data;
  throw unreadable(place, `functions.${name}: ${z.prettifyError(checked.error)}`);
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
  };
}

function unreadable(place: string, why: string): HoldfastError {
  const shown = printableLine(why.replaceAll(/\s+/g, " "));
  return new HoldfastError("source.unreadable", `${place} could not be read: ${shown}`, {
    hint: "Correct it: what it says of functions (verify_jwt and others) is deployed.",
  });
}
