import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { CommitFiles } from "./commit-files.ts";
import { byBytes, digestOfFiles, type HashedFile } from "./file-digest.ts";
import type { UnitFunctions } from "./record.ts";

/** Who deploys writes versions and times into it; so it is no part of what is deployed. */
const MANIFEST = "function-manifest.json";

/**
 * The edge functions of a folder, each folder in it one; undefined where it has no files. What begins with
 * `_` or `.`, and files beside the folders (`deno.json`, an import map), all functions share.
 *
 * @throws source.unreadable
 */
export async function readFunctions(files: CommitFiles, folder: string): Promise<UnitFunctions | undefined> {
  const beside = folder.split("/").slice(0, -1).concat(MANIFEST).join("/");
  const places = [`${folder}/${MANIFEST}`, beside];
  const own = files.below(folder).filter((path) => path !== places[0]);
  if (own.length === 0) return undefined;
  const hashed = await files.hashed(folder, own);
  const versions = await versionsAt(files, places);
  const [shared, byName] = grouped(hashed, folder);
  const functions = [...byName]
    .sort(([a], [b]) => byBytes(a, b))
    .map(([name, parts]) => {
      const version = versions.get(name);
      return {
        name,
        digest: digestOfFiles([...shared, ...parts]),
        ...(version === undefined ? {} : { version }),
      };
    });
  return { folder, functions, digest: digestOfFiles(hashed) };
}

function grouped(files: readonly HashedFile[], folder: string): [HashedFile[], Map<string, HashedFile[]>] {
  const shared: HashedFile[] = [];
  const byName = new Map<string, HashedFile[]>();
  for (const file of files) {
    const [name = "", ...rest] = file.path.slice(folder.length + 1).split("/");
    if (rest.length === 0 || /^[_.]/.test(name)) shared.push(file);
    else if (byName.has(name)) byName.get(name)!.push(file);
    else byName.set(name, [file]);
  }
  return [shared, byName];
}

const entry = z.looseObject({ version: z.string().min(1).optional() });
const manifest = z.union([
  z.looseObject({ functions: z.record(z.string(), entry) }),
  z.looseObject({ functions: z.array(entry.extend({ name: z.string() })) }),
]);

/** Versions by the functions' names, of the first manifest that is there. */
async function versionsAt(
  files: CommitFiles,
  places: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const path = places.find((place) => files.paths.includes(place));
  if (path === undefined) return new Map();
  let text = "";
  await files.hashed(path, [path], (_, bytes) => {
    text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  });
  const { functions } = manifestIn(text, path);
  const entries = Array.isArray(functions)
    ? functions.map(({ name, version }) => [name, version] as const)
    : Object.entries(functions).map(([name, { version }]) => [name, version] as const);
  return new Map(entries.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])));
}

function manifestIn(text: string, path: string): z.infer<typeof manifest> {
  const unreadable = (why: string): HoldfastError =>
    new HoldfastError(
      "source.unreadable",
      `the versions of functions could not be read from ${path}: ${why}`,
      {
        hint: 'It is to hold {"functions": {"<name>": {"version": "1.2.0"}}}, as JSON.',
      },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable("it is not JSON");
  }
  const read = manifest.safeParse(
    isRecord(value) && !("functions" in value) ? { functions: mapsIn(value) } : value,
  );
  if (read.success) return read.data;
  throw unreadable("it has no map of functions, each a map with a version that is a text");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Functions' names may stand at the top, beside what else is said of all of them. */
function mapsIn(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => isRecord(each)));
}
