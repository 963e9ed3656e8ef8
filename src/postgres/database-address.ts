import type { Secret } from "../kernel/secret.ts";

/** TLS demands, with libpq's meanings: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type SslMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

/** Ways in which a server may ask who logs in, with libpq's names. */
export type LoginMethod = "password" | "md5" | "gss" | "sspi" | "scram-sha-256" | "oauth" | "none";

/** When a connection that went silent counts as broken; what is not given is left to our own choice. */
export interface KeepAlive {
  readonly enabled?: boolean;
  readonly idleSeconds?: number;
  readonly intervalSeconds?: number;
  readonly count?: number;
  /** Milliseconds for which sent bytes may stay unacknowledged; only where the client can be told. */
  readonly userTimeoutMs?: number;
}

/**
 * What a URL asks of the connection itself, with libpq's meanings:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
export interface ConnectionDemands {
  /** `require`: the server must prove that it knows the password, over this very TLS connection. */
  readonly channelBinding?: "disable" | "prefer" | "require";
  /** As written in the URL, and what it allows. */
  readonly requireAuth?: { readonly text: string; readonly allowed: readonly LoginMethod[] };
  readonly targetSession?: "read-write" | "primary" | "standby";
  readonly connectTimeoutSeconds?: number;
  readonly keepAlive?: KeepAlive;
  /** Paths of PEM files: our own certificate with its key, and certificates that are no longer valid. */
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly sslCrl?: string;
  readonly tlsMin?: "TLSv1.2" | "TLSv1.3";
  readonly tlsMax?: "TLSv1.2" | "TLSv1.3";
}

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
  /** What else the URL asks for; absent where it asks for nothing. */
  readonly demands?: ConnectionDemands | undefined;
}
