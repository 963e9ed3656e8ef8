import type { DatabaseAddress } from "../../ports/database.ts";
import type { ErrorCode } from "../../kernel/errors.ts";
import { anyOf } from "../../kernel/pattern.ts";
import type { Found, Moment } from "./states.ts";

/**
 * What poolers say instead of the server before them. They have SQLSTATEs that tell nothing (08P01, XX000),
 * so that they are known by their words: those of PgBouncer stand in its `src/client.c`, `objects.c` and
 * `janitor.c` (https://github.com/pgbouncer/pgbouncer), those of Supavisor in `lib/supavisor/errors`
 * (https://github.com/supabase/supavisor), since 2026 behind a code in parentheses. Older words stay: people
 * run older versions.
 */
const REFUSALS: readonly Refusal[] = [
  {
    words: anyOf(
      /^(?:query_wait_timeout|no more connections allowed|client connections exceeded)/i,
      /^bouncer resources exhaustion|^no memory for (?:authentication )?pool/i,
      /^\((?:EMAXCONN|EMAXCONNSESSION|EMAXPOOLSREACHED|EPOOLCHECKOUT|ECHECKOUT\w*|ESUBSCRIBERETRIES)\)/i,
      /max clients reached|MaxClientsInSessionMode|max client connections reached/i,
      /unable to check out (?:process|connection) from the pool/i,
    ),
    code: "database.unreachable",
    hint: () =>
      "The pooler has no free connection; run at a quieter time, use fewer --jobs, raise its pool size, " +
      "or give the server's direct address.",
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
      "of the project's region.",
  },
  {
    words: anyOf(/^\(EADDRNOTALLOWED\)/i, /^address not in tenant allow_list/i),
    code: "database.denied",
    hint: () =>
      "The project's network restrictions do not let this machine in: allow its address in the database " +
      "settings of the project, or run from where it lets in.",
  },
  {
    words: anyOf(/^\(EBANNED\)/i, /^tenant is banned/i),
    code: "database.denied",
    hint: () => "The platform has shut this project; its dashboard says why.",
  },
  {
    words: anyOf(/^\(ESSLREQUIRED\)|^SSL (?:connection is )?required/i),
    code: "database.tls",
    hint: () => "Set sslmode=require or stricter in the database URL.",
  },
  {
    words: anyOf(/^no such database: /i, /^database ".*" is disabled$/i),
    code: "database.missing",
    hint: ({ database }) =>
      `Check the name after the last / of the database URL: the pooler serves no database '${database}' ` +
      "(section [databases] of its settings).",
  },
  {
    words: anyOf(
      /^(?:no such user|no username supplied|no authentication method is found|not allowed)$/i,
      /^(?:unix socket )?login rejected$/i,
      /^(?:password|SASL|PAM|LDAP|certificate) authentication failed$/i,
      /^empty password returned by client$/i,
    ),
    code: "database.denied",
    hint: ({ user }) =>
      `The pooler does not know '${user}' with this password: it has a list of users of its own ` +
      "(auth_file or auth_query).",
  },
  {
    words: anyOf(
      /^server login (?:has been failing|failed)|^pgbouncer cannot connect to server/i,
      /^\((?:EAUTHQUERY|EAUTHSECRETS|EAUTHTIMEOUT|EPOOLTERMINATING|EPROXY\w+|EWORKERNOTFOUND)\)/i,
      /^\((?:EPOOLCONFIGNOTFOUND|EPOOLRANCHNOTFOUND)\)/i,
    ),
    code: "database.unreachable",
    hint: () =>
      "The pooler cannot log in at the server before it, which may be starting, paused or gone: look " +
      "there, then run again.",
  },
  {
    words: anyOf(
      /^(?:server shutting down|pooler is shutting down|suspend_timeout|client_login_timeout)/i,
      /^bouncer config error/i,
    ),
    code: "database.unreachable",
    hint: () => "The pooler itself is at fault or ending; its log says more. Run again in a moment.",
  },
  {
    words: anyOf(
      /^(?:query_timeout|transaction_timeout|idle_transaction_timeout|client_idle_timeout)$/i,
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

/** States under which poolers speak; a statement's error of other classes may use the same words. */
const STATES = /^(?:08|28|3D|53|57|XX|$)/;

/** What a pooler's words mean; undefined where they are none. */
export function byPooler(
  { code: state, message }: { readonly code: string; readonly message: string },
  address: DatabaseAddress,
  moment: Moment,
): Found | undefined {
  if (!STATES.test(state)) return undefined;
  const found = REFUSALS.find(({ words }) => words.test(message));
  if (found === undefined) return undefined;
  const { code, hint } = found;
  // All of these end the session: before it was there it could not be had; later, what was sent last may have
  // happened.
  const isOfSession = code === "database.lost" || code === "database.unreachable";
  const ended = moment === "connecting" ? "database.unreachable" : "database.lost";
  return { code: isOfSession ? ended : code, hint: hint(address) };
}
