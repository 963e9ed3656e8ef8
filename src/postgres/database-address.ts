import type { Secret } from "../kernel/secret.ts";

/** TLS demands, with libpq's meanings: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** Where a database is and how to log in: one parsed connection URL. Made by `parseDatabaseUrl`. */
export interface DatabaseAddress {
  /** Host name, or the folder of a Unix socket (starts with `/`). */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  /** Path of a PEM file with trusted roots, or `system`. */
  readonly sslRootCert: string | undefined;
  /** Server settings from the URL's `options` parameter, as in `-c name=value`. */
  readonly options: string | undefined;
}
