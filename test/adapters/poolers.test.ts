import { describe, expect, it } from "@jest/globals";
import { byPooler } from "../../src/adapters/postgres/poolers.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";

const ADDRESS = parseDatabaseUrl("postgresql://u:p@pooler.test:6543/shop", "database");
const FULL = "no free connection";

describe("a pooler's words", () => {
  it.each([
    // PgBouncer's.
    ["08P01", "query_wait_timeout", "database.unreachable", FULL],
    ["08P01", "no more connections allowed (max_client_conn)", "database.unreachable", FULL],
    ["53300", "client connections exceeded (max_db_client_connections)", "database.unreachable", FULL],
    ["08P01", "no such database: shop", "database.missing", "serve no database 'shop'"],
    ["08P01", 'database "shop" is disabled', "database.missing", "[databases]"],
    ["08P01", "no such user", "database.denied", "does not know 'u'"],
    ["28P01", "SASL authentication failed", "database.denied", "auth_file"],
    ["08P01", "login rejected", "database.denied", "auth_file"],
    ["08P01", "SSL required", "database.tls", "sslmode=require"],
    ["08P01", "unsupported startup parameter: options", "database.pooler", "leave options out"],
    [
      "08P01",
      'server login has been failing, cached error: FATAL: role "u" does not exist (server_login_retry)',
      "database.unreachable",
      "cannot log in at the server",
    ],
    ["08P01", "pgbouncer cannot connect to server", "database.unreachable", "cannot log in at the server"],
    ["08P01", "server shutting down", "database.unreachable", "its log"],
    ["08P01", "bouncer config error", "database.unreachable", "its log"],
    // Supavisor's, of this year and before.
    [
      "XX000",
      "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15",
      "database.unreachable",
      FULL,
    ],
    ["XX000", "(EMAXCONN) max client connections reached, limit: 200", "database.unreachable", FULL],
    [
      "XX000",
      "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
      "database.unreachable",
      FULL,
    ],
    ["XX000", "Max client connections reached", "database.unreachable", FULL],
    [
      "XX000",
      "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Session mode",
      "database.unreachable",
      FULL,
    ],
    ["XX000", "(ENOTFOUND) tenant/user postgres.abc not found", "database.denied", "postgres.<project-ref>"],
    ["XX000", "Tenant or user not found", "database.denied", "postgres.<project-ref>"],
    ["XX000", "(ENOIDENTIFIER) no tenant identifier provided", "database.denied", "postgres.<project-ref>"],
    [
      "XX000",
      "(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked",
      "database.denied",
      "keeps it shut",
    ],
    ["XX000", "Circuit breaker open: Too many authentication errors", "database.denied", "keeps it shut"],
    [
      "XX000",
      "(EADDRNOTALLOWED) address not in tenant allow_list: {192, 0, 2, 7}",
      "database.denied",
      "network restrictions",
    ],
    ["XX000", "(EBANNED) tenant is banned: abuse", "database.denied", "dashboard"],
    ["XX000", "(ESSLREQUIRED) SSL connection is required for user: u", "database.tls", "sslmode"],
    ["XX000", "(EAUTHQUERY) auth_query connection failed", "database.unreachable", "cannot log in"],
    ["08006", "(EAUTHTIMEOUT) timeout while waiting for message", "database.unreachable", "cannot log in"],
    [
      "XX000",
      "(EDBHANDLEREXITED) DbHandler exited. Check logs for more information",
      "database.unreachable",
      "ended this session",
    ],
    ["XX000", "(EAUTHQUERY) user not found in the database", "database.denied", "does not know 'u'"],
    ["08006", "(ESSLHANDSHAKE) SSL handshake failed: closed", "database.tls", "sslmode"],
    [
      "XX000",
      "(ESETNOTALLOWED) session-level SET statements are not allowed in transaction mode",
      "database.pooler",
      "session mode",
    ],
    // Neon's.
    [
      "XX000",
      "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI",
      "database.denied",
      "name of the host",
    ],
    ["XX000", "Control plane request failed: endpoint cannot be found", "database.denied", "ep-"],
    ["XX000", "Control plane request failed: endpoint is disabled", "database.denied", "dashboard"],
    [
      "XX000",
      "Control plane request failed: endpoint is temporarily unavailable. Check your quotas and/or " +
        "contact us",
      "database.unreachable",
      "quota",
    ],
    [
      "XX000",
      "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
      "database.unreachable",
      "quota",
    ],
    ["XX000", "Control plane request failed", "database.unreachable", "cannot log in at the server"],
    ["XX000", "Too many connections attempts", "database.unreachable", FULL],
    ["53300", "Too many connections to this endpoint. Please try again later.", "database.unreachable", FULL],
    [
      "XX000",
      "This IP address 192.0.2.7 is not allowed to connect to this endpoint. Please add it to the " +
        "allowed list",
      "database.denied",
      "network restrictions",
    ],
    ["XX000", "password authentication failed for user 'u'", "database.denied", "does not know 'u'"],
    ["XX000", "Couldn't connect to compute node", "database.unreachable", "cannot log in at the server"],
    // Odyssey's.
    ["3D000", "odyssey: c0a1b2: route for 'shop.u' is not found", "database.missing", "no database 'shop'"],
    [
      "53300",
      "odyssey: c0a1b2: too many tcp connections (global client_max 10)",
      "database.unreachable",
      FULL,
    ],
    [
      "08006",
      "odyssey: c0a1b2: failed to get remote server connection",
      "database.unreachable",
      "cannot log in",
    ],
    ["28000", "odyssey: c0a1b2: host based authentication rejected", "database.denied", "network"],
    ["08P01", "odyssey: c0a1b2: SSL is required", "database.tls", "sslmode=require"],
    // PgCat's.
    ["58000", 'No pool configured for database: "shop", user: "u"', "database.missing", "or not to 'u'"],
    ["58000", "could not get connection from the pool - AllServersDown", "database.unreachable", FULL],
    // Those of managed services.
    [
      "28000",
      "This RDS proxy has no credentials for the role u. Check the credentials for this role and try again.",
      "database.denied",
      "secrets of an RDS Proxy",
    ],
    ["08006", "This RDS Proxy requires TLS connections", "database.tls", "sslmode=require"],
    ["08006", "Timed-out waiting to acquire database connection", "database.unreachable", FULL],
    ["28000", "The access token has expired. Please acquire a new token", "database.denied", "a new one"],
  ])("at login: %s %s", (code, message, expected, hint) => {
    expect(byPooler({ code, message }, ADDRESS, "connecting")).toEqual({
      code: expected,
      hint: expect.stringContaining(hint),
    });
  });

  it.each([
    ["08P01", "query_timeout"],
    ["08P01", "query_wait_timeout"],
    ["08P01", "suspend_timeout"],
    ["08P01", "server shutting down"],
    ["08P01", "server login has been failing, cached error: the database system is starting up"],
    ["XX000", "(EPOOLTERMINATING) pool terminating: terminating connection"],
    ["08P01", "idle_transaction_timeout"],
    ["XX000", "DbHandler exited"],
  ])("that end a session: %s %s", (code, message) => {
    expect(byPooler({ code, message }, ADDRESS, "working")).toMatchObject({ code: "database.lost" });
  });

  it("are none where a statement was refused, or a server speaks itself", () => {
    for (const [code, message] of [
      ["P0001", "not allowed"],
      ["42883", "no such user"],
      ["23505", "too many authentication failures"],
      ["28P01", 'password authentication failed for user "u"'],
      ["3D000", 'database "shop" does not exist'],
    ] as const) {
      expect(byPooler({ code, message }, ADDRESS, "working")).toBeUndefined();
    }
  });
});
