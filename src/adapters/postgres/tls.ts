import { readFileSync, statSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseAddress } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import { describeAddress, effectiveSslMode } from "../../postgres/database-url.ts";

/**
 * How to make the TLS connection, or `undefined` for a plain one. Without a root certificate file the public
 * certificate authorities are trusted.
 *
 * @throws database.tls when a file that the URL names cannot be read
 */
export function tlsOptions(address: DatabaseAddress): ConnectionOptions | undefined {
  const mode = effectiveSslMode(address);
  if (mode === "disable") return undefined;
  const verifies = mode === "verify-ca" || mode === "verify-full";
  const { tlsMin, tlsMax, sslCert, sslKey, sslCrl } = address.demands ?? {};
  return {
    minVersion: tlsMin ?? "TLSv1.2",
    ...(tlsMax === undefined ? {} : { maxVersion: tlsMax }),
    host: address.host,
    rejectUnauthorized: verifies,
    ...(verifies && address.sslRootCert !== undefined && address.sslRootCert !== "system"
      ? { ca: readPem(address, "sslrootcert", address.sslRootCert) }
      : {}),
    ...(sslCert === undefined ? {} : { cert: readPem(address, "sslcert", sslCert) }),
    ...(sslKey === undefined ? {} : { key: readPem(address, "sslkey", sslKey) }),
    ...(sslCrl === undefined || !verifies ? {} : { crl: readPem(address, "sslcrl", sslCrl) }),
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** Where TLS is only preferred; binding to a channel needs it. */
export function mayBePlain(address: DatabaseAddress): boolean {
  return effectiveSslMode(address) === "prefer" && address.demands?.channelBinding !== "require";
}

/** What each parameter names, and what to give it instead. */
const FILES = {
  sslrootcert: ["root certificate file", "the path of a readable PEM file, or the word system"],
  sslcert: ["client certificate", "the path of a readable PEM file"],
  sslkey: ["client certificate's key", "the path of a readable PEM file"],
  sslcrl: ["certificate revocation list", "the path of a readable PEM file"],
} as const;

function readPem(address: DatabaseAddress, parameter: keyof typeof FILES, path: string): Buffer {
  try {
    if (parameter === "sslkey") refuseOpenKey(address, path);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const [what, instead] = FILES[parameter];
    throw new HoldfastError(
      "database.tls",
      `${describeAddress(address)}: the ${what} '${path}' cannot be read`,
      { hint: `Give ${parameter} in the database URL ${instead}.`, cause: error },
    );
  }
}

/**
 * pg_dump refuses a key that others may read, and would only say so after the snapshot was taken:
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-CLIENTCERT
 */
function refuseOpenKey(address: DatabaseAddress, path: string): void {
  const { mode, uid } = statSync(path);
  if ((mode & (uid === 0 ? 0o037 : 0o077)) === 0) return;
  throw new HoldfastError(
    "database.tls",
    `${describeAddress(address)}: others may read the client certificate's key '${path}'`,
    { hint: `Take that from them: chmod 600 ${shellWord(path)}.` },
  );
}
