import { HoldfastError } from "../../kernel/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ToolInstaller } from "../../ports/tool-installer.ts";

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
 * Installs `postgresql-client-<major>` on a Debian or Ubuntu runner. The packages themselves are what is
 * kept between runs: unpacking them again with dpkg puts every program and library at its place, which
 * copying program files would not. Kept for a month at most, so that the PostgreSQL project's security
 * updates arrive.
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
      if (await installKept(toolkit, sudo, folder, key, options.log)) return;
      await installFromRepository(toolkit, sudo, folder, major);
      await keepQuietly(toolkit, folder, key, options.log);
    },
  };
}

/** A cache that cannot be asked costs time, never the backup. */
async function installKept(
  toolkit: InstallToolkit,
  sudo: readonly string[],
  folder: string,
  key: string,
  log: Log,
): Promise<boolean> {
  try {
    if (!(await toolkit.restore(folder, key))) return false;
  } catch (error) {
    log.debug(`the Actions cache could not be read: ${String(error)}`);
    return false;
  }
  const { exitCode, output } = await elevated(toolkit, sudo, [
    "sh",
    "-c",
    'dpkg --install "$0"/*.deb',
    folder,
  ]);
  if (exitCode !== 0) log.debug(`the kept packages do not fit this runner any more: ${output.trim()}`);
  return exitCode === 0;
}

async function installFromRepository(
  toolkit: InstallToolkit,
  sudo: readonly string[],
  folder: string,
  major: number,
): Promise<void> {
  const name = `postgresql-client-${major}`;
  const apt = (...args: string[]): Promise<string> =>
    elevatedOrThrow(
      toolkit,
      sudo,
      ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", ...args],
      major,
    );
  await apt("update");
  const known = await toolkit.run("apt-cache", ["show", name]);
  if (known.exitCode !== 0) {
    await apt("install", "--yes", "--no-install-recommends", "postgresql-common", "ca-certificates");
    await elevatedOrThrow(toolkit, sudo, [ADD_REPOSITORY, "-y"], major);
  }
  // apt wants its `partial` folder there; keeping the archives is what makes them available to the cache.
  await elevatedOrThrow(toolkit, sudo, ["mkdir", "-p", `${folder}/partial`], major);
  await apt(
    "install",
    "--yes",
    "--no-install-recommends",
    "-o",
    `Dir::Cache::archives=${folder}`,
    "-o",
    "APT::Keep-Downloaded-Packages=true",
    name,
  );
  await elevatedOrThrow(
    toolkit,
    sudo,
    ["sh", "-c", 'rm -rf "$0/partial" "$0/lock" && chmod -R a+rX "$0"', folder],
    major,
  );
}

async function keepQuietly(toolkit: InstallToolkit, folder: string, key: string, log: Log): Promise<void> {
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

async function elevated(
  toolkit: InstallToolkit,
  sudo: readonly string[],
  command: readonly string[],
): Promise<{ exitCode: number; output: string }> {
  const [program = "", ...args] = [...sudo, ...command];
  return await toolkit.run(program, args);
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
