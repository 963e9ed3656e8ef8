import { describe, expect, it } from "@jest/globals";
import { dumpArguments } from "../../src/adapters/pg-tools/dump.ts";
import { connectionEnvironment, connectionWords } from "../../src/adapters/pg-tools/environment.ts";
import { loadArguments } from "../../src/adapters/pg-tools/load.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import type { ToolSet } from "../../src/ports/dump-tools.ts";

const tools = (major: number): ToolSet => ({ major, version: `${major}.1`, binDir: "/bin" });
const address = (query: string) => parseDatabaseUrl(`postgresql://u:geheim@h/d?${query}`, "x");
const environment = (query: string, major = 18, settings = {}): Record<string, string> =>
  connectionEnvironment(
    { path: "/bin", home: "/home/me", tmpdir: undefined },
    tools(major),
    address(query),
    "test",
    settings,
  );

describe("what libpq is told of a connection", () => {
  it.each([
    ["channel_binding=require", { PGCHANNELBINDING: "require" }],
    ["channel_binding=disable", { PGCHANNELBINDING: "disable" }],
    ["require_auth=!md5,!password", { PGREQUIREAUTH: "!md5,!password" }],
    ["target_session_attrs=primary", { PGTARGETSESSIONATTRS: "primary" }],
    ["connect_timeout=7", { PGCONNECT_TIMEOUT: "7" }],
    ["connect_timeout=0", { PGCONNECT_TIMEOUT: "30" }],
    ["sslcert=/c&sslkey=/k", { PGSSLCERT: "/c", PGSSLKEY: "/k" }],
    ["sslmode=verify-ca&sslrootcert=/ca&sslcrl=/crl", { PGSSLROOTCERT: "/ca", PGSSLCRL: "/crl" }],
    [
      "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.3",
      { PGSSLMINPROTOCOLVERSION: "TLSv1.3", PGSSLMAXPROTOCOLVERSION: "TLSv1.3" },
    ],
    ["sslmode=require", { PGSSLMINPROTOCOLVERSION: "TLSv1.2", PGGSSENCMODE: "disable" }],
  ])("is what the URL demands: %s", (query, variables) => {
    expect(environment(query)).toMatchObject(variables);
  });

  it("is what the session is to set, behind what the URL does", () => {
    const settings = { tcp_keepalives_idle: "60" };
    expect(environment("", 18, settings)["PGOPTIONS"]).toBe("-c tcp_keepalives_idle=60");
    expect(environment("options=-cgeqo%3Doff", 18, settings)["PGOPTIONS"]).toBe(
      "-cgeqo=off -c tcp_keepalives_idle=60",
    );
    expect(environment("")["PGOPTIONS"]).toBeUndefined();
  });

  it("is no file of whoever runs this, which the driver does not see either", () => {
    const files = Object.entries(environment("sslmode=require")).filter(([name]) =>
      /^PG(?:SSL(?:CERT|KEY|ROOTCERT|CRL|CRLDIR)|PASSFILE|SERVICEFILE|SYSCONFDIR)$/.test(name),
    );
    expect(files).toHaveLength(8);
    for (const [, path] of files) expect(path).toMatch(/^\/nonexistent\//);
  });

  it.each([
    ["channel_binding=require", 12, "13"],
    ["require_auth=scram-sha-256", 15, "16"],
    ["ssl_min_protocol_version=TLSv1.3", 12, "13"],
    ["ssl_max_protocol_version=TLSv1.2", 12, "13"],
  ])("is refused to programs that would pass over it: %s, of %d", (query, major, needed) => {
    expect(() => environment(query, major)).toThrow(
      expect.objectContaining({ code: "tool.too-old", hint: expect.stringContaining(`version ${needed}`) }),
    );
    expect(() => environment(query, major + 1)).not.toThrow();
  });

  it("names the kind of server as far as a program knows the word", () => {
    const target = (word: string) => environment(`target_session_attrs=${word}`, 13)["PGTARGETSESSIONATTRS"];
    expect(target("primary")).toBe("read-write");
    expect(target("standby")).toBeUndefined();
  });

  it("holds when a silent link counts as broken; of sent bytes only where few are sent", () => {
    const ours = "keepalives_idle=30 keepalives_interval=10 keepalives_count=3";
    expect(connectionWords(tools(18), address(""), true)).toBe(`dbname='d' ${ours} tcp_user_timeout=75000`);
    expect(connectionWords(tools(18), address(""), false)).toBe(`dbname='d' ${ours}`);
    expect(connectionWords(tools(11), address(""), true)).toBe(`dbname='d' ${ours}`);
    expect(connectionWords(tools(18), address("keepalives=0"), true)).toBe("dbname='d' keepalives=0");
    expect(connectionWords(tools(18), address("keepalives_idle=7&tcp_user_timeout=9000"), false)).toBe(
      "dbname='d' keepalives_idle=7 keepalives_interval=10 keepalives_count=3 tcp_user_timeout=9000",
    );
  });

  it("stands in both programs' command lines, and no secret with it", () => {
    const at = address("keepalives_idle=7");
    const signal = new AbortController().signal;
    const dump = dumpArguments({
      tools: tools(18),
      address: at,
      snapshot: "1",
      sections: "full",
      includeSchemas: [],
      excludeSchemas: [],
      lockWaitMs: 1,
      signal,
    });
    const load = loadArguments(
      { tools: tools(18), address: at, archive: { path: "/a" }, jobs: 1, signal },
      "/l",
    );
    for (const words of [dump, load]) {
      expect(words.join(" ")).toContain("--dbname=dbname='d' keepalives_idle=7 ");
      expect(words.join(" ")).not.toContain("geheim");
    }
  });
});
