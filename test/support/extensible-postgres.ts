import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { newestInstallation, type Installation } from "./postgres-binaries.ts";

/** An extension of a test's own: its script, and lines of its control file. */
export interface OwnExtension {
  readonly name: string;
  readonly sql: string;
  /** Default: relocatable, of that version. */
  readonly control?: string;
  /** Default 1.0. */
  readonly version?: string;
}

/**
 * A PostgreSQL that knows further extensions: copies of the programs, which find their files
 * beside themselves, and links to everything else. For installations laid out as Debian's are
 * (`lib/postgresql/15/bin` beside `share/postgresql/15`).
 *
 * @param folder of the caller's, which removes it
 * @throws Error when the installation is laid out another way
 */
export function withExtensions(folder: string, extensions: readonly OwnExtension[]): Installation {
  const from = newestInstallation();
  const version = basename(dirname(from.binDir));
  const share = join(from.binDir, "../../../../share/postgresql", version);
  if (!existsSync(join(share, "extension"))) {
    throw new Error(
      `${from.binDir} is not laid out as Debian's packages are, so it cannot be copied with extensions`,
    );
  }
  const [lib, copy] = [join(folder, "lib/postgresql", version), join(folder, "share/postgresql", version)];
  mkdirSync(join(copy, "extension"), { recursive: true });
  mkdirSync(lib, { recursive: true });
  cpSync(from.binDir, join(lib, "bin"), { recursive: true, dereference: true });
  symlinkSync(join(dirname(from.binDir), "lib"), join(lib, "lib"));
  for (const name of readdirSync(share)) {
    if (name !== "extension") symlinkSync(join(share, name), join(copy, name));
  }
  for (const name of readdirSync(join(share, "extension"))) {
    symlinkSync(join(share, "extension", name), join(copy, "extension", name));
  }
  for (const { name, sql, control, version: own = "1.0" } of extensions) {
    writeFileSync(
      join(copy, "extension", `${name}.control`),
      control ?? `default_version = '${own}'\nrelocatable = true\n`,
    );
    writeFileSync(join(copy, "extension", `${name}--${own}.sql`), sql);
  }
  return { ...from, binDir: join(lib, "bin") };
}
