import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { serverAccount } from "./tools.ts";

/**
 * One installed PostgreSQL. `server` says whether a server can be started from it, `client` whether
 * pg_dump is there.
 */
export interface Installation {
  readonly binDir: string;
  readonly major: number;
  /** Major and minor, such as `15.18` or `19beta1`. */
  readonly version: string;
  readonly server: boolean;
  readonly client: boolean;
}

/** Where distributions and Homebrew keep one folder per major version. */
const VERSIONED = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
];
const PLAIN = [
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql/bin",
  "/usr/local/pgsql/bin",
  "/usr/bin",
];

/**
 * Every PostgreSQL on this machine, newest major first. As for the product, `HOLDFAST_PG_BIN` is then the
 * only folder looked into.
 */
export function installations(): Installation[] {
  const given = (process.env["HOLDFAST_PG_BIN"] ?? "").trim();
  const folders = given !== "" ? [given] : [...pgConfigFolder(), ...globSync(VERSIONED), ...globSync(PLAIN)];
  const real = new Set(folders.filter((folder) => existsSync(folder)).map((folder) => realpathSync(folder)));
  return [...real].flatMap((folder) => describeFolder(folder)).sort((a, b) => b.major - a.major);
}

function pgConfigFolder(): string[] {
  try {
    return [
      execFileSync("pg_config", ["--bindir"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim(),
    ];
  } catch {
    return [];
  }
}

function describeFolder(binDir: string): Installation[] {
  const server = existsSync(join(binDir, "postgres")) && existsSync(join(binDir, "initdb"));
  const client = existsSync(join(binDir, "pg_dump")) && existsSync(join(binDir, "pg_restore"));
  if (!server && !client) return [];
  try {
    const program = join(binDir, server ? "postgres" : "pg_dump");
    // Debian's /usr/bin/pg_dump is a script that guesses a version: it is no installation of its own.
    if (readFileSync(program).subarray(0, 2).toString() === "#!") return [];
    const said = execFileSync(program, ["--version"], { encoding: "utf8" });
    const [, version = "", major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(said) ?? [];
    return major === undefined ? [] : [{ binDir, major: Number(major), version, server, client }];
  } catch {
    return [];
  }
}

/** The newest installation that has server and client, at least `majorMin`. */
export function newestInstallation(majorMin = 15): Installation {
  const found = installations().find((each) => each.server && each.client && each.major >= majorMin);
  if (found === undefined) {
    throw new Error(
      `no PostgreSQL ≥ ${majorMin} with server and client programs was found; run: npm run bootstrap`,
    );
  }
  return found;
}

/** The installation whose programs are in exactly this folder. Throws when there is none that starts. */
export function installationAt(binDir: string): Installation {
  const [found] = describeFolder(binDir);
  if (found === undefined) throw new Error(`${binDir} holds no PostgreSQL that starts here`);
  return found;
}

/**
 * A binDir that the account which runs servers may enter: the installation's own, or, for a checkout below
 * /root, a copy inside `folder`.
 */
export function enterableBinDir(installation: Installation, folder: string): string {
  try {
    execFileSync(join(installation.binDir, "postgres"), ["--version"], {
      stdio: "ignore",
      cwd: "/",
      ...serverAccount(),
    });
    return installation.binDir;
  } catch {
    cpSync(dirname(installation.binDir), join(folder, "postgresql"), {
      recursive: true,
      verbatimSymlinks: true,
    });
    return join(folder, "postgresql/bin");
  }
}
