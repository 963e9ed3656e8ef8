import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseAddress } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { describeAddress, effectiveSslMode } from "../../postgres/database-url.ts";

/**
 * How to make the TLS connection, or `undefined` for a plain one. Without a root certificate file the public
 * certificate authorities are trusted.
 *
 * @throws database.tls when the root certificate file cannot be read
 */
export function tlsOptions(address: DatabaseAddress): ConnectionOptions | undefined {
  const mode = effectiveSslMode(address);
  if (mode === "disable") return undefined;
  const verifies = mode === "verify-ca" || mode === "verify-full";
  return {
    minVersion: "TLSv1.2",
    host: address.host,
    rejectUnauthorized: verifies,
    ...(verifies && address.sslRootCert !== undefined && address.sslRootCert !== "system"
      ? { ca: readRoots(address) }
      : {}),
    ...(mode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

function readRoots(address: DatabaseAddress): Buffer {
  try {
    return readFileSync(address.sslRootCert!);
  } catch (error) {
    throw new HoldfastError(
      "database.tls",
      `${describeAddress(address)}: the root certificate file '${address.sslRootCert}' cannot be read`,
      {
        hint: "Give sslrootcert in the database URL the path of a readable PEM file, or the word system.",
        cause: error,
      },
    );
  }
}
