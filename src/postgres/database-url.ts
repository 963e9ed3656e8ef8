import type { DatabaseAddress, SslMode } from "./database-address.ts";
import { HoldfastError } from "../kernel/errors.ts";
import { Secret } from "../kernel/secret.ts";
import { sha256 } from "../kernel/streams.ts";
import { withoutTrailing } from "../kernel/cut.ts";
import { decodePart, readParameters, type Fail } from "./url-parameters.ts";

/**
 * Connection URLs as libpq understands them:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 *
 * Differences, each because guessing is worse: user and database must be named, several hosts are refused,
 * and an unknown parameter is an error. No error from here ever repeats the URL or a part of it that could
 * hold the password.
 */

const EXAMPLE = "postgresql://user:password@host:5432/database";

/** libpq's `allow` (plain first) is read as `prefer` (encrypted first): never weaker than asked for. */
const SSL_MODES: Readonly<Record<string, SslMode>> = {
  disable: "disable",
  allow: "prefer",
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-ca",
  "verify-full": "verify-full",
};

/** What hosting services have in the URLs that are copied from their pages, brackets included. */
const PLACEHOLDER = /^[[{<](?:your[-_ ]?)?(?:db[-_ ]?|database[-_ ]?)?password[\]}>]$/i;

/** Words that other programs and haste put there; any other may be a piece of a password. */
const MISTAKEN_MODES = ["no-verify", "verify", "verify_ca", "verify_full", "required", "enable", "true"];

/**
 * Reads a `postgres://` or `postgresql://` URL.
 *
 * Without `sslmode`: a Unix socket needs no TLS, a loopback address prefers it, every other host requires it.
 *
 * @param inputName name of the input for errors, such as `--database`
 * @throws input.malformed; the message never holds the URL
 */
export function parseDatabaseUrl(text: string, inputName: string): DatabaseAddress {
  const fail: Fail = (
    problem,
    hint = `Write it as ${EXAMPLE}, with special characters in the password percent-encoded (@ ` +
      "is %40, / is %2F).",
  ) => {
    throw new HoldfastError("input.malformed", `${inputName} is not a usable database URL: ${problem}`, {
      hint,
    });
  };
  if (/\p{Cc}/u.test(text.trim())) {
    fail(
      "a line break or another control character stands in it",
      "Write it on one line, without quotes around it; a line break in the password is %0A.",
    );
  }
  const scheme = /^postgres(?:ql)?:\/\//i.exec(text.trim());
  if (!scheme) {
    fail(
      "it does not start with postgresql://",
      `Write it as ${EXAMPLE}, without quotes, and without a command or a variable's name before it.`,
    );
  }
  const rest = text.trim().slice(scheme[0].length);
  const { authority, path, query } = split(rest);
  const { address: parameters, demands } = readParameters(query, fail);
  const at = authority.lastIndexOf("@");
  const [userPart, passwordPart] = divide(at < 0 ? "" : authority.slice(0, at), ":");
  const place = readHost(authority.slice(at + 1), fail);

  const host = parameters.get("host") ?? place.host;
  if (host === "") {
    fail(
      "it names no host",
      "Put the server's name after the @, or the folder of a Unix socket as ?host=/folder.",
    );
  }
  if (host.includes(",") || (parameters.get("port") ?? "").includes(",")) {
    fail(
      "it names several hosts",
      "Name the one server to work with: a backup must know which server it saw.",
    );
  }
  if (!host.startsWith("/") && !/^[\p{L}\p{N}._:%-]+$/u.test(host)) {
    fail("its host holds a character that no host's name has", "Put the server's name after the last @.");
  }
  const user = parameters.get("user") ?? decodePart(userPart, "the user", fail);
  if (user === "") fail("it names no user");
  const database = parameters.get("dbname") ?? decodePart(path, "the database name", fail);
  if (database === "") fail("it names no database", "Put the database's name after the host: …/name.");
  const password =
    parameters.get("password") ??
    (passwordPart === undefined ? undefined : decodePart(passwordPart, "the password", fail));
  if (password !== undefined && PLACEHOLDER.test(password)) {
    fail(
      "in the password's place stands what is to be replaced by it",
      "Put the password there, without brackets.",
    );
  }
  const address: DatabaseAddress = {
    host,
    port: readPort(parameters.get("port") ?? place.port, fail),
    user,
    password: password === undefined || password === "" ? undefined : new Secret(password),
    database,
    sslMode: readSslMode(parameters.get("sslmode"), host, fail),
    sslRootCert: parameters.get("sslrootcert"),
    options: parameters.get("options"),
    ...(demands === undefined ? {} : { demands: Object.freeze(demands) }),
  };
  refuseContradictions(address, fail);
  return Object.freeze(address);
}

/** Demands that the rest of the URL makes impossible. */
function refuseContradictions(address: DatabaseAddress, fail: Fail): void {
  const { channelBinding, requireAuth, sslCert, sslCrl } = address.demands ?? {};
  const mode = effectiveSslMode(address);
  if (mode === "disable") {
    if (channelBinding === "require") {
      fail(
        "channel_binding=require needs TLS, and this connection has none",
        "Set sslmode=require or stricter; over a Unix socket leave channel_binding out.",
      );
    }
    if (sslCert !== undefined) fail("sslcert needs TLS, and this connection has none");
  }
  const { sslRootCert } = address;
  if (sslCrl !== undefined && (mode === "prefer" || sslRootCert === undefined || sslRootCert === "system")) {
    fail(
      "sslcrl is looked at only where a certificate is verified against a file",
      "Give sslrootcert the path of the authority's PEM file, and sslmode=verify-full or verify-ca.",
    );
  }
  if (channelBinding === "require" && requireAuth?.allowed.includes("scram-sha-256") === false) {
    fail("channel_binding=require and its require_auth contradict each other", "Give one of them.");
  }
}

/**
 * The query begins at the first `?` that a parameter follows, or nothing with an `@`; one of whatever name
 * where a host may have been before it. Any other belongs to a password somebody forgot to encode. So does
 * any `@` but the last one before the query: a host holds none.
 */
function split(rest: string): { authority: string; path: string; query: string } {
  const host = rest.indexOf("@") + 1;
  const named = rest.slice(host).search(/\?(?=[^=&@/?#\s]*(?:=|&|$))/);
  const questions = [
    rest.search(/\?(?=[A-Za-z_]*(?:=|&|$))/),
    named < 0 ? named : host + named,
    rest.indexOf("?", rest.lastIndexOf("@") + 1),
  ];
  const question = Math.min(...questions.filter((at) => at >= 0), rest.length);
  const place = rest.slice(0, question);
  const query = rest.slice(question + 1);
  const slash = place.indexOf("/", Math.max(0, place.lastIndexOf("@")));
  return slash < 0
    ? { authority: place, path: "", query }
    : { authority: place.slice(0, slash), path: place.slice(slash + 1), query };
}

function divide(text: string, separator: string): [string, string | undefined] {
  const position = text.indexOf(separator);
  return position < 0 ? [text, undefined] : [text.slice(0, position), text.slice(position + 1)];
}

function readHost(text: string, fail: Fail): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text);
  // A zone (fe80::1%eth0) is written %25 in a URL: https://www.rfc-editor.org/rfc/rfc6874
  if (bracketed) return { host: bracketed[1]!.replace("%25", "%"), port: bracketed[2] };
  if (text.startsWith("[")) fail("the IPv6 address lacks its closing ]");
  if (text.includes(",")) {
    fail(
      "it names several hosts",
      "Name the one server to work with: a backup must know which server it saw.",
    );
  }
  const [host, port] = divide(text, ":");
  return { host: decodePart(host, "the host", fail), port };
}

function readPort(text: string | undefined, fail: Fail): number {
  if (text === undefined || text === "") return 5432;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  // The text is not repeated: with an unencoded ':' or '/' in the password this would be a piece of it.
  return port >= 1 && port <= 65_535 ? port : fail("the port is not a number from 1 to 65535");
}

function readSslMode(text: string | undefined, host: string, fail: Fail): SslMode {
  if (text !== undefined) {
    return Object.hasOwn(SSL_MODES, text)
      ? SSL_MODES[text]!
      : fail(
          `sslmode ${MISTAKEN_MODES.includes(text) ? `'${text}' ` : ""}is none of disable, prefer, ` +
            "require, verify-ca, verify-full",
        );
  }
  if (host.startsWith("/")) return "disable";
  return isLoopback(host) ? "prefer" : "require";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The TLS mode that is really meant, by libpq's rules: a Unix socket is never encrypted, `require`
 * with a root certificate verifies it, and where the public certificate authorities are trusted
 * the host name is checked too, because anybody can have a certificate of theirs. Source:
 * https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export function effectiveSslMode(address: DatabaseAddress): SslMode {
  const { sslMode, sslRootCert } = address;
  if (address.host.startsWith("/")) return "disable";
  if (sslMode === "disable" || sslMode === "prefer") return sslMode;
  if (sslRootCert === "system" || (sslRootCert === undefined && sslMode !== "require")) return "verify-full";
  return sslRootCert !== undefined && sslMode === "require" ? "verify-ca" : sslMode;
}

/** `host:port/database`, for people; no user, no password. */
export function describeAddress(address: DatabaseAddress): string {
  const host = /^[^/].*:/.test(address.host) ? `[${address.host}]` : address.host;
  return `${host}:${address.port}/${address.database}`;
}

/**
 * The name a backup's source gets when none is given. Supabase calls every database `postgres`, so
 * there the project's reference goes before it; elsewhere the database's own name. Always matches the
 * catalog's SOURCE_NAME.
 */
export function sourceNameOf(address: DatabaseAddress): string {
  const project = supabaseProject(address);
  const wanted = project === undefined ? address.database : `${project}-${address.database}`;
  const plain = wanted.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const cleaned = plain.replace(/[^a-z0-9._-]+/g, "-").replace(/^[^a-z0-9]+/, "");
  const trimmed = withoutTrailing(cleaned, "-").slice(0, 63);
  return trimmed === "" ? `database-${sha256(wanted).slice(0, 8)}` : trimmed;
}

/** The project reference in `db.<ref>.supabase.co`, or in the pooler's user name `postgres.<ref>`. */
export function supabaseProject(address: DatabaseAddress): string | undefined {
  const direct = /^db\.([a-z0-9]+)\.supabase\.(?:co|com|net|red)$/i.exec(address.host);
  if (direct) return direct[1]!.toLowerCase();
  if (!/\.pooler\.supabase\.com$/i.test(address.host)) return undefined;
  return /\.([a-z0-9]+)$/i.exec(address.user)?.[1]?.toLowerCase();
}

/**
 * Poolers in transaction mode that can be told by their address alone. They hand every transaction to any
 * server session, so an exported snapshot, session settings and pg_dump itself do not work through them.
 *
 * @returns a whole sentence why it cannot be used, and the `host:port` of the same service that can;
 *   undefined when nothing is known
 */
export function knownTransactionPooler(
  address: DatabaseAddress,
): { why: string; useInstead: string } | undefined {
  const host = address.host.toLowerCase();
  if (address.port === 6543 && host.endsWith(".pooler.supabase.com")) {
    return { why: "port 6543 of the Supabase pooler is its transaction mode", useInstead: `${host}:5432` };
  }
  if (address.port === 6543 && /^db\.[a-z0-9]+\.supabase\.co$/.test(host)) {
    return { why: "port 6543 of a Supabase database is its transaction pooler", useInstead: `${host}:5432` };
  }
  if (address.port === 6432 && host.endsWith(".postgres.database.azure.com")) {
    return {
      why: "port 6432 of Azure Database for PostgreSQL is its built-in PgBouncer in transaction mode",
      useInstead: `${host}:5432`,
    };
  }
  return undefined;
}
