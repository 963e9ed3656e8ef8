import { createHash, randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOk, serverAccount, temporaryFolder } from "./tools.ts";

/**
 * Name of the variable with the folder in which the global set-up has data folders kept; unset, every data
 * folder is made anew.
 */
const KEPT = "HOLDFAST_TEST_DATA_FOLDERS";

/** What initdb is told. */
export interface DataFolderOptions {
  readonly binDir: string;
  /** Where it is to be. */
  readonly data: string;
  readonly superuser: string;
  /** Words such as `--encoding=SQL_ASCII`. */
  readonly words: readonly string[];
}

/**
 * Has data folders kept from here on, for this process and its children. Returns the folder, which the
 * caller removes at the end of the run.
 */
export function keepDataFolders(): string {
  const folder = temporaryFolder("kept-data", serverAccount());
  process.env[KEPT] = folder;
  return folder;
}

/**
 * A new data folder. Made by initdb once in a run for the same programs and words, and copied from then on,
 * which takes a tenth of the time: its clusters share a password and a system identifier.
 *
 * @returns the superuser's password
 */
export async function makeDataFolder(options: DataFolderOptions): Promise<string> {
  const kept = process.env[KEPT] ?? "";
  if (kept === "" || !existsSync(kept)) return await initialise(options);
  const first = join(kept, keyOf(options));
  if (!existsSync(first)) await keep(options, first);
  await runOk("cp", ["-Rp", join(first, "data"), options.data], { account: serverAccount(), cwd: "/" });
  return readFileSync(join(first, "password"), "utf8");
}

/**
 * What the product's own initdb made for a scratch server, copied from the second time on in a run with the
 * same programs; for `localScratchServers`.
 */
export async function keptScratchData(
  { binDir }: { readonly binDir: string },
  data: string,
  initdb: () => Promise<void>,
): Promise<void> {
  const kept = process.env[KEPT] ?? "";
  if (kept === "" || !existsSync(kept)) {
    await initdb();
    return;
  }
  const first = join(kept, keyOf({ binDir, superuser: "scratch", words: [] }));
  const place = { account: serverAccount(), cwd: "/" };
  if (existsSync(first)) {
    await runOk("cp", ["-Rp", join(first, "data"), data], place);
    return;
  }
  await initdb();
  const making = `${first}-${process.pid}-${randomBytes(4).toString("hex")}`;
  await runOk("mkdir", ["-m", "711", making], place);
  await runOk("cp", ["-Rp", data, join(making, "data")], place);
  nameFirst(making, first);
}

/** The programs themselves, not their path: some servers run from a copy. */
function keyOf({ binDir, superuser, words }: Omit<DataFolderOptions, "data">): string {
  const { size } = statSync(join(binDir, "postgres"));
  const { size: making } = statSync(join(binDir, "initdb"));
  return createHash("sha256")
    .update(JSON.stringify([size, making, superuser, words]))
    .digest("hex")
    .slice(0, 16);
}

async function keep(options: DataFolderOptions, first: string): Promise<void> {
  const making = `${first}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const account = serverAccount();
  await runOk("mkdir", ["-m", "711", making], { account, cwd: "/" });
  const password = await initialise({ ...options, data: join(making, "data") });
  writeFileSync(join(making, "password"), password, { mode: 0o600 });
  nameFirst(making, first);
}

function nameFirst(making: string, first: string): void {
  try {
    renameSync(making, first);
  } catch (error) {
    // Another worker was faster, and what it made is the same.
    if (!existsSync(first)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
}

async function initialise({ binDir, data, superuser, words }: DataFolderOptions): Promise<string> {
  const account = serverAccount();
  const password = `admin-${randomBytes(9).toString("hex")}`;
  const file = `${data}.password`;
  writeFileSync(file, password, { mode: 0o600 });
  if (account.uid !== undefined) chownSync(file, account.uid, account.gid);
  const env = { PATH: process.env["PATH"], LC_ALL: "C" };
  const fixed = ["-D", data, "-U", superuser, `--pwfile=${file}`, "-A", "scram-sha-256", "--no-sync"];
  await runOk(join(binDir, "initdb"), [...fixed, ...words], { account, cwd: "/", env });
  rmSync(file);
  return password;
}
