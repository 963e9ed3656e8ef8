import type { ConnectionDemands, KeepAlive, LoginMethod } from "./database-address.ts";
import { HoldfastError } from "../kernel/errors.ts";
import { OWN_SETTINGS, readServerOptions } from "./server-options.ts";

/**
 * The parameters of a connection URL. One that demands something is obeyed by both clients or refused; only
 * what changes nothing that Holdfast does is passed over. A password with a question mark in it may stand
 * here, so that neither a name nor a value is ever repeated that is not on a list of ours.
 */

/** How a URL is refused; the text never holds a part of it that could be the password's. */
export type Fail = (problem: string, hint?: string) => never;

/** Where and who, with the TLS mode and the server's settings. */
const OF_ADDRESS = [
  "host",
  "port",
  "user",
  "password",
  "dbname",
  "sslmode",
  "sslrootcert",
  "options",
] as const;
type OfAddress = (typeof OF_ADDRESS)[number];

/** What is asked of the connection. */
const OF_CONNECTION = [
  "channel_binding",
  "require_auth",
  "target_session_attrs",
  "connect_timeout",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_count",
  "tcp_user_timeout",
  "sslcert",
  "sslkey",
  "sslcrl",
  "ssl_min_protocol_version",
  "ssl_max_protocol_version",
] as const;
type OfConnection = (typeof OF_CONNECTION)[number];

const FILES = ["sslrootcert", "sslcert", "sslkey", "sslcrl"];

/** Other programs' defaults, which change nothing that Holdfast does. */
const IGNORED = ["application_name", "fallback_application_name", "client_encoding"];

/**
 * Parameters of which one value is what Holdfast does anyway, and any other is refused. `uselibpqcompat` is
 * node-postgres's word for the meanings that `sslmode` has here.
 */
const ONLY: Readonly<Record<string, { readonly taken: readonly string[]; readonly why: string }>> = {
  gssencmode: { taken: ["disable", "prefer"], why: "connections are encrypted by TLS, never by GSSAPI" },
  sslsni: { taken: ["1"], why: "the server's name is always sent" },
  sslcompression: { taken: ["0"], why: "TLS does not compress" },
  sslnegotiation: { taken: ["postgres"], why: "TLS is always asked for before it begins" },
  sslcertmode: { taken: ["allow"], why: "a certificate is sent where the server asks and sslcert names one" },
  load_balance_hosts: { taken: ["disable"], why: "there is one host" },
  uselibpqcompat: { taken: ["true"], why: "sslmode means what libpq means by it" },
};

/** Parameters that libpq, other drivers and tools have, as people copy them from there. */
const OF_OTHERS = [
  "hostaddr",
  "service",
  "servicefile",
  "passfile",
  "replication",
  "requirepeer",
  "requiressl",
  "sslpassword",
  "sslcrldir",
  "krbsrvname",
  "gsslib",
  "gssdelegation",
  "ssl",
  "pgbouncer",
  "schema",
  "search_path",
  "connection_limit",
  "pool_timeout",
  "socket_timeout",
  "statement_cache_size",
  "sslaccept",
  "sslidentity",
  "currentSchema",
  "sslfactory",
  "prepareThreshold",
  "prepare",
  "binary_parameters",
  "default_query_exec_mode",
  "x-migrations-table",
  "x-multi-statement",
  "supa",
  "workaround",
  "pool_mode",
  "pool_max_conns",
  "statusColor",
  "env",
];

/** What those are there for, where leaving them out is not all there is to do. */
const INSTEAD: Readonly<Record<string, string>> = {
  pgbouncer: "It is Prisma's, for a pooler in transaction mode: leave it out, and give the direct address.",
  service: "Service files are not read: write host, port, user and database into the URL.",
  passfile: "Password files are not read: put the password after the user, as user:password@host.",
  hostaddr: "Put the address in the host's place.",
  ssl: "Write ssl=true, or better sslmode=require or stricter; sslmode=disable is without TLS.",
  sslpassword: "Give sslkey a key that is not encrypted, in a file that only you may read.",
  sslcrldir: "Give sslcrl one file.",
  sslaccept: "Write sslmode instead: verify-full checks the certificate, require does not.",
  schema: "Name schemas by the inputs of the command, not in the URL.",
};

/** What the parameters of a URL come to. */
export interface UrlParameters {
  readonly address: ReadonlyMap<OfAddress, string>;
  readonly demands: ConnectionDemands | undefined;
}

/** Reads what follows the `?`. */
export function readParameters(query: string, fail: Fail): UrlParameters {
  refuseStrayAt(query, fail);
  const address = new Map<OfAddress, string>();
  const asked = new Map<OfConnection, string>();
  const seen = new Set<string>();
  let isEncrypted = false;
  for (const [index, pair] of query.split("&").entries()) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decodePart(at < 0 ? pair : pair.slice(0, at), "a parameter", fail);
    const told = isListed(name) ? `parameter '${name}'` : `parameter ${index + 1} after the ?`;
    if (at < 0) fail(`${told} has no value`);
    const value = decodePart(pair.slice(at + 1), told, fail);
    if (name === "ssl" && value === "true") {
      isEncrypted = true;
      continue;
    }
    // libpq takes the last; whoever reads the URL may have meant the first.
    if (seen.has(name) && !IGNORED.includes(name)) fail(`${told} is given twice`, "Give it once.");
    seen.add(name);
    // As for libpq, a file without a name is none.
    if (value === "" && FILES.includes(name)) continue;
    if (isOneOf(OF_ADDRESS, name)) address.set(name, value);
    else if (isOneOf(OF_CONNECTION, name)) asked.set(name, value);
    else if (Object.hasOwn(ONLY, name)) takeOnly(name, value, fail);
    else if (!IGNORED.includes(name)) fail(`${told} is not known`, notKnown(name));
  }
  if (isEncrypted) demandEncryption(address, fail);
  refuseOwnSettings(address.get("options"), fail);
  const demands = asked.size === 0 ? undefined : readDemands(asked, fail);
  return { address, demands };
}

/**
 * An `@` after the `?` is the sign of a password with a question mark in it, unless it stands where a user's
 * name or a password is given as a parameter.
 */
function refuseStrayAt(query: string, fail: Fail): void {
  for (const pair of query.split("&").filter((part) => part.includes("@"))) {
    if (!/^(?:user=[^@/:]*@[^@/:]*|password=.*)$/s.test(pair)) {
      fail(
        "an @ stands behind its ?, so that nobody can tell where the password ends",
        "Percent-encode the special characters of the password: ? is %3F, @ is %40, / is %2F, # is %23.",
      );
    }
  }
}

/** Time limits and the like that `options` ask for, and that no session of ours has. */
function refuseOwnSettings(options: string | undefined, fail: Fail): void {
  const ours = readServerOptions(options ?? "").find(({ name }) => OWN_SETTINGS.includes(name));
  if (ours === undefined) return;
  fail(
    `its options set ${ours.name}, which every session sets itself`,
    "Leave it out of the URL: work is bounded by the command's own inputs and by HOLDFAST_SILENCE_LIMIT.",
  );
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function isListed(name: string): boolean {
  return (
    [...OF_ADDRESS, ...OF_CONNECTION, ...IGNORED, ...OF_OTHERS].includes(name) || Object.hasOwn(ONLY, name)
  );
}

function notKnown(name: string): string {
  const known = [...OF_ADDRESS, ...OF_CONNECTION].join(", ");
  return Object.hasOwn(INSTEAD, name)
    ? INSTEAD[name]!
    : `Remove it from the URL; known are ${known}. A ? in the password is written %3F.`;
}

function takeOnly(name: string, value: string, fail: Fail): void {
  const { taken, why } = ONLY[name]!;
  if (taken.includes(value)) return;
  fail(`parameter '${name}' has a value other than ${taken.join(" and ")}: ${why}`, "Leave it out.");
}

/** What `ssl=true` asks for, which is older than `sslmode` and never makes that weaker. */
function demandEncryption(address: Map<OfAddress, string>, fail: Fail): void {
  const mode = address.get("sslmode");
  if (mode === undefined) address.set("sslmode", "require");
  else if (["disable", "allow", "prefer"].includes(mode)) {
    fail("ssl=true and its sslmode contradict each other", "Give sslmode alone.");
  }
}

type Asked = ReadonlyMap<OfConnection, string>;

function readDemands(asked: Asked, fail: Fail): ConnectionDemands {
  const keepAlive = readKeepAlive(asked, fail);
  const timeout = readWhole(asked, "connect_timeout", CONNECT_TIMEOUT_MAX, fail);
  const [sslCert, sslKey, sslCrl] = [asked.get("sslcert"), asked.get("sslkey"), asked.get("sslcrl")];
  if ((sslCert === undefined) !== (sslKey === undefined)) {
    fail("sslcert and sslkey go together, and one of them is missing", "Give the paths of both PEM files.");
  }
  const target = oneOf(asked, "target_session_attrs", TARGETS, fail);
  const tlsMin = oneOf(asked, "ssl_min_protocol_version", TLS_MIN, fail);
  const tlsMax = oneOf(asked, "ssl_max_protocol_version", TLS_MAX, fail);
  // No less than 1.2 is taken anyway.
  const leastTls = tlsMin === undefined || tlsMin === "TLSv1.3" ? tlsMin : ("TLSv1.2" as const);
  if (tlsMin === "TLSv1.3" && tlsMax === "TLSv1.2") {
    fail("its ssl_min_protocol_version is above its ssl_max_protocol_version");
  }
  return {
    ...defined("channelBinding", oneOf(asked, "channel_binding", BINDINGS, fail)),
    ...defined("requireAuth", readRequireAuth(asked.get("require_auth"), fail)),
    ...defined("targetSession", target === "any" || target === "prefer-standby" ? undefined : target),
    // Nothing and 0 are libpq's words for its default, which is to wait for ever.
    ...defined("connectTimeoutSeconds", timeout === 0 ? undefined : timeout),
    ...defined("keepAlive", Object.keys(keepAlive).length === 0 ? undefined : keepAlive),
    ...defined("sslCert", sslCert),
    ...defined("sslKey", sslKey),
    ...defined("sslCrl", sslCrl),
    ...defined("tlsMin", leastTls),
    ...defined("tlsMax", tlsMax),
  };
}

/** Several hosts are refused, so that the attempts with a preference come to the one host. */
const TARGETS = ["any", "read-write", "primary", "standby", "prefer-standby"] as const;
const BINDINGS = ["disable", "prefer", "require"] as const;
const TLS_MIN = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const TLS_MAX = ["TLSv1.2", "TLSv1.3"] as const;
const METHODS = ["password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"] as const;

/** Seconds; whoever waits longer than this for a server waits for ever. */
const CONNECT_TIMEOUT_MAX = 3_600;
/** Seconds between two signs of life: https://man7.org/linux/man-pages/man7/tcp.7.html */
const KEEPALIVE_MAX = 32_767;
const KEEPALIVE_COUNT_MAX = 127;
/** A day, in milliseconds. */
const USER_TIMEOUT_MAX = 86_400_000;

function readKeepAlive(asked: Asked, fail: Fail): KeepAlive {
  const enabled = oneOf(asked, "keepalives", ["0", "1"] as const, fail);
  const number = (name: OfConnection, max: number): number | undefined => {
    const value = readWhole(asked, name, max, fail);
    // 0 is the default of whoever connects.
    return value === 0 ? undefined : value;
  };
  return {
    ...defined("enabled", enabled === undefined ? undefined : enabled === "1"),
    ...defined("idleSeconds", number("keepalives_idle", KEEPALIVE_MAX)),
    ...defined("intervalSeconds", number("keepalives_interval", KEEPALIVE_MAX)),
    ...defined("count", number("keepalives_count", KEEPALIVE_COUNT_MAX)),
    ...defined("userTimeoutMs", number("tcp_user_timeout", USER_TIMEOUT_MAX)),
  };
}

/** libpq's list: methods that are allowed, or, each with a `!` before it, methods that are not. */
function readRequireAuth(text: string | undefined, fail: Fail): ConnectionDemands["requireAuth"] {
  if (text === undefined || text === "") return undefined;
  const words = text.split(",").map((word) => word.trim());
  const negated = words.filter((word) => word.startsWith("!")).length;
  const names = words.map((word) => word.replace(/^!/, ""));
  if (!names.every((name) => isOneOf(METHODS, name)) || (negated !== 0 && negated !== words.length)) {
    fail(`require_auth is no list of ${METHODS.join(", ")}, with a ! before each of them or none`);
  }
  const allowed: readonly LoginMethod[] = METHODS.filter((one) => names.includes(one) === (negated === 0));
  return { text: words.join(","), allowed };
}

function oneOf<T extends string>(
  asked: Asked,
  name: OfConnection,
  values: readonly T[],
  fail: Fail,
): T | undefined {
  const value = asked.get(name);
  if (value === undefined || isOneOf(values, value)) return value;
  return fail(`${name} is none of ${values.join(", ")}`);
}

function readWhole(asked: Asked, name: OfConnection, max: number, fail: Fail): number | undefined {
  const text = asked.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : max + 1;
  return value <= max ? value : fail(`${name} is no whole number from 0 to ${max}`);
}

function defined<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>);
}

/** One percent-encoded part of a URL. */
export function decodePart(text: string, what: string, fail: Fail): string {
  try {
    const decoded = decodeURIComponent(text);
    return decoded.includes("\0") ? fail(`${what} holds a NUL character`) : decoded;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    return fail(
      `${what} holds a % that does not begin a percent-encoded character`,
      "Write a literal % as %25.",
    );
  }
}
