import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, serverAccount } from "./tools.ts";

/** File systems that are unwell, really mounted; which takes the right to mount: mount(8). */

const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });

/** Why something cannot be had here, for the title of a test that is not run; empty where it can. */
export function whyNot(make: () => Disposable): string {
  try {
    make()[Symbol.dispose]();
    return "";
  } catch (error) {
    return ` (NOT RUN: ${(error as Error).message.trim().replace(/\s+/g, " ")})`;
  }
}

/** A folder that may only be read. */
export function mountReadOnly(path: string): Disposable & { readonly path: string } {
  mkdirSync(path, { recursive: true });
  run("mount", ["-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", path]);
  return { path, [Symbol.dispose]: () => void run("umount", [path]) };
}

/** A small disk that can be filled. */
export interface Fillable extends Disposable {
  readonly path: string;
  /** Leaves so many bytes free; room is made by leaving more. */
  leave(bytes: number): void;
}

/** A tmpfs of its own, which belongs to the account under which servers run. */
export function mountFillable(path: string, mebibytes: number): Fillable {
  mkdirSync(path, { recursive: true });
  const { uid, gid } = serverAccount();
  const owner = uid === undefined ? "" : `,uid=${uid},gid=${gid}`;
  run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700${owner}`, "tmpfs", path]);
  const ballast = join(path, "ballast");
  return {
    path,
    leave(bytes) {
      rmSync(ballast, { force: true });
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
    },
    [Symbol.dispose]: () => void run("umount", ["--lazy", path]),
  };
}

/** A disk whose file system can be damaged. */
export interface Damageable extends Disposable {
  readonly path: string;
  /** The inode of a file has a wrong checksum from now on: its name is there, and stat(2) fails. */
  damage(file: string): void;
}

/** An ext4 of its own in a file: mkfs.ext4(8), debugfs(8). */
export function mountDamageable(folder: string): Damageable {
  const [image, path] = [join(folder, "image"), join(folder, "mount")];
  mkdirSync(path, { recursive: true });
  run("truncate", ["--size", "24M", image]);
  run("mkfs.ext4", ["-q", "-O", "metadata_csum", image]);
  run("mount", ["-o", "loop", image, path]);
  return {
    path,
    damage(file) {
      const inode = run("stat", ["--format", "%i", join(path, file)]).trim();
      run("umount", [path]);
      run("debugfs", ["-w", "-R", `sif <${inode}> checksum 0xdead`, image]);
      run("mount", ["-o", "loop", image, path]);
    },
    [Symbol.dispose]: () => void run("umount", [path]),
  };
}

/** A mount whose server can stop to answer, as one of a network does. */
export interface Hanging extends AsyncDisposable {
  readonly path: string;
  hang(): void;
  goOn(): void;
}

/**
 * A folder seen through bindfs(1), a file system in a process of its own, which can be stopped.
 *
 * @returns why there can be none here
 */
export async function mountHanging(folder: string): Promise<Hanging | { readonly reason: string }> {
  const [behind, path] = [join(folder, "behind"), join(folder, "mount")];
  for (const each of [behind, path]) mkdirSync(each, { recursive: true });
  const program = spawn("bindfs", ["-f", behind, path], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  program.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<string>((resolve) => {
    program.once("error", (error) => resolve(error.message));
    program.once("close", (code) => resolve(`bindfs ended with ${code}: ${said.trim()}`));
  });
  const isMounted = eventually("the folder to be mounted", () =>
    run("cat", ["/proc/mounts"]).includes(` ${path} fuse`),
  );
  const reason = await Promise.race([isMounted.then(() => undefined), ended]);
  if (reason !== undefined) return { reason };
  return {
    path,
    hang: () => void program.kill("SIGSTOP"),
    goOn: () => void program.kill("SIGCONT"),
    async [Symbol.asyncDispose]() {
      program.kill("SIGKILL");
      await ended;
      run("umount", ["--lazy", path]);
    },
  };
}
