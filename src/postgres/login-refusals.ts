import type { DatabaseAddress } from "./database-address.ts";
import type { ErrorCode } from "../kernel/errors.ts";
import { anyOf } from "../kernel/pattern.ts";

/** A pooler has no connection to give, whichever of its limits that is. */
const FULL = anyOf(
  /^(?:query_wait_timeout|no more connections allowed|client connections exceeded)/i,
  /^bouncer resources exhaustion|^no memory for (?:authentication )?pool/i,
  /^\((?:EMAXCONN|EMAXCONNSESSION|EMAXPOOLSREACHED|EPOOLCHECKOUT|ECHECKOUT\w*|ESUBSCRIBERETRIES)\)/i,
  /max clients reached|MaxClientsInSessionMode|max client connections reached/i,
  /unable to check out (?:process|connection) from the pool/i,
  // Neon, Odyssey, PgCat, RDS Proxy.
  /^too many connections? (?:attempts|to this endpoint)|^failed to acquire permit to connect/i,
  /^too many (?:client )?tcp connections|^too many active clients for user/i,
  /^could not get connection from the pool|^checkout failure limit reached/i,
  /^timed-out waiting to acquire database connection/i,
);

/**
 * What poolers and hosting services say instead of the server behind them. Their SQLSTATEs tell nothing
 * (08P01, XX000), so that they are known by their words, which stand in their sources:
 *
 * - PgBouncer: `src/client.c`, `objects.c`, `janitor.c` (https://github.com/pgbouncer/pgbouncer)
 * - Supavisor: `lib/supavisor/errors`, since 2026 behind a code (https://github.com/supabase/supavisor)
 * - Neon: `proxy/src/auth/mod.rs`, `proxy/src/control_plane` (https://github.com/neondatabase/neon)
 * - Odyssey: `sources/frontend.c`, `auth.c`, each behind its name and the client's
 *   (https://github.com/yandex/odyssey)
 * - PgCat: `src/client.rs` (https://github.com/postgresml/pgcat)
 * - RDS Proxy: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.troubleshooting.html
 *
 * Older words stay: people run older versions.
 */
const REFUSALS: readonly Refusal[] = [
  {
    words: FULL,
    code: "database.unreachable",
    hint: () =>
      "The pooler has no free connection; a backup holds two more at a time than its --jobs. Run at a " +
      "quieter time, give a lower --jobs, raise its pool size, or give the server's direct address.",
  },
  {
    words: anyOf(/^\(ECIRCUITBREAKER\)/i, /circuit breaker|too many authentication (?:failures|errors)/i),
    code: "database.denied",
    hint: () =>
      "The pooler lets nobody in for some minutes, because logins failed too often: correct the password " +
      "wherever it is used, wait, then run again. Each further attempt keeps it shut.",
  },
  {
    words: anyOf(
      /^\((?:ENOTFOUND|ENOIDENTIFIER|EINVALIDUSERINFO|EMULTIPLEUSERS)\)/i,
      /^tenant(?:\/user .*| or user) not found|^no tenant identifier provided/i,
      /invalid format for user or db_name/i,
    ),
    code: "database.denied",
    hint: () =>
      "Through the Supabase pooler the user is postgres.<project-ref>, and the host must be the one " +
      "that the dashboard shows for the project: of its region, and with its number (aws-0-…, aws-1-…).",
  },
  {
    words: anyOf(/^\((?:ESESSIONLEAK|ESETNOTALLOWED|EPSSIMPLEQUERY)\)|not allowed in transaction mode$/i),
    code: "database.pooler",
    hint: () => "Use the pooler's session mode (port 5432 at Supabase), or the server's direct address.",
  },
  {
    words: anyOf(/unsupported startup parameter/i),
    code: "database.pooler",
    hint: () =>
      "A pooler passes no such settings on: leave options out of the database URL (a role's own are set by " +
      "ALTER ROLE), or give the server's direct address.",
  },
  {
    words: anyOf(/^endpoint ID is not specified/i, /: endpoint cannot be found$/i),
    code: "database.denied",
    hint: () =>
      "Neon tells its databases by the name of the host: give the endpoint's whole name " +
      "(ep-….<region>.aws.neon.tech) as its console shows it, and no address in numbers.",
  },
  {
    words: anyOf(
      /^\(EADDRNOTALLOWED\)|^address not in tenant allow_list/i,
      /^this (?:IP address|VPC endpoint id) .* is not allowed to connect/i,
      /^this connection is trying to access this endpoint from a blocked network|^VPC endpoint ID is not/i,
      /^host based authentication rejected$/i,
    ),
    code: "database.denied",
    hint: () =>
      "The database's network restrictions do not let this machine in: allow its address in the settings " +
      "of the project or pooler, or run from where it lets in.",
  },
  {
    words: anyOf(/^\(EBANNED\)/i, /^tenant is banned/i, /: endpoint is disabled$/i, /^user blocked: /i),
    code: "database.denied",
    hint: () => "The platform has shut this project, endpoint or user; its dashboard says why.",
  },
  {
    words: anyOf(
      /: endpoint is temporarily unavailable\. Check your quotas/i,
      /exceeded the [\w -]*(?:quota|limit)|quota (?:was|has been) exceeded/i,
    ),
    code: "database.unreachable",
    hint: () =>
      "A quota of the hosting plan is used up, or the project is being maintained: its console says which; " +
      "until it is raised or reset, nothing can be backed up.",
  },
  {
    words: anyOf(
      /^\((?:ESSLREQUIRED|ESSLHANDSHAKE)\)|^SSL (?:connection is |is )?required/i,
      /^TLS connection required|^this RDS Proxy requires TLS/i,
    ),
    code: "database.tls",
    hint: () => "Set sslmode=require or stricter in the database URL.",
  },
  {
    words: anyOf(
      /^no such database: /i,
      /^database ".*" is disabled$/i,
      /^no pool configured for database: |^route for '.*' is not found/i,
    ),
    code: "database.missing",
    hint: ({ database, user }) =>
      "Check the name after the last / of the database URL: the pooler's settings serve no database " +
      `'${database}', or not to '${user}' (section [databases] of PgBouncer's).`,
  },
  {
    words: anyOf(
      /^(?:no such user|no username supplied|no authentication method is found|not allowed)$/i,
      /^(?:unix socket )?login rejected$|^incorrect user$/i,
      /^(?:password|SASL|PAM|LDAP|certificate) authentication failed$/i,
      /^empty password returned by client$/i,
      /^this RDS proxy has no credentials for the role|^RDS Proxy supports only/i,
      /^\(EAUTHQUERY\) user not found/i,
      /^password authentication failed for user '/i,
      /^frontend auth: invalid user password/i,
    ),
    code: "database.denied",
    hint: ({ user }) =>
      `The pooler does not know '${user}' with this password: it has a list of users of its own ` +
      "(auth_file or auth_query of PgBouncer's, secrets of an RDS Proxy).",
  },
  {
    words: anyOf(/access token has expired|could not validate (?:AAD|Microsoft Entra)|token .* is expired/i),
    code: "database.denied",
    hint: () =>
      "The password is a token that has expired or is another's: ask for a new one right before the run.",
  },
  {
    words: anyOf(
      /^server login (?:has been failing|failed)|^pgbouncer cannot connect to server/i,
      /^\((?:EAUTHQUERY|EAUTHSECRETS|EAUTHTIMEOUT|EPOOLTERMINATING|EPROXY\w+|EWORKERNOTFOUND)\)/i,
      /^\((?:EPOOLCONFIGNOTFOUND|EPOOLRANCHNOTFOUND|EAUTHPROTOCOL|EJITREQUESTFAILED)\)/i,
      /^(?:control plane|console) request failed|^couldn't connect to compute node/i,
      /^failed to (?:get remote server connection|connect to remote server)|^pool down/i,
      /^failed to make auth query/i,
    ),
    code: "database.unreachable",
    hint: () =>
      "The pooler cannot log in at the server before it, which may be starting, paused or gone: look " +
      "there, then run again.",
  },
  {
    words: anyOf(
      /^(?:server shutting down|pooler is shutting down|suspend_timeout|client_login_timeout)/i,
      /^bouncer config error|^soft out of memory|^drop connection due to soft oom/i,
    ),
    code: "database.unreachable",
    hint: () => "The pooler itself is at fault or ending; its log says more. Run again in a moment.",
  },
  {
    words: anyOf(
      /^(?:query_timeout|transaction_timeout|idle_transaction_timeout|client_idle_timeout)$/i,
      /^(?:idle transaction timeout|pool statement timeout|admin forced disconnect)$/i,
      /^\((?:EDBHANDLEREXITED|ECLIENTSOCKETCLOSED)\)|DbHandler exited/i,
    ),
    code: "database.lost",
    hint: () =>
      "The pooler ended this session, by a time limit of its own or because the server did; run again, or " +
      "give the server's direct address.",
  },
];

interface Refusal {
  readonly words: RegExp;
  readonly code: ErrorCode;
  readonly hint: (address: DatabaseAddress) => string;
}

/** What the words of a pooler or a hosting service mean; undefined where they are none of theirs. */
export function refusedLogin(
  message: string,
  address: DatabaseAddress,
): { readonly code: ErrorCode; readonly hint: string } | undefined {
  const words = wordsOf(message);
  const found = REFUSALS.find((refusal) => refusal.words.test(words));
  return found === undefined ? undefined : { code: found.code, hint: found.hint(address) };
}

/** Whether a pooler refuses somebody only because others are there: it lives. */
export function isFullPooler(message: string): boolean {
  return FULL.test(wordsOf(message));
}

/** Odyssey puts its own name and the client's before them. */
function wordsOf(message: string): string {
  return message.replace(/^odyssey: \S+: /i, "");
}
