import { rm } from "node:fs/promises";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ToolInstaller } from "../../ports/tool-installer.ts";
import { keepListed, listedHashes } from "./kept-packages.ts";

/** GitHub's toolkit as far as it is needed, so that a test can stand in for it. */
export interface InstallToolkit {
  /** Runs a program; never throws for a non-zero exit. */
  run(program: string, args: readonly string[]): Promise<{ exitCode: number; output: string }>;
  /** Gives back a folder kept by an earlier run; false when there is none. */
  restore(folder: string, key: string): Promise<boolean>;
  keep(folder: string, key: string): Promise<void>;
}

/** What the installer needs from outside. */
export interface AptOptions {
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly toolkit?: InstallToolkit;
}

/**
 * The script of Debian's and Ubuntu's own `postgresql-common` that adds the PostgreSQL project's
 * package repository.
 */
const ADD_REPOSITORY = "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh";

/**
 * Installs `postgresql-client-<major>` on a Debian or Ubuntu runner, always by apt, which asks for the lists
 * of packages and checks who signed them. What was downloaded is kept between runs, for a month at most, and
 * spares the download where the lists still name the very same bytes.
 */
export function aptClientTools(options: AptOptions): ToolInstaller {
  return {
    async install(major) {
      const toolkit = options.toolkit ?? (await actionsToolkit());
      const sudo = await privilege(toolkit);
      const system = await runOrThrow(
        toolkit,
        "sh",
        ["-c", '. /etc/os-release && printf "%s-%s-%s" "$ID" "$VERSION_ID" "$(uname -m)"'],
        major,
      );
      const folder = `${options.env["RUNNER_TEMP"] ?? "/tmp"}/holdfast-postgresql-client-${major}`;
      const key =
        `holdfast-postgresql-client-${major}-${system.trim()}` +
        `-${options.now().toISOString().slice(0, 7)}`;
      options.log.stage(`Installing PostgreSQL's client programs, version ${major}`);
      const machine: Machine = { toolkit, sudo, folder, major, log: options.log };
      await findRepository(machine);
      const isKept = await restoreKept(machine, key);
      await installByApt(machine);
      if (!isKept) await keepQuietly(machine, key);
    },
  };
}

interface Machine {
  readonly toolkit: InstallToolkit;
  /** What a command line that needs root begins with. */
  readonly sudo: readonly string[];
  /** Where the packages lie. */
  readonly folder: string;
  readonly major: number;
  readonly log: Log;
}

const packageOf = (major: number): string => `postgresql-client-${major}`;

function apt({ toolkit, sudo, major }: Machine, ...args: string[]): Promise<string> {
  const words = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args];
  return elevatedOrThrow(toolkit, sudo, words, major);
}

/**
 * Fetches the lists of packages, and adds the PostgreSQL project's where the machine's own lack the client.
 */
async function findRepository(machine: Machine): Promise<void> {
  const { toolkit, sudo, major } = machine;
  await apt(machine, "update");
  const known = await toolkit.run("apt-cache", ["show", packageOf(major)]);
  if (known.exitCode === 0) return;
  await apt(machine, "install", "--yes", "--no-install-recommends", "postgresql-common", "ca-certificates");
  await elevatedOrThrow(toolkit, sudo, [ADD_REPOSITORY, "-y"], major);
}

/**
 * Whether every package that is needed was kept by an earlier run. A cache that cannot be asked costs time,
 * never the backup; one whose packages are not what the lists name is told.
 */
async function restoreKept(machine: Machine, key: string): Promise<boolean> {
  const { toolkit, folder, major, log } = machine;
  try {
    if (!(await toolkit.restore(folder, key))) return false;
    // Into a folder with nothing in it, so that all of them are listed; this only prints.
    const listed = listedHashes(
      await apt(
        machine,
        "install",
        "--yes",
        "--no-install-recommends",
        "--print-uris",
        ...["-o", "Acquire::ForceHash=SHA256", "-o", `Dir::Cache::archives=${folder}/none`],
        packageOf(major),
      ),
    );
    const { kept, forged } = await keepListed(folder, listed);
    if (forged.length > 0) {
      log.warn(
        `the Actions cache '${key}' held ${forged.join(", ")} with other bytes than apt's signed ` +
          "lists name: they were thrown away, and are downloaded anew. See who may write to this " +
          "repository's caches, and delete that one",
      );
      // What is left of that cache is not to be used again, and a key cannot be written twice.
      await rm(folder, { recursive: true, force: true });
    }
    return forged.length === 0 && kept.length === listed.size;
  } catch (error) {
    log.debug(`the Actions cache could not be used: ${String(error)}`);
    await rm(folder, { recursive: true, force: true });
    return false;
  }
}

async function installByApt(machine: Machine): Promise<void> {
  const { toolkit, sudo, folder, major } = machine;
  // apt wants its `partial` folder there; keeping the archives is what makes them available to the cache.
  await elevatedOrThrow(toolkit, sudo, ["mkdir", "-p", `${folder}/partial`], major);
  await apt(
    machine,
    "install",
    "--yes",
    "--no-install-recommends",
    "-o",
    `Dir::Cache::archives=${folder}`,
    "-o",
    "APT::Keep-Downloaded-Packages=true",
    packageOf(major),
  );
  await elevatedOrThrow(
    toolkit,
    sudo,
    ["sh", "-c", 'rm -rf "$0/partial" "$0/lock" && chmod -R a+rX "$0"', folder],
    major,
  );
}

async function keepQuietly({ toolkit, folder, log }: Machine, key: string): Promise<void> {
  try {
    await toolkit.keep(folder, key);
  } catch (error) {
    // Another job may have kept the same packages a moment earlier, or the cache may be switched off.
    log.debug(`the packages were not kept for the next run: ${String(error)}`);
  }
}

/** How to become root: not at all when we are, else sudo without a password, as GitHub's runners have it. */
async function privilege(toolkit: InstallToolkit): Promise<readonly string[]> {
  const { output } = await toolkit.run("id", ["-u"]);
  return output.trim() === "0" ? [] : ["sudo", "--non-interactive"];
}

async function elevatedOrThrow(
  toolkit: InstallToolkit,
  sudo: readonly string[],
  command: readonly string[],
  major: number,
): Promise<string> {
  const [program = "", ...args] = [...sudo, ...command];
  return await runOrThrow(toolkit, program, args, major);
}

async function runOrThrow(
  toolkit: InstallToolkit,
  program: string,
  args: readonly string[],
  major: number,
): Promise<string> {
  const { exitCode, output } = await toolkit.run(program, args);
  if (exitCode === 0) return output;
  const lastLine = output.trim().split("\n").at(-1) ?? "";
  throw new HoldfastError(
    "tool.missing",
    `PostgreSQL client ${major} could not be installed: '${program} ${args[0] ?? ""}' ended ` +
      `with ${exitCode}: ${lastLine}`,
    {
      hint:
        `Use a Debian or Ubuntu runner with sudo, or install postgresql-client-${major} in a step ` +
        "before this one.",
    },
  );
}

async function actionsToolkit(): Promise<InstallToolkit> {
  const [{ getExecOutput }, cache] = await Promise.all([import("@actions/exec"), import("@actions/cache")]);
  return {
    async run(program, args) {
      try {
        const { exitCode, stdout, stderr } = await getExecOutput(program, [...args], {
          silent: true,
          ignoreReturnCode: true,
        });
        return { exitCode, output: stdout === "" || exitCode !== 0 ? stdout + stderr : stdout };
      } catch (error) {
        // The toolkit throws when the program is not there at all; 127 is what a shell says then.
        return { exitCode: 127, output: error instanceof Error ? error.message : String(error) };
      }
    },
    restore: async (folder, key) =>
      cache.isFeatureAvailable() && (await cache.restoreCache([folder], key)) !== undefined,
    async keep(folder, key) {
      if (cache.isFeatureAvailable()) await cache.saveCache([folder], key);
    },
  };
}
