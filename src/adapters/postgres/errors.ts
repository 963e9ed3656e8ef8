import type { DatabaseAddress } from "../../ports/database.ts";
import { describeAddress, supabaseProject } from "../../postgres/database-url.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { knownWords, runningFunction, UNKNOWN_WORDS } from "../../postgres/known-words.ts";
import { byPooler } from "./poolers.ts";
import { byState, type Found, type Moment } from "./states.ts";
import { anyOf } from "../../kernel/pattern.ts";

/**
 * Turns what the driver throws into Holdfast's codes: by SQLSTATE
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html), by the operating system's error code, or
 * by the driver's own words.
 */

export type { Moment } from "./states.ts";

interface Raw {
  readonly code: string;
  readonly message: string;
  /** The server's own DETAIL, where it cannot hold anything out of a row; empty otherwise. */
  readonly detail: string;
  /** The server's own HINT, or empty. */
  readonly advice: string;
  /**
   * Whether the words may hold something out of a row, so that the error itself is not to be told as a cause.
   */
  readonly hidden: boolean;
  /** True when the server said it (it has a severity), false for the driver and the operating system. */
  readonly fromServer: boolean;
}

/**
 * Classifies one failure. Never puts the password into the text, whatever the server says, nor what may be a
 * value out of a row.
 *
 * @param statement that failed, if one did
 */
export function databaseError(
  error: unknown,
  address: DatabaseAddress,
  moment: Moment,
  statement = "",
): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const raw = readRaw(error, statement);
  const found = raw.fromServer ? fromServer(raw, address, moment) : fromDriver(raw, address, moment);
  const state = raw.code === "" ? "" : raw.fromServer ? ` (SQLSTATE ${raw.code})` : ` (${raw.code})`;
  const hide = hider(address);
  const hint =
    raw.advice === ""
      ? found.hint
      : `${found.hint === undefined ? "" : `${found.hint} `}The server advises: ${hide(raw.advice)}`;
  const text =
    `${describeAddress(address)}: ` + `${raw.message}${raw.detail === "" ? "" : `: ${raw.detail}`}${state}`;
  return new HoldfastError(found.code, hide(text), {
    hint,
    cause: raw.hidden ? new Error(hide(raw.message)) : error,
  });
}

function hider(address: DatabaseAddress): (text: string) => string {
  const password = address.password?.reveal();
  return (text) => (password ? text.replaceAll(password, "***") : text);
}

/** True for failures after which the session cannot be used any more. */
export function endsSession(error: HoldfastError): boolean {
  return error.code === "database.lost" || error.code === "database.unreachable";
}

/** True when the server, or a pooler in front of it, does not accept settings in the start-up packet. */
export function refusesStartupOptions(error: unknown): boolean {
  const { code, message } = readRaw(error, "");
  return code === "08P01" || /unsupported startup parameter/i.test(message);
}

/** True when the server has no TLS at all, or none this side can speak, or wants a plain connection. */
export function refusesTls(error: unknown): boolean {
  const { code, message } = readRaw(error, "");
  return code === "28000" || isTlsFailure(code, message);
}

type Said = Partial<Record<"code" | "message" | "severity" | "detail" | "hint" | "where", unknown>>;

function readRaw(error: unknown, statement: string): Raw {
  // Several addresses tried at once fail together; the last one speaks for all.
  const one: unknown =
    error instanceof AggregateError && error.errors.length > 0 ? error.errors.at(-1) : error;
  const said = (one ?? {}) as Said;
  const state = typeof said.code === "string" ? said.code : "";
  const fromServer = typeof said.severity === "string";
  const words = oneLine(said.message);
  const message = (fromServer ? words : inPlainWords(words)) || "the connection failed";
  const doubtful = fromServer && mayQuoteRows(state, said, statement);
  const told = doubtful ? withoutRows(state, message, said) : message;
  return {
    code: state,
    message: told,
    detail: fromServer && !doubtful ? oneLine(said.detail) : "",
    advice: fromServer && !(doubtful && told !== message) ? oneLine(said.hint) : "",
    hidden: doubtful,
    fromServer,
  };
}

/**
 * The driver says so where the first byte of an answer is neither a yes nor a no to TLS:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
const NO_YES_OR_NO = /^There was an error establishing an SSL connection$/;
const SPEAKS_OTHERWISE = "what answers there does not speak as a PostgreSQL server does";

/** What the driver says when a connection was not made, or a login not answered, in time. */
const DRIVERS_PATIENCE = /^timeout expired$/;
const NO_ANSWER = "no answer, to the connection itself or to the login, for as long as one is waited for";

/**
 * The driver's words as they are meant. Node says after "self-signed certificate" how Node itself is to be
 * run, which is no way on for whoever runs this.
 */
function inPlainWords(message: string): string {
  if (NO_YES_OR_NO.test(message)) return SPEAKS_OTHERWISE;
  return message.replace(/; if the root CA is installed locally.*$/, "").replace(DRIVERS_PATIENCE, NO_ANSWER);
}

/**
 * Classes whose words quote values out of rows: 22 (a value that cannot be read), 23 (the key that is there
 * already, the failing row). P0 is what somebody's function raised, which may be anything. Errors go to logs,
 * and rows do not belong there.
 */
const QUOTES_ROWS = /^(?:22|23|P0)/;

/**
 * What looks at no row; who refuses it (an event trigger, an extension's script) speaks of something else.
 */
const LOOKS_AT_NO_ROW = anyOf(
  /^\s*CREATE (?:EXTENSION|DATABASE|ROLE|SCHEMA)\b/i,
  /^\s*ALTER (?:DATABASE|ROLE|EXTENSION|SUBSCRIPTION|SCHEMA)\b/i,
  /^\s*(?:DROP|GRANT|REVOKE|SET|COMMENT|REASSIGN)\b/i,
);

/** A function may raise an error under any code. */
function mayQuoteRows(state: string, said: Said, statement: string): boolean {
  return !LOOKS_AT_NO_ROW.test(statement) && (QUOTES_ROWS.test(state) || isRaised(said));
}

function isRaised({ where }: Said): boolean {
  return typeof where === "string" && /^PL\/.* at RAISE$/m.test(where.split("\n", 1)[0]!);
}

function withoutRows(state: string, message: string, said: Said): string {
  const known = state.startsWith("P0") || isRaised(said) ? undefined : knownWords(message);
  if (known !== undefined) return known;
  const running = typeof said.where === "string" ? runningFunction(said.where) : undefined;
  return running === undefined ? UNKNOWN_WORDS : `function ${running} raised an error: ${UNKNOWN_WORDS}`;
}

/** Characters kept of one of the server's texts: DETAIL can list a thousand objects. */
const TEXT_MAX = 600;

function oneLine(text: unknown): string {
  if (typeof text !== "string") return "";
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX)}…` : line;
}

function fromServer(raw: Raw, address: DatabaseAddress, moment: Moment): Found {
  const ofPooler = byPooler(raw, address, moment);
  if (ofPooler !== undefined) return ofPooler;
  if (/no pg_hba\.conf entry|pg_hba\.conf rejects connection/.test(raw.message)) {
    return refusedByHba(raw, address);
  }
  switch (raw.code) {
    case "28P01":
      return {
        code: "database.denied",
        hint:
          `Check the user '${address.user}' and the password in the database URL; ` +
          "special characters in a password must be percent-encoded.",
      };
    case "28000":
      return {
        code: "database.denied",
        hint: `Check that the role '${address.user}' exists and may log in to this database from here.`,
      };
    case "3D000":
      return {
        code: "database.missing",
        hint:
          "Check the name after the last / of the database URL: this server has no database " +
          `'${address.database}'.`,
      };
    case "42501":
      return permission(raw, address);
  }
  const known = byState(raw.code, raw.message, moment);
  if (known !== undefined) return known;
  if (raw.code.startsWith("08")) return broken(moment);
  if (moment === "connecting") return REFUSES_A_SETTING.test(raw.code) ? wrongSetting() : notLetIn();
  return {
    code: "database.query",
    hint:
      "The server refused a statement, in its own words above; the SQLSTATE is explained in appendix A " +
      "of the PostgreSQL manual, and the server's log may say more.",
  };
}

/** Rights, values, unknown names, and what a login trigger raises: a session begins with settings. */
const REFUSES_A_SETTING = /^(?:0A|22|25|26|34|42|55|57014|P0)/;

function wrongSetting(): Found {
  return {
    code: "database.query",
    hint:
      "The server refused a setting with which the session was to begin, or a login trigger did, in its " +
      "own words above: look at the parameter options of the database URL, and at event triggers on login.",
  };
}

/** Nothing was asked yet that could be refused: it is the login. */
function notLetIn(): Found {
  return {
    code: "database.unreachable",
    hint:
      "The server, or a pooler before it, did not let a session begin, in its own words above; its log may " +
      "say more.",
  };
}

function permission(raw: Raw, address: DatabaseAddress): Found {
  return /row-level security/i.test(raw.message)
    ? {
        code: "database.row-security",
        hint:
          "Use a role that bypasses row-level security: the table's owner, a superuser, or ALTER ROLE " +
          `${address.user} BYPASSRLS.`,
      }
    : {
        code: "database.permission",
        hint: `Grant the role '${address.user}' the missing right, or use a role that has it.`,
      };
}

/**
 * Managed servers answer an address their firewall does not know with this, and plain connections where TLS
 * is demanded too: by having no rule for them, or by one that says `reject`.
 */
function refusedByHba(raw: Raw, address: DatabaseAddress): Found {
  if (/no encryption|SSL off/.test(raw.message)) {
    return {
      code: "database.tls",
      hint:
        "The server refuses connections without TLS; set sslmode=require or stricter " +
        "in the database URL.",
    };
  }
  const firewall = address.host.toLowerCase().endsWith(".postgres.database.azure.com")
    ? "Allow this machine's address in the Azure server's networking settings (firewall rules), or run " +
      "inside its virtual network."
    : `Let the server's pg_hba.conf or firewall accept user '${address.user}' from this machine.`;
  return { code: "database.denied", hint: firewall };
}

function broken(moment: Moment): Found {
  return moment === "connecting"
    ? {
        code: "database.unreachable",
        hint: "Check the host, the port and any firewall between here and the server.",
      }
    : {
        code: "database.lost",
        hint: "The connection broke while working (restart, failover or network); run again.",
      };
}

const TLS_CODES = anyOf(
  /^(?:ERR_SSL|ERR_TLS|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CRL_)/,
  /^(?:HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/,
);

function isTlsFailure(code: string, message: string): boolean {
  return TLS_CODES.test(code) || /does not support SSL|secure TLS connection/i.test(message);
}

function fromDriver(raw: Raw, address: DatabaseAddress, moment: Moment): Found {
  if (!raw.fromServer && raw.message === SPEAKS_OTHERWISE) {
    return {
      code: "database.unreachable",
      hint:
        "Check the host and the port: it may be a web server's or a proxy's, or a PostgreSQL server that " +
        "is too busy to begin a session.",
    };
  }
  if (!raw.fromServer && raw.message === NO_ANSWER) {
    return {
      code: "database.unreachable",
      hint:
        "Check the host, the port and any firewall between here and the server, and that what listens " +
        "there is PostgreSQL. connect_timeout=<seconds> in the database URL waits longer.",
    };
  }
  if (/does not support SSL/i.test(raw.message) && address.demands?.channelBinding === "require") {
    return {
      code: "database.tls",
      hint:
        "The server offers no TLS, and channel_binding=require needs it: switch TLS on at the server, or " +
        "take channel_binding out of the database URL and add sslmode=disable if plain text on this " +
        "network is acceptable.",
    };
  }
  if (/does not support SSL/i.test(raw.message)) {
    return {
      code: "database.tls",
      hint:
        "The server offers no TLS; add sslmode=disable to the database URL only if plain text on this " +
        "network is acceptable.",
    };
  }
  if (isTlsFailure(raw.code, raw.message)) {
    return {
      code: "database.tls",
      hint:
        "Give the server's certificate authority as sslrootcert in the database URL, and use the host name " +
        "the certificate was made for.",
    };
  }
  if (/client password must be/i.test(raw.message)) {
    return {
      code: "database.denied",
      hint:
        "The server asks for a password and the database URL holds none; " +
        "put it after the user, as user:password@host.",
    };
  }
  return moment === "working" ? broken(moment) : unreachable(raw, address);
}

function unreachable(raw: Raw, address: DatabaseAddress): Found {
  const project = /^db\.[^.]+\.supabase\.co$/i.test(address.host) ? supabaseProject(address) : undefined;
  if (
    project !== undefined &&
    /^(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|ETIMEDOUT|ENODATA)$/.test(raw.code)
  ) {
    return {
      code: "database.unreachable",
      hint:
        "This Supabase host answers on IPv6 only and this network may have none; use the session pooler: " +
        `aws-<n>-<region>.pooler.supabase.com:5432 with user postgres.${project}.`,
    };
  }
  switch (raw.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return {
        code: "database.unreachable",
        hint:
          `No address is known for the host '${address.host}'; check its spelling and the network's ` +
          "name resolution.",
      };
    case "ECONNREFUSED":
      return {
        code: "database.unreachable",
        hint:
          `Nothing accepts connections on port ${address.port} there; ` +
          "check the port and that the server is running.",
      };
    case "ENOENT":
      return {
        code: "database.unreachable",
        hint: `There is no socket for port ${address.port} in that folder; check that the server is running.`,
      };
    case "EACCES":
      return {
        code: "database.unreachable",
        hint: "This user may not enter the socket's folder; connect over TCP or as another user.",
      };
  }
  return broken("connecting");
}
