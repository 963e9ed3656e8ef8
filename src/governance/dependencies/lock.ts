import type { Trouble } from "./placed.ts";

/** Package managers whose lock files are read, in the form of their files. */
export type LockFormat = "npm" | "pnpm" | "yarn-classic" | "yarn-berry";

/** Groups of a package.json. */
export type Group = "runtime" | "dev" | "peer" | "optional";

/** A package of somebody else's that a lock file pins. */
export interface LockedPackage {
  /** As the lock file has it: `node_modules/a/node_modules/b`, `b@1.0.0`, `b@^1.0.0, b@^1.1.0`. */
  readonly key: string;
  /** Under which it was published, also where it is installed under another. */
  readonly name: string;
  /** Null where the lock has none: an optional peer that nobody installed, a folder. */
  readonly version: string | null;
  /**
   * Where it comes from. `registry` is also an archive at any other address: locks do not tell these apart.
   * `local` is a folder or archive of the repository itself.
   */
  readonly origin: "registry" | "git" | "local";
  /** URL as written; null where the lock leaves it to the registry that is configured. */
  readonly resolved: string | null;
  readonly integrity: string | null;
  /**
   * Why it rightly has no checksum of its own: it lies in the archive of another package; or yarn fetches
   * it on other platforms only (https://github.com/yarnpkg/berry/issues/6759).
   */
  readonly withoutChecksum: "bundled" | "platform" | null;
  /** Null where this format does not tell. */
  readonly installScript: boolean | null;
  readonly licence: string | null;
  /** Needed for development alone; null where this format does not tell. */
  readonly dev: boolean | null;
  readonly optional: boolean | null;
  /** From 1. */
  readonly line: number;
}

/** A range that a lock file remembers of a package.json. */
export interface LockedRange {
  readonly name: string;
  /** Null where this format does not tell. */
  readonly group: Group | null;
  readonly range: string;
  readonly line: number;
}

/** A package.json as the lock file remembers it. */
export interface LockedProject {
  readonly line: number;
  readonly ranges: readonly LockedRange[];
}

/** What a dependency was locked to. */
export interface Found {
  /** The package; undefined for a folder of the repository itself. */
  readonly locked: LockedPackage | undefined;
  readonly version: string | null;
}

/** A lock file, whoever wrote it. */
export interface Lock {
  readonly format: LockFormat;
  /** Of the format, as written. */
  readonly formatVersion: string;
  /** Path from the repository's root. */
  readonly file: string;
  readonly packages: readonly LockedPackage[];
  /** Folder below the lock file's (`""` is its own) → what it remembers; null where it remembers nothing. */
  readonly projects: ReadonlyMap<string, LockedProject> | null;
  /** Whether peers that are not optional are among the ranges too, as pnpm has them when it installs them. */
  readonly listsPeers: boolean;
  /** Name → range that counts instead of what package.json says. */
  readonly overrides: ReadonlyMap<string, string>;
  /** Catalog → name → range, where the lock tells. */
  readonly catalogs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Dependencies of packages that have no entry, as a file that was cut short has them. */
  readonly dangling: readonly Dangling[];
  /** What the dependency of a project was locked to; undefined where the lock does not have it. */
  lookUp(project: string, name: string, range: string): Found | undefined;
}

/** A lock file that was read as far as it can be, and everything that is wrong with it. */
export interface ReadLock {
  /** Undefined where nothing of it can be relied on. */
  readonly lock: Lock | undefined;
  readonly troubles: readonly Trouble[];
}

/** A dependency without an entry. */
export interface Dangling {
  readonly name: string;
  /** Key of the package that needs it. */
  readonly by: string;
  readonly line: number;
}

/** Name → format of every lock file that is read. */
export const LOCK_FILES: Readonly<Record<string, "npm" | "pnpm" | "yarn">> = {
  "npm-shrinkwrap.json": "npm",
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
};

/** Lock files that exist and are not read. */
export const FOREIGN_LOCK_FILES: readonly string[] = ["bun.lock", "bun.lockb", "deno.lock"];

/** Name of a file without its folder. */
export const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Folder of a file, `""` for the root. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** What to run so that the lock file is written anew. */
export function renewal(file: string): string {
  const name = baseOf(file);
  if (name === "pnpm-lock.yaml") return "pnpm install --lockfile-only";
  return name === "yarn.lock" ? "yarn install" : "npm install --package-lock-only";
}
