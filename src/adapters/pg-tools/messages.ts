import type { DatabaseAddress } from "../../ports/database.ts";
import { refusedLogin } from "../../postgres/login-refusals.ts";
import { CONFLICT_WITH_RECOVERY, ON_STANDBY } from "../../postgres/standby.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { HoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { anyOf } from "../../kernel/pattern.ts";

/**
 * What pg_dump and pg_restore say on stderr, turned into Holdfast's codes. The programs have one exit code
 * for everything.
 */

interface Saying {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly hint: string | undefined;
}

const NO_SLOT =
  "The server, the database or the role has no free connection slots; run at a quieter time, close idle " +
  "clients, give a lower --jobs, or raise max_connections (or the CONNECTION LIMIT).";

const ANYWHERE: readonly Saying[] = [
  {
    says: /affected by row-level security policy/,
    code: "database.row-security",
    hint:
      "Use a role that bypasses row-level security: the table's owner, a superuser, or a role " +
      "with BYPASSRLS.",
  },
  // pg_dump bounds its wait for locks with statement_timeout, which is off in everything else it does.
  {
    says: /canceling statement due to (?:lock|statement) timeout|could not obtain lock on/,
    code: "database.lock-timeout",
    hint:
      "Another session holds a conflicting lock, often a schema change, or a prepared transaction does " +
      "(pg_prepared_xacts); let it finish and run again.",
  },
  {
    says: /out of shared memory/,
    code: "database.query",
    hint:
      "The server's lock table is full; raise max_locks_per_transaction on the server (256 fits some ten " +
      "thousand tables) and restart it.",
  },
  // What pg_dump says, and what the server says to it, of an object that was there when it began to read.
  {
    says: anyOf(
      /cache lookup failed for|could not open relation with OID/,
      /with OID \d+ (?:does not exist|not found)/,
      /failed sanity check|deadlock detected/,
      /(?:relation|schema|type|function|column) .* does not exist/,
    ),
    code: "database.changing",
    hint: "Somebody changed the schema while it was read; run again, at a quieter time.",
  },
  {
    says: /aborting because of server version mismatch/,
    code: "tool.too-old",
    hint: "Install the PostgreSQL client programs of the server's major version or newer.",
  },
  {
    says: /unsupported version \([\d.]+\) in file header/,
    code: "tool.too-old",
    hint:
      "The archive was written by a newer pg_dump; install PostgreSQL client programs of that major " +
      "version or newer.",
  },
  { says: CONFLICT_WITH_RECOVERY, code: "database.lost", hint: ON_STANDBY },
  {
    says: anyOf(
      /server closed the connection unexpectedly|terminating connection due to/,
      /no connection to the server|connection not open|SSL connection has been closed/,
      /SSL SYSCALL error|could not (?:receive data from|send data to) server/,
      /the database system is (?:shutting down|starting up|in recovery mode)/,
    ),
    code: "database.lost",
    hint: "The connection broke while working (restart, failover or network); run again.",
  },
  {
    says: anyOf(
      /snapshot "[^"]*" does not exist/,
      /invalid snapshot identifier|could not import the requested snapshot/,
    ),
    code: "database.lost",
    hint:
      "The session that held the snapshot has ended, or a pooler led this program to another server; " +
      "run again with a direct address.",
  },
  {
    says: /No space left on device|could not extend file|disk full/i,
    code: "disk.full",
    hint: "Free space on the disk that is named in the message.",
  },
  {
    says: anyOf(
      /did not find magic string|does not appear to be a valid archive|input file appears to be/,
      /could not read from input file|unexpected end of file|input file is too short/,
      /invalid compression|could not uncompress|corrupt tar header/,
      /unexpected section code|unexpected data offset/,
    ),
    code: "dump.incomplete",
    hint: "The archive is damaged; use another backup, and validate this one.",
  },
  {
    says: /^(?:pg_\w+: )?error: permission denied for |ERROR: {2}permission denied for |must be owner of/m,
    code: "database.permission",
    hint: "Grant this role the missing right, or use a role that has it.",
  },
];

const AT_CONNECT: readonly Saying[] = [
  {
    says: /too many (?:connections|clients)|remaining connection slots/,
    code: "database.unreachable",
    hint: NO_SLOT,
  },
  {
    says: /unsupported startup parameter/,
    code: "database.pooler",
    hint:
      "The database, the role or the server has settings of its own that must not act on the load, " +
      "and a pooler refuses to pass others on; use the server's direct address.",
  },
  {
    says: anyOf(
      /password authentication failed|no password supplied|no pg_hba\.conf entry|pg_hba\.conf rejects/,
      /role "[^"]*" does not exist|not permitted to log in/,
    ),
    code: "database.denied",
    hint: "Check the user and the password in the database URL, and that this machine is allowed to connect.",
  },
  {
    says: /database "[^"]*" does not exist/,
    code: "database.missing",
    hint: "Check the name after the last / of the database URL.",
  },
  {
    says: /authentication method requirement/,
    code: "database.denied",
    hint:
      "The server does not ask for the password in the way that require_auth in the database " +
      "URL demands.",
  },
  {
    says: /session is (?:not )?read-only|server is (?:not )?in hot standby mode/,
    code: "database.unsupported",
    hint: "target_session_attrs in the database URL demands another kind of server: give that one's address.",
  },
  {
    says: /channel binding/,
    code: "database.tls",
    hint:
      "The server offers no channel binding, which the database URL demands; use the server's direct " +
      "address, or sslmode=verify-full instead of channel_binding.",
  },
  {
    says: /SSL|certificate|private key file/,
    code: "database.tls",
    hint: "Check sslmode and the certificates that the database URL names.",
  },
];

/** A connection that could not even be made; libpq's words since version 14, and before. */
const CONNECT_FAILED = anyOf(
  /connection to (?:server|database) .*failed|could not connect to (?:server|database)/,
  /could not translate host name/,
);

/** Characters of the program's last words that go into an error. */
const LAST_WORDS_MAX = 1500;

/** The program's last lines, without the statements it repeats and without what it says while all is well. */
export function lastWords(stderr: string): string {
  let repeating = false;
  const kept: string[] = [];
  for (const line of stderr
    .split("\n")
    .map((each) => each.trimEnd())
    .filter((each) => each !== "")) {
    const said = /^pg_\w+: (.*)$/.exec(line)?.[1];
    if (said !== undefined) repeating = false;
    // A lock's statement names the tables and nothing else.
    if (/^(?:pg_\w+: (?:detail: )?)?(?:Query|Command) was: (?!LOCK TABLE )/.test(line)) repeating = true;
    if (!repeating && (said === undefined || SPEAKS_OF_TROUBLE.test(said))) kept.push(line);
  }
  const words = kept.slice(-12).join("\n");
  return words.length > LAST_WORDS_MAX ? `…${words.slice(-LAST_WORDS_MAX)}` : words;
}

/** With --verbose a program also says what it is doing; that is not why it failed. */
const SPEAKS_OF_TROUBLE = /^(?:error|warning|fatal|detail|hint|\[)/i;

/** Why a program failed. `how` is `exit code 1` or `signal SIGKILL`. */
export function toolError(
  program: string,
  how: string,
  stderr: string,
  address: DatabaseAddress | undefined,
): HoldfastError {
  const words = lastWords(stderr);
  const found = refusedByPooler(words, address) ?? classify(words);
  const place = address === undefined ? "" : ` on ${describeAddress(address)}`;
  const text = `${program}${place} ended with ${how}: ${words === "" ? "it said nothing" : words}`;
  const password = address?.password?.reveal();
  const hint =
    serversDisk(words, found?.code, address) ??
    found?.hint ??
    (how.startsWith("signal")
      ? `Something ended ${program} from outside, often for lack of memory; look into the system's log.`
      : `Read ${program}'s own words in the message.`);
  const advice = serversAdvice(words);
  const hide = (said: string): string => (password ? said.replaceAll(password, "***") : said);
  return new HoldfastError(found?.code ?? "tool.failed", hide(text), {
    hint: advice === undefined ? hint : `${hint} The server advises: ${hide(advice)}`,
  });
}

/** A disk that the server speaks of is the server's: its message names a file in its own folder. */
function serversDisk(
  words: string,
  code: ErrorCode | undefined,
  address: DatabaseAddress | undefined,
): string | undefined {
  if (code !== "disk.full" || address === undefined || !/\bERROR: /.test(words)) return undefined;
  return (
    `Free space on the disk of the server ${address.host}:${address.port}: ` +
    "the file in the message is in its data folder."
  );
}

/** The server's own HINT among a program's words; PostgreSQL 16 and later put it under the program's name. */
function serversAdvice(words: string): string | undefined {
  return /^(?:pg_\w+: (?:error: )?)?HINT: +(\S.*)$/im.exec(words)?.[1];
}

/** What whoever stands before the server said to a login; nothing where a session was there already. */
function refusedByPooler(
  words: string,
  address: DatabaseAddress | undefined,
): { readonly code: ErrorCode; readonly hint: string } | undefined {
  if (address === undefined || !CONNECT_FAILED.test(words)) return undefined;
  const said = /(?:FATAL|ERROR): (.+)$/m.exec(words)?.[1];
  const found = said === undefined ? undefined : refusedLogin(said.trim(), address);
  return found?.code === "database.lost" ? { ...found, code: "database.unreachable" } : found;
}

/** The first saying that fits, or undefined when the words are unknown. */
export function classify(words: string): { code: ErrorCode; hint: string | undefined } | undefined {
  if (CONNECT_FAILED.test(words) || /unsupported startup parameter/.test(words)) {
    return (
      AT_CONNECT.find((saying) => saying.says.test(words)) ?? {
        code: "database.unreachable",
        hint: "Check the host, the port and any firewall between here and the server.",
      }
    );
  }
  return ANYWHERE.find((saying) => saying.says.test(words));
}
