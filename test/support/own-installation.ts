import { cpSync, existsSync, globSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { newestInstallation, type Installation } from "./postgres-binaries.ts";
import { serverAccount, temporaryFolder } from "./tools.ts";

/**
 * A copy of the newest installation, into which a test may put extensions of its own: a server finds its
 * files beside its programs.
 */
export interface OwnInstallation extends Installation {
  /** Puts an extension's files there, or writes over them; `script` is what CREATE EXTENSION runs. */
  provide(name: string, script: string, control?: string): void;
  /** Takes an extension's files away: the server knows it no more. */
  withdraw(name: string): void;
}

export function ownInstallation(): OwnInstallation {
  const { binDir, ...rest } = newestInstallation();
  const folder = temporaryFolder("installation", serverAccount());
  // Debian keeps what is shared in a tree of its own, at the same distance from the programs.
  const debian = /^(.*)\/(lib\/postgresql\/\d+)\/bin$/.exec(binDir);
  const shared = debian?.[2]!.replace(/^lib/, "share");
  const home = debian ? join(folder, debian[2]!) : join(folder, "postgresql");
  cpSync(dirname(binDir), home, { recursive: true, verbatimSymlinks: true });
  if (debian && existsSync(join(debian[1]!, shared!))) {
    cpSync(join(debian[1]!, shared!), join(folder, shared!), { recursive: true, dereference: true });
  }
  const [extensions] = globSync(join(folder, "**/extension"));
  if (extensions === undefined) throw new Error(`the copy of ${binDir} holds no extensions`);
  return {
    ...rest,
    binDir: join(home, "bin"),
    provide(name, script, control = "") {
      writeFileSync(join(extensions, `${name}.control`), `default_version = '1.0'\n${control}\n`);
      writeFileSync(join(extensions, `${name}--1.0.sql`), script);
    },
    withdraw(name) {
      rmSync(join(extensions, `${name}.control`));
    },
  };
}
