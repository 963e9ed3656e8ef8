import { isUtf8 } from "node:buffer";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { sectionOf, withSection } from "../versions/changelog.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { versionFilePaths, withVersion } from "../versions/version-files.ts";

/** Files of a release that a commit has otherwise. */
export interface Contents {
  /** Path → whole text. */
  readonly files: ReadonlyMap<string, string>;
  readonly executables: ReadonlySet<string>;
}

/**
 * What the changelog and the version files of a commit have to be for a release, as far as they are not. A
 * section of the changelog that differs in its date alone is left as it is: a run of another day changes
 * nothing.
 *
 * @throws source.missing, input.malformed, source.unreadable, source.history
 */
export async function contentsFor(
  { version, notes }: { readonly version: string; readonly notes: string },
  commit: string,
  settings: ReleaseSettings,
  history: Pick<SourceHistory, "file" | "kindOf">,
): Promise<Contents> {
  const files = new Map<string, string>();
  const executables = new Set<string>();
  const read = async (path: string): Promise<Buffer | undefined> => {
    if ((await plainKind(path, commit, history)) === "executable") executables.add(path);
    return await history.file(commit, path);
  };
  const { changelog, "version-files": declared } = settings;
  if (changelog !== false) {
    const bytes = await read(changelog);
    if (bytes !== undefined && !isUtf8(bytes)) throw noText(changelog);
    const before = bytes?.toString("utf8");
    const after = withSection(before, notes);
    if (before === undefined || !isSameButDate(before, after, version)) files.set(changelog, after);
  }
  const there = new Map<string, Buffer>();
  for (const path of versionFilePaths(declared)) {
    const text = files.get(path);
    const bytes = text === undefined ? await read(path) : Buffer.from(text);
    if (bytes !== undefined) there.set(path, bytes);
  }
  for (const [path, bytes] of withVersion(there, version, declared)) files.set(path, bytes.toString("utf8"));
  return { files, executables };
}

/**
 * Names of the files that a release writes on a commit that it is cut from, without their contents: reading a
 * changelog with long notes takes seconds.
 *
 * @throws source.missing, input.malformed, source.history
 */
export async function filesOf(
  version: string,
  commit: string,
  { changelog, "version-files": declared }: ReleaseSettings,
  history: Pick<SourceHistory, "file" | "kindOf">,
): Promise<readonly string[]> {
  if (changelog !== false) await plainKind(changelog, commit, history);
  const there = new Map<string, Buffer>();
  for (const path of versionFilePaths(declared)) {
    if (path === changelog) continue;
    await plainKind(path, commit, history);
    const bytes = await history.file(commit, path);
    if (bytes !== undefined) there.set(path, bytes);
  }
  const fromOthers = declared?.filter(({ path }) => path !== changelog);
  const versions = withVersion(there, version, fromOthers).keys();
  return [...(changelog === false ? [] : [changelog]), ...versions];
}

/** What a file is that can be written; undefined where there is none. @throws input.malformed */
async function plainKind(
  path: string,
  commit: string,
  history: Pick<SourceHistory, "kindOf">,
): Promise<"file" | "executable" | undefined> {
  await refuseBehindLink(path, commit, history);
  const kind = await history.kindOf(commit, path);
  if (kind === "other" || kind === "folder") throw noFile(path);
  return kind;
}

/** Written there, a file would take the link's place, and so would a folder that of a file. */
async function refuseBehindLink(
  path: string,
  commit: string,
  history: Pick<SourceHistory, "kindOf">,
): Promise<void> {
  const parts = path.split("/");
  for (let end = 1; end < parts.length; end += 1) {
    const folder = parts.slice(0, end).join("/");
    const kind = await history.kindOf(commit, folder);
    if (kind === undefined) return;
    if (kind !== "folder") throw behindLink(path, folder);
  }
}

function isSameButDate(before: string, after: string, version: string): boolean {
  if (before === after) return true;
  const [one, other] = [sectionOf(before, version), sectionOf(after, version)];
  return one !== undefined && other !== undefined && withoutDate(one) === withoutDate(other);
}

/** The first date of the heading; line ends are those of the file on both sides. */
function withoutDate(section: string): string {
  const end = /\r|\n|$/.exec(section)!.index;
  return section.slice(0, end).replace(/\d{4}-\d\d-\d\d/, "") + section.slice(end);
}

function noFile(path: string): HoldfastError {
  return new HoldfastError("input.malformed", `${printableLine(path)} is a link or a folder, and no file`, {
    hint: "Name the file itself in release.changelog or release.version-files.",
  });
}

function behindLink(path: string, folder: string): HoldfastError {
  const [what, where] = [printableLine(path), printableLine(folder)];
  return new HoldfastError(
    "input.malformed",
    `${what} lies in ${where}, which is a link or a file, and no folder`,
    {
      hint: "Name the file by its own path in release.changelog or release.version-files.",
    },
  );
}

function noText(path: string): HoldfastError {
  return new HoldfastError("input.malformed", `the changelog ${printableLine(path)} is not UTF-8`, {
    hint: "Save it as UTF-8, or name another in release.changelog.",
  });
}
