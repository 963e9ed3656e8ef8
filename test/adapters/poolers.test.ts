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
    ["08P01", "no such database: shop", "database.missing", "serves no database 'shop'"],
    ["08P01", 'database "shop" is disabled', "database.missing", "[databases]"],
    ["08P01", "no such user", "database.denied", "does not know 'u'"],
    ["28P01", "SASL authentication failed", "database.denied", "auth_file"],
    ["08P01", "login rejected", "database.denied", "auth_file"],
    ["08P01", "SSL required", "database.tls", "sslmode=require"],
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
