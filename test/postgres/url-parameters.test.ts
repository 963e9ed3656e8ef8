import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../src/kernel/errors.ts";
import { keepAliveOf } from "../../src/postgres/keep-alive.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";

const parse = (query: string, host = "h") => parseDatabaseUrl(`postgresql://u:p@${host}/d?${query}`, "x");

function refusal(query: string, host?: string): HoldfastError {
  try {
    parse(query, host);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error(`${query} was accepted`);
}

describe("what a URL demands of a connection", () => {
  it.each([
    ["channel_binding=require", { channelBinding: "require" }],
    ["channel_binding=disable", { channelBinding: "disable" }],
    ["target_session_attrs=any", {}],
    ["target_session_attrs=prefer-standby", {}],
    ["target_session_attrs=read-write", { targetSession: "read-write" }],
    ["connect_timeout=0", {}],
    ["connect_timeout=7", { connectTimeoutSeconds: 7 }],
    ["keepalives=0&tcp_user_timeout=0", { keepAlive: { enabled: false } }],
    [
      "keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_count=4&tcp_user_timeout=9000",
      {
        keepAlive: { enabled: true, idleSeconds: 5, intervalSeconds: 2, count: 4, userTimeoutMs: 9000 },
      },
    ],
    ["require_auth=scram-sha-256", { requireAuth: { text: "scram-sha-256", allowed: ["scram-sha-256"] } }],
    [
      "require_auth=!password,!md5,!none",
      { requireAuth: { text: "!password,!md5,!none", allowed: ["gss", "sspi", "scram-sha-256", "oauth"] } },
    ],
    ["sslcert=/c&sslkey=/k", { sslCert: "/c", sslKey: "/k" }],
    ["sslmode=verify-full&sslrootcert=/ca&sslcrl=/crl", { sslCrl: "/crl" }],
    ["ssl_min_protocol_version=TLSv1", { tlsMin: "TLSv1.2" }],
    ["ssl_min_protocol_version=TLSv1.3", { tlsMin: "TLSv1.3" }],
    ["ssl_max_protocol_version=TLSv1.2", { tlsMax: "TLSv1.2" }],
  ])("is kept for both clients: %s", (query, demands) => {
    expect(parse(query).demands).toEqual(demands);
  });

  it.each([
    "gssencmode=disable",
    "gssencmode=prefer",
    "sslcert=&sslkey=&sslrootcert=&sslcrl=",
    "sslsni=1",
    "sslcompression=0",
    "sslnegotiation=postgres",
    "sslcertmode=allow",
    "load_balance_hosts=disable",
    "uselibpqcompat=true&sslmode=require",
    "client_encoding=LATIN1&fallback_application_name=x",
  ])("may be what is done anyway: %s", (query) => {
    expect(parse(query)).not.toHaveProperty("demands");
  });

  it.each([
    ["gssencmode=require", "never by GSSAPI"],
    ["sslsni=0", "always sent"],
    ["sslnegotiation=direct", "before it begins"],
    ["sslcertmode=disable", "sslcert names one"],
    ["channel_binding=geheim", "channel_binding is none of disable, prefer, require"],
    ["channel_binding=require&channel_binding=prefer", "'channel_binding' is given twice"],
    ["require_auth=scram-sha-256&require_auth=none", "'require_auth' is given twice"],
    ["gssencmode=disable&gssencmode=require", "'gssencmode' is given twice"],
    ["sslmode=disable&channel_binding=require", "needs TLS"],
    ["channel_binding=require&require_auth=md5", "contradict each other"],
    ["require_auth=geheim", "require_auth is no list of"],
    ["require_auth=md5,!none", "require_auth is no list of"],
    ["target_session_attrs=read-only", "target_session_attrs is none of"],
    ["connect_timeout=-1", "connect_timeout is no whole number from 0 to 3600"],
    ["connect_timeout=99999", "connect_timeout is no whole number"],
    ["keepalives=yes", "keepalives is none of 0, 1"],
    ["keepalives_count=1e3", "keepalives_count is no whole number"],
    ["sslcert=/geheim", "sslcert and sslkey go together"],
    ["sslmode=disable&sslcert=/c&sslkey=/k", "sslcert needs TLS"],
    ["sslcrl=/geheim", "verified against a file"],
    ["sslcrl=/geheim&sslmode=verify-full&sslrootcert=system", "verified against a file"],
    ["ssl_min_protocol_version=geheim", "ssl_min_protocol_version is none of"],
    ["ssl_max_protocol_version=TLSv1.1", "ssl_max_protocol_version is none of TLSv1.2, TLSv1.3"],
    ["ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2", "above"],
    ["sslpassword=geheim", "'sslpassword' is not known"],
    ["sslcrldir=/geheim", "'sslcrldir' is not known"],
    ["requirepeer=geheim", "'requirepeer' is not known"],
    ["service=geheim", "'service' is not known"],
    ["ssl=false", "'ssl' is not known"],
    ["pgbouncer=true", "'pgbouncer' is not known"],
    ["__proto__=1", "parameter 1 after the ? is not known"],
  ])("is refused where it cannot be kept: %s", (query, reason) => {
    const error = refusal(query);
    expect(error).toMatchObject({ code: "input.malformed", message: expect.stringContaining(reason) });
    expect(error.hint).toMatch(/^[A-Z].*\.$/);
    expect(`${error.message} ${error.hint}`).not.toContain("geheim");
  });

  it("of a Unix socket has no channel to bind to", () => {
    expect(refusal("channel_binding=require&host=/run", "").message).toContain("needs TLS");
  });

  it("leaves to us what it does not name", () => {
    const { demands } = parse("keepalives_idle=7");
    expect(demands).toEqual({ keepAlive: { idleSeconds: 7 } });
    expect(keepAliveOf(parse("keepalives_idle=7"))).toEqual({
      enabled: true,
      idleSeconds: 7,
      intervalSeconds: 10,
      count: 3,
      userTimeoutMs: undefined,
    });
  });
});
