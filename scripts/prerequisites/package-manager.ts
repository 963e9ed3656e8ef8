/** A package manager: the words that install, and the names of packages where they differ from ours. */
export interface PackageManager {
  readonly program: string;
  /** Refreshes its lists, where installing does not: what is installed should be the newest. */
  readonly before?: readonly string[];
  readonly install: readonly string[];
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** Tells which packages stand behind those that hold nothing themselves. */
  readonly stands?: { readonly program: string; readonly words: readonly string[] };
  /** Homebrew refuses to be root; everything else has to be. */
  readonly asRoot: boolean;
}

export const MANAGERS: readonly PackageManager[] = [
  {
    program: "apt-get",
    before: ["update", "-qq"],
    install: ["install", "-y", "-qq", "--no-install-recommends"],
    names: { postgres: ["postgresql", "postgresql-client"] },
    stands: { program: "apt-cache", words: ["depends", "--important"] },
    asRoot: true,
  },
  {
    program: "dnf",
    install: ["install", "-y", "-q", "--refresh"],
    names: {
      postgres: ["postgresql-server", "postgresql", "postgresql-contrib"],
      "diff-cover": ["python3-diff-cover"],
    },
    asRoot: true,
  },
  {
    program: "apk",
    install: ["add", "--quiet", "--update-cache", "--upgrade"],
    names: {
      postgres: ["postgresql", "postgresql-client", "postgresql-contrib"],
      "diff-cover": ["py3-diff-cover"],
    },
    asRoot: true,
  },
  {
    program: "brew",
    install: ["install", "--quiet"],
    names: { postgres: ["postgresql@17"], openssl: ["openssl@3"] },
    asRoot: false,
  },
];

/** Names of the packages that bring what is needed. */
export function packagesFor(manager: PackageManager, needs: readonly string[]): string[] {
  return needs.flatMap((need) => manager.names[need] ?? [need]);
}

/**
 * The packages behind Debian's `postgresql` and `postgresql-client`, which hold nothing and depend on
 * any version of `postgresql-15` and `postgresql-client-15`: an older one that is already there, say
 * the client alone, is left as it is unless it is named. A server and a pg_dump of different minors are
 * worse than either.
 *
 * @param told what `apt-cache depends --important postgresql postgresql-client` said
 */
export function versionedPackages(told: string): string[] {
  return [...told.matchAll(/^ *Depends: (postgresql(?:-client)?-\d+)$/gm)].map(([, name]) => name!);
}
