import { execFile } from "node:child_process";
import { access, constants, readdir, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ToolSet } from "../../ports/dump-tools.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { plainEnvironment, type BaseEnvironment } from "./environment.ts";

const run = promisify(execFile);

/** Folders of folders: one subfolder a major version, with `bin` in it. */
const VERSIONED: readonly { readonly folder: string; readonly matches: RegExp; readonly bin: string }[] = [
  { folder: "/usr/lib/postgresql", matches: /^\d+$/, bin: "bin" },
  { folder: "/usr", matches: /^pgsql-\d+$/, bin: "bin" },
  { folder: "/opt/homebrew/opt", matches: /^(postgresql(@\d+)?|libpq)$/, bin: "bin" },
  { folder: "/usr/local/opt", matches: /^(postgresql(@\d+)?|libpq)$/, bin: "bin" },
  { folder: "/Applications/Postgres.app/Contents/Versions", matches: /^\d+$/, bin: "bin" },
  { folder: "/usr/local", matches: /^pgsql$/, bin: "bin" },
];

/**
 * Every folder in which `programs` are installed, by real path and without repetition. Debian's
 * `/usr/bin/pg_dump` is left out: it is a wrapper that picks a version by itself, and often the wrong one.
 *
 * @param explicit folder named by the user (HOLDFAST_PG_BIN); then nothing else is looked at
 * @throws tool.missing when the explicit folder lacks one of the programs
 */
export async function findInstallations(
  base: BaseEnvironment,
  explicit: string | undefined,
  programs: readonly string[],
): Promise<ToolSet[]> {
  const folders = explicit === undefined ? await candidates(base) : [explicit];
  const found = new Map<string, ToolSet>();
  for (const folder of folders) {
    const real = await realFolder(folder, programs);
    if (real === undefined || found.has(real)) continue;
    const version = await versionOf(base, join(real, programs[0]!));
    if (version !== undefined) found.set(real, { ...version, binDir: real });
  }
  if (explicit !== undefined && found.size === 0) {
    throw new HoldfastError(
      "tool.missing",
      `the folder '${explicit}' does not hold working ${programs.join(" and ")}`,
      {
        hint:
          "Point HOLDFAST_PG_BIN at the bin folder of a PostgreSQL installation, or leave it unset to have " +
          "one looked for.",
      },
    );
  }
  return [...found.values()].sort((a, b) => b.major - a.major || minorOf(b) - minorOf(a));
}

/** 20 of `15.20`; less than any of a version that is not released yet, as `19beta1`. */
function minorOf({ version }: ToolSet): number {
  return Number.parseInt(version.split(".")[1] ?? "-1", 10);
}

async function candidates(base: BaseEnvironment): Promise<string[]> {
  const versioned = await Promise.all(
    VERSIONED.map(async ({ folder, matches, bin }) => {
      const names = await readdir(folder).catch(() => [] as string[]);
      return names.filter((name) => matches.test(name)).map((name) => join(folder, name, bin));
    }),
  );
  const configured = await run("pg_config", ["--bindir"], {
    env: plainEnvironment(base),
    timeout: 10_000,
  }).then(
    ({ stdout }) => [stdout.trim()],
    () => [],
  );
  return [
    ...configured,
    ...versioned.flat(),
    ...(base.path ?? "").split(delimiter).filter((folder) => folder !== ""),
  ];
}

/**
 * The folder the programs really lie in, or undefined when one is missing, not executable, or
 * Debian's wrapper.
 */
async function realFolder(folder: string, programs: readonly string[]): Promise<string | undefined> {
  try {
    const real = await Promise.all(
      programs.map(async (program) => {
        const path = await realpath(join(folder, program));
        await access(path, constants.X_OK);
        return path;
      }),
    );
    return real.every((path, index) => basename(path) === programs[index]) ? dirname(real[0]!) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `18beta1`, `19devel`. */
export function parseVersion(text: string): { major: number; version: string } | undefined {
  const match = /\(PostgreSQL\) ((\d+)[^\s]*)/.exec(text);
  return match === null ? undefined : { major: Number(match[2]), version: match[1]! };
}

async function versionOf(
  base: BaseEnvironment,
  path: string,
): Promise<{ major: number; version: string } | undefined> {
  return await run(path, ["--version"], { env: plainEnvironment(base), timeout: 10_000 }).then(
    ({ stdout }) => parseVersion(stdout),
    () => undefined,
  );
}
