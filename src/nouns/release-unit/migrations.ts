import { isUtf8 } from "node:buffer";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { classify, commonStem, isWanted, marksIn } from "../migration-files/classify.ts";
import { compareKeys, isVersion, splitName, versionKey } from "../migration-files/version.ts";
import type { CommitFiles } from "./commit-files.ts";
import { digestOfFiles } from "./file-digest.ts";
import type { UnitSchema } from "./record.ts";

/**
 * The schema as a folder of migrations has it; undefined where the folder holds none.
 *
 * @param from the oldest version that the application runs on
 * @throws input.malformed where that is none of the folder; source.unreadable
 */
export async function readMigrations(
  files: CommitFiles,
  folder: string,
  from: string | undefined,
): Promise<UnitSchema | undefined> {
  const paths = files.below(folder);
  const scripts = new Scripts(paths.map((path) => path.slice(folder.length + 1)));
  const hashed = await files.hashed(folder, paths, (path, bytes) => {
    scripts.see(path.slice(folder.length + 1), bytes);
  });
  const versions = scripts.versions();
  const to = versions.at(-1);
  if (to === undefined) return undefined;
  const digest = digestOfFiles(hashed);
  return {
    folder,
    count: versions.length,
    from: from === undefined ? to : known(from, versions, folder),
    to,
    digest,
  };
}

/** Forward scripts, told from rollbacks as `migrate` does it. */
class Scripts {
  readonly #names: ReadonlySet<string>;
  readonly #stems = new Set<string>();

  constructor(names: readonly string[]) {
    this.#names = new Set(names.filter(isWanted).map((name) => name.toLowerCase()));
  }

  see(name: string, bytes: Buffer): void {
    if (!isWanted(name) || !isUtf8(bytes)) return;
    const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
    const found = classify(name, text, (other) => this.#names.has(other.toLowerCase()));
    if (found.role === "forward") this.#stems.add(commonStem(found.stem));
    const isUp = ([, way]: RegExpExecArray): boolean => way!.toLowerCase() === "up";
    if (found.role === "both" && marksIn(text).some(isUp)) this.#stems.add(found.stem);
  }

  /** In the order in which they are applied. */
  versions(): string[] {
    const versions = [...this.#stems].flatMap((stem) => splitName(stem)?.version ?? []);
    return versions
      .map((version) => ({ version, key: versionKey(version) }))
      .sort((a, b) => compareKeys(a.key, b.key))
      .map(({ version }) => version);
  }
}

/** The version as the folder writes it. */
function known(from: string, versions: readonly string[], folder: string): string {
  const key = isVersion(from) ? versionKey(from) : undefined;
  const found = key && versions.find((version) => compareKeys(versionKey(version), key) === 0);
  if (found !== undefined) return found;
  throw new HoldfastError(
    "input.malformed",
    `release.unit.schema-from says '${printableLine(from)}', and ${folder} has no migration of that version`,
    { hint: "Give the version of a migration that is there, such as the text '20250920110000', in quotes." },
  );
}
