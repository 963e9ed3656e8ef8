import type { Client, ClientConfig } from "pg";
import pg from "pg";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseAddress, SessionOptions } from "../../ports/database.ts";
import { LOST_CLIENT } from "../../postgres/keep-alive.ts";
import { readServerOptions } from "../../postgres/server-options.ts";
import { socketFor } from "./socket.ts";

/** What the driver is told when a session begins. */

/** Time limits a role or database may have set; a backup takes as long as it takes and bounds itself. */
const TIMEOUTS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] as const;
/**
 * Limits that older servers do not know, with the first major that does; an unknown name in the start-up
 * packet is fatal.
 */
const NEWER_TIMEOUTS = { idle_session_timeout: 14, transaction_timeout: 17 } as const;

/** Milliseconds until a server that does not answer counts as unreachable. */
export const CONNECT_TIMEOUT_MS = 20_000;

/**
 * Names that a statement leaves unqualified are looked for among the built-in ones alone: whoever may create
 * a function, an operator or a type in another schema of the default path could otherwise have it run with
 * this session's rights (CVE-2018-1058, https://www.postgresql.org/docs/release/10.3/).
 */
const SEARCH_PATH = { search_path: "pg_catalog" } as const;

/**
 * Defaults that a role or a database may have of its own and that would change
 * what a statement of ours does, or forbid it. Only what every role may set:
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
const NEUTRAL = {
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  // With serializable and read only it would wait for a moment without writers.
  default_transaction_deferrable: "off",
  // A policy that would hide rows is an error, never a smaller result.
  row_security: "off",
  // How literals, arrays of names and comparisons in our own statements are read.
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  quote_all_identifiers: "off",
  // One refused statement must not end the session.
  exit_on_error: "off",
  // Where the tables of extensions go that a restore makes: a tablespace or an access method of the target's
  // taste may not exist yet.
  default_tablespace: "",
  default_table_access_method: "heap",
} as const;

/**
 * Event triggers on logins would fire at every session of ours, and what they write
 * would be no loss of a copy's, but look like one. Since 17, and only for superusers:
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-EVENT-TRIGGERS
 */
const NO_EVENT_TRIGGERS = { event_triggers: "off" } as const;

/** What earlier sessions have found out about a server and their role there. */
export interface KnownServer {
  readonly major: number;
  readonly superuser: boolean;
  /** Whom the server takes us for: the login role, unless a setting gives another. */
  readonly role: string;
}

/** What a session's start-up packet may hold besides, where it is known that the server takes it. */
export function knownSettings(known: KnownServer | undefined): Record<string, string> {
  return known !== undefined && known.major >= 17 && known.superuser ? { ...NO_EVENT_TRIGGERS } : {};
}

/**
 * Settings worth sending with the start-up packet, where one that a pooler does not know makes it
 * refuse them all.
 */
export function startUpSettings(options: SessionOptions): Record<string, string> {
  return { ...SEARCH_PATH, ...Object.fromEntries(TIMEOUTS.map((name) => [name, "0"])), ...options.settings };
}

/** A setting, and where it may be set. */
export interface SessionSetting {
  readonly name: string;
  readonly value: string;
  /** First major version that knows it; 0 for all that we do. */
  readonly since: number;
  readonly superuserOnly: boolean;
  /** A number that may be smaller already, which then stays. */
  readonly atMost: boolean;
}

/**
 * All settings of a session; the caller's win.
 *
 * @param urlOptions the URL's options, which know better when a client counts as lost
 */
export function sessionSettings(options: SessionOptions, urlOptions = ""): SessionSetting[] {
  const everywhere = {
    application_name: applicationName(options.purpose),
    ...NEUTRAL,
    ...startUpSettings(options),
  };
  const setting = (name: string, value: string, since = 0): SessionSetting => ({
    name,
    value,
    since,
    superuserOnly: false,
    atMost: false,
  });
  const asked = new Set(readServerOptions(urlOptions).map(({ name }) => name));
  return [
    ...Object.entries(everywhere).map(([name, value]) => setting(name, value)),
    ...Object.entries(NEWER_TIMEOUTS)
      .filter(([name]) => !(name in everywhere))
      .map(([name, since]) => setting(name, "0", since)),
    ...Object.entries(NO_EVENT_TRIGGERS).map(([name, value]) => ({
      ...setting(name, value, 17),
      superuserOnly: true,
    })),
    ...LOST_CLIENT.filter(({ name }) => !asked.has(name)).map(({ name, value, since }) => ({
      ...setting(name, String(value), since),
      atMost: true,
    })),
  ];
}

/** What pg_stat_activity shows of a session. */
function applicationName(purpose: string): string {
  return `holdfast ${purpose}`;
}

/** The driver's configuration; `options` is the start-up parameter, absent where a pooler refuses it. */
export function clientConfig(
  address: DatabaseAddress,
  session: SessionOptions,
  options: string | undefined,
  tls: ConnectionOptions | undefined,
): ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    // A function is only called when the server asks; undefined would make the driver look into PGPASSWORD
    // and ~/.pgpass.
    password: () => address.password?.reveal() ?? "",
    database: session.database ?? address.database,
    ssl: tls ?? false,
    // Named, so that the driver does not look into PGSSLNEGOTIATION.
    sslnegotiation: "postgres",
    enableChannelBinding: address.demands?.channelBinding !== "disable",
    application_name: applicationName(session.purpose),
    client_encoding: "UTF8",
    connectionTimeoutMillis: connectTimeoutMs(address),
    stream: () => socketFor(address),
    types: { getTypeParser },
    ...(options === undefined || options === "" ? {} : { options }),
  };
}

/** Milliseconds to wait for a session to begin; libpq takes no less than two seconds either. */
function connectTimeoutMs({ demands }: DatabaseAddress): number {
  const seconds = demands?.connectTimeoutSeconds;
  return seconds === undefined ? CONNECT_TIMEOUT_MS : Math.max(2, seconds) * 1000;
}

/**
 * The driver fills in what it was not given from variables of libpq's that the PostgreSQL programs never see:
 * both clients do what the URL says, and nothing else.
 */
export function withoutOurEnvironment(client: Client, options: string | undefined): Client {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> };
  Object.assign(connectionParameters, { options: options ?? "", replication: undefined });
  return client;
}

/** Kept as the server's text: the driver would turn them into local time, or lose digits. */
const AS_TEXT = new Set<number>([
  1082,
  1083,
  1114,
  1184,
  1186,
  1266, // date, time, timestamp, timestamptz, interval, timetz
  600,
  718, // point, circle
  1115,
  1182,
  1183,
  1185,
  1187,
  1270, // arrays of the time types
]);

/**
 * int2, int4, oid, float → number; int8, numeric → text; bool → boolean; json → value; bytea → Buffer; text[]
 * → array; rest text.
 */
function getTypeParser(oid: number, format?: string): TypeParser {
  return AS_TEXT.has(oid) ? (value) => value : driverParser(oid, format);
}

type TypeParser = (value: string) => unknown;
/** The driver's types list the built-in types by name; the server names any type by number. */
const driverParser = pg.types.getTypeParser as unknown as (oid: number, format?: string) => TypeParser;
