/**
 * node scripts/prerequisites.ts [postgres] [age] [zstd] [pgbouncer] [openssl] [unzip]
 *   [curl] [jq] [diff-cover] [bindfs]
 *
 * Makes sure that the programs the demo, the tests and the benchmark start are on this machine: looks; then,
 * where it has the rights and knows the package manager, installs the distribution's packages; otherwise
 * prints the one command to run, exit 4. What is there stays as it is, whatever its minor version: it may be
 * somebody's server. What is installed is the newest there is.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { installations } from "../test/support/postgres-binaries.ts";
import {
  MANAGERS,
  packagesFor,
  versionedPackages,
  type PackageManager,
} from "./prerequisites/package-manager.ts";

/** The oldest PostgreSQL the project is tested with. */
const MAJOR_MIN = 15;

/** What there is to need, and whether it is there. */
const NEEDS: Readonly<Record<string, { readonly label: string; isHere(): boolean }>> = {
  postgres: {
    label: `PostgreSQL ≥ ${MAJOR_MIN} (server and client programs)`,
    isHere: () => installations().some((each) => each.server && each.client && each.major >= MAJOR_MIN),
  },
  age: { label: "age", isHere: () => isOnPath("age") },
  zstd: { label: "zstd", isHere: () => isOnPath("zstd") },
  pgbouncer: { label: "PgBouncer", isHere: () => isOnPath("pgbouncer") },
  openssl: { label: "openssl", isHere: () => isOnPath("openssl") },
  "diff-cover": { label: "diff-cover", isHere: () => isOnPath("diff-cover") },
  unzip: { label: "unzip", isHere: () => isOnPath("unzip") },
  // A test of a mount that hangs; where nobody is known to have it, that says that it was not run.
  bindfs: { label: "bindfs", isHere: () => !isOnPath("apt-get") || isOnPath("bindfs") },
  // Runners have both, and deploy.yml uses them.
  curl: { label: "curl", isHere: () => isOnPath("curl") },
  jq: { label: "jq", isHere: () => isOnPath("jq") },
};

function isOnPath(program: string): boolean {
  // Debian keeps daemons in /usr/sbin, which is not on everybody's PATH.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function missingOf(needs: readonly string[]): string[] {
  return needs.filter((need) => !(NEEDS[need]?.isHere() ?? false));
}

/** `[]` as root, `["sudo", "-n"]` where sudo asks no password, undefined where there is no way. */
function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
}

function runLoudly(words: readonly string[]): boolean {
  const [program = "", ...rest] = words;
  process.stderr.write(`+ ${words.join(" ")}\n`);
  // Package managers speak on stderr here, so that stdout stays the script's own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(program, rest, { stdio: ["ignore", 2, 2], env }).status === 0;
}

function main(needs: readonly string[]): number {
  const unknown = needs.filter((need) => NEEDS[need] === undefined);
  if (unknown.length > 0) {
    process.stderr.write(`unknown: ${unknown.join(", ")}; choose from ${Object.keys(NEEDS).join(", ")}\n`);
    return 2;
  }
  const missing = missingOf(needs);
  if (missing.length === 0) return 0;
  process.stderr.write(`Missing: ${missing.map((need) => NEEDS[need]?.label).join(", ")}\n`);
  const manager = MANAGERS.find((each) => isOnPath(each.program));
  if (manager === undefined) {
    process.stderr.write(
      "Install them with your system's package manager, or point HOLDFAST_PG_BIN at PostgreSQL's bin " +
        "folder, and run this again.\n",
    );
    return 4;
  }
  const prefix = manager.asRoot ? rootPrefix() : process.getuid?.() === 0 ? undefined : [];
  if (prefix === undefined) {
    const sudo = manager.asRoot ? "sudo " : "";
    const before =
      manager.before === undefined ? "" : `${sudo}${manager.program} ${manager.before.join(" ")} && `;
    const install = [manager.program, ...manager.install, ...packagesToInstall(manager, missing)];
    process.stderr.write(`Run this, then try again:\n\n  ${before}${sudo}${install.join(" ")}\n\n`);
    return 4;
  }
  if (manager.before !== undefined && !runLoudly([...prefix, manager.program, ...manager.before])) {
    process.stderr.write(
      "The package lists could not be refreshed: what is installed now may not be the newest.\n",
    );
  }
  // Only refreshed lists know which major the distribution has.
  runLoudly([...prefix, manager.program, ...manager.install, ...packagesToInstall(manager, missing)]);
  return report(missingOf(missing));
}

function packagesToInstall(manager: PackageManager, missing: readonly string[]): string[] {
  const packages = packagesFor(manager, missing);
  // A server that is there without its client programs is not touched: naming its package would take it to
  // another minor and restart it.
  if (
    manager.stands === undefined ||
    !missing.includes("postgres") ||
    installations().some((each) => each.server)
  ) {
    return packages;
  }
  const { program, words } = manager.stands;
  const told = spawnSync(program, [...words, ...(manager.names["postgres"] ?? [])], { encoding: "utf8" });
  return [...packages, ...versionedPackages(told.stdout ?? "")];
}

function report(left: readonly string[]): number {
  if (left.length === 0) return 0;
  process.stderr.write(`Still missing: ${left.map((need) => NEEDS[need]?.label).join(", ")}\n`);
  if (left.includes("postgres")) {
    process.stderr.write(
      "Your distribution's PostgreSQL is too old or has another name: " +
        "see https://www.postgresql.org/download/, then set HOLDFAST_PG_BIN to its bin folder.\n",
    );
  }
  return 4;
}

process.exitCode = main(process.argv.slice(2));
