import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { DatabaseAddress } from "../../ports/database.ts";
import { effectiveSslMode } from "../../postgres/database-url.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { keepAliveOf } from "../../postgres/keep-alive.ts";
import { requireKnownDemands } from "../../postgres/client-demands.ts";
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
const CONNECT_TIMEOUT = 30;

/** Milliseconds that a program which only reads waits for what it sent to arrive. */
const READER_TIMEOUT_MS = 75_000;

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

/**
 * Where nothing is: libpq would otherwise take these files from the folder of whoever runs this, which the
 * driver never looks into; and a root certificate there makes `require` verify against it.
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-FILE-USAGE
 */
const NOWHERE = "/nonexistent/holdfast";
const NO_FILES = {
  PGSSLCERT: `${NOWHERE}/postgresql.crt`,
  PGSSLKEY: `${NOWHERE}/postgresql.key`,
  PGSSLROOTCERT: `${NOWHERE}/root.crt`,
  PGSSLCRL: `${NOWHERE}/root.crl`,
  PGSSLCRLDIR: `${NOWHERE}/crl`,
  // The user's own ~/.pgpass must not fill in a password the URL left out.
  PGPASSFILE: `${NOWHERE}/pgpass`,
  PGSERVICEFILE: `${NOWHERE}/pg_service.conf`,
  PGSYSCONFDIR: NOWHERE,
} as const;

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
    ...NO_FILES,
    // Of its own, so that no other program's sessions are taken for those of this one.
    PGAPPNAME: `holdfast ${purpose} ${randomUUID().slice(0, 8)}`,
    PGCONNECT_TIMEOUT: String(address.demands?.connectTimeoutSeconds ?? CONNECT_TIMEOUT),
    PGSSLMODE: effectiveSslMode(address),
    PGSSLMINPROTOCOLVERSION: address.demands?.tlsMin ?? "TLSv1.2",
    // The driver knows no GSSAPI.
    PGGSSENCMODE: "disable",
    ...demandedEnvironment(tools, address),
    ...(root === undefined ? {} : { PGSSLROOTCERT: root }),
    ...(address.password === undefined ? {} : { PGPASSWORD: address.password.reveal() }),
    ...(options === "" ? {} : { PGOPTIONS: options }),
  };
}

/** What the URL demands besides. */
function demandedEnvironment(tools: ToolSet, { demands }: DatabaseAddress): Record<string, string> {
  if (demands === undefined) return {};
  requireKnownDemands(tools, demands);
  const { channelBinding, requireAuth, targetSession, sslCert, sslKey, sslCrl, tlsMax } = demands;
  return {
    ...(channelBinding === undefined ? {} : { PGCHANNELBINDING: channelBinding }),
    ...(requireAuth === undefined ? {} : { PGREQUIREAUTH: requireAuth.text }),
    ...targetEnvironment(tools, targetSession),
    ...(sslCert === undefined ? {} : { PGSSLCERT: sslCert }),
    ...(sslKey === undefined ? {} : { PGSSLKEY: sslKey }),
    ...(sslCrl === undefined ? {} : { PGSSLCRL: sslCrl }),
    ...(tlsMax === undefined ? {} : { PGSSLMAXPROTOCOLVERSION: tlsMax }),
  };
}

/**
 * Before 14 libpq knows `read-write` alone. Of a standby such a program need not be told: it reads by the
 * snapshot of a session that has asked the server, and writes to no standby.
 */
function targetEnvironment(
  tools: ToolSet,
  target: NonNullable<DatabaseAddress["demands"]>["targetSession"],
): Record<string, string> {
  if (target === undefined || (target === "standby" && tools.major < 14)) return {};
  return { PGTARGETSESSIONATTRS: tools.major < 14 ? "read-write" : target };
}

/**
 * A connection string for the command line, where no secret may stand: the database, and when a link that
 * went silent counts as broken, for which libpq has no variables.
 *
 * @param reads whether the program sends next to nothing. One that sends rows may wait for a server that is
 *   busy and reads none for minutes, and Linux counts that as unacknowledged too
 */
export function connectionWords(tools: ToolSet, address: DatabaseAddress, reads: boolean): string {
  const { enabled, idleSeconds, intervalSeconds, count, userTimeoutMs } = keepAliveOf(address);
  const timeout = userTimeoutMs ?? (reads && enabled ? READER_TIMEOUT_MS : undefined);
  return [
    `dbname='${address.database.replace(/[\\']/g, "\\$&")}'`,
    ...(enabled
      ? [
          `keepalives_idle=${idleSeconds}`,
          `keepalives_interval=${intervalSeconds}`,
          `keepalives_count=${count}`,
        ]
      : ["keepalives=0"]),
    // Older ones would refuse the word.
    ...(timeout === undefined || tools.major < 12 ? [] : [`tcp_user_timeout=${timeout}`]),
  ].join(" ");
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
