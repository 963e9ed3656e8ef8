import { existsSync } from "node:fs";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { DatabaseAddress } from "../../ports/database.ts";
import { effectiveSslMode } from "../../postgres/database-url.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { startupOptions } from "../../postgres/quoting.ts";

/** What of our own environment a PostgreSQL program needs; everything else stays out of its sight. */
export interface BaseEnvironment {
  readonly path: string | undefined;
  readonly home: string | undefined;
  readonly tmpdir: string | undefined;
}

/**
 * Seconds libpq tries to connect:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT
 */
const CONNECT_TIMEOUT = "30";

/**
 * The distributions' bundles of public certificate authorities, for libpq before 16, which does not know
 * `sslrootcert=system`.
 */
const CA_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/opt/homebrew/etc/openssl@3/cert.pem",
  "/usr/local/etc/openssl@3/cert.pem",
];

/** A clean environment with English messages, so that they can be classified. */
export function plainEnvironment(base: BaseEnvironment): Record<string, string> {
  return {
    PATH: base.path ?? "/usr/bin:/bin",
    ...(base.home === undefined ? {} : { HOME: base.home }),
    ...(base.tmpdir === undefined ? {} : { TMPDIR: base.tmpdir }),
    LC_ALL: "C",
  };
}

/**
 * The environment that tells libpq where to connect. The password goes this way because a process's arguments
 * are readable by everybody on the machine: https://www.postgresql.org/docs/current/libpq-envars.html
 *
 * No time limits are sent along: pg_dump and pg_restore switch the role's own off as their first statements,
 * and poolers refuse unknown settings at start-up.
 */
export function connectionEnvironment(
  base: BaseEnvironment,
  tools: ToolSet,
  address: DatabaseAddress,
  purpose: string,
  settings: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const options = [address.options ?? "", startupOptions(settings)].filter((part) => part !== "").join(" ");
  const root = rootCertificate(tools, address);
  return {
    ...plainEnvironment(base),
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: address.database,
    // A file that is not there: the user's own ~/.pgpass must not fill in a password the URL left out.
    PGPASSFILE: "/nonexistent/pgpass",
    PGAPPNAME: `holdfast ${purpose}`,
    PGCONNECT_TIMEOUT: CONNECT_TIMEOUT,
    PGSSLMODE: effectiveSslMode(address),
    PGSSLMINPROTOCOLVERSION: "TLSv1.2",
    ...(root === undefined ? {} : { PGSSLROOTCERT: root }),
    ...(address.password === undefined ? {} : { PGPASSWORD: address.password.reveal() }),
    ...(options === "" ? {} : { PGOPTIONS: options }),
  };
}

function rootCertificate(tools: ToolSet, address: DatabaseAddress): string | undefined {
  const mode = effectiveSslMode(address);
  if (address.sslRootCert !== undefined && address.sslRootCert !== "system") return address.sslRootCert;
  if (mode !== "verify-full") return undefined;
  if (tools.major >= 16) return "system";
  const bundle = CA_BUNDLES.find((path) => existsSync(path));
  if (bundle !== undefined) return bundle;
  throw new HoldfastError(
    "database.tls",
    "no bundle of public certificate authorities was found on this machine",
    {
      hint:
        "Install the package ca-certificates, or give sslrootcert in the database URL the path " +
        "of the authority's PEM file.",
    },
  );
}
