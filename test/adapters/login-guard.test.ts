import { describe, expect, it, jest } from "@jest/globals";
import { Socket } from "node:net";
import { isHoldfastError } from "../../src/kernel/errors.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";
import { sharedServer, createDatabase } from "../support/postgres.ts";
import { SAYS, startLyingServer } from "../support/lying-server.ts";

const PASSWORD = "geheimes-passwort";
const PLUS = "SCRAM-SHA-256-PLUS";

async function login(url: string): Promise<unknown> {
  try {
    await using _ = await postgresDatabase(parseDatabaseUrl(url, "x"), { silenceMs: 3_000 }).connect({
      purpose: "test",
      bare: true,
    });
    return "in";
  } catch (error) {
    // Whoever lies lets us in, and has no answer to the first question.
    return isHoldfastError(error, "database.lost") && error.message.includes("owes the session")
      ? "in"
      : error;
  }
}

const at = (port: number, query: string): string =>
  `postgresql://u:${PASSWORD}@127.0.0.1:${port}/d?connect_timeout=5&${query}`;

describe("channel_binding=require", () => {
  it.each([
    ["asks for the password itself", [SAYS.cleartext]],
    [
      "asks for the password itself and says at once that we are in",
      [Buffer.concat([SAYS.cleartext, SAYS.ok])],
    ],
    ["asks for it by MD5", [SAYS.md5]],
    ["lets us in without a proof", [SAYS.ok]],
    ["offers SCRAM without binding", [SAYS.sasl("SCRAM-SHA-256")]],
    ["begins with binding and then asks for the password", [SAYS.sasl(PLUS), SAYS.cleartext]],
    ["begins with binding and then offers none", [SAYS.sasl(PLUS), SAYS.sasl("SCRAM-SHA-256")]],
    ["begins with binding and then says that we are in", [SAYS.sasl(PLUS), SAYS.ok]],
  ])("refuses a server that %s, and sends it no password", async (_what, says) => {
    await using server = await startLyingServer(says);
    expect(await login(at(server.port, "sslmode=require&channel_binding=require"))).toMatchObject({
      code: "database.tls",
      message: expect.stringMatching(/channel_binding=require demands|without having proved/),
    });
    expect(server.heard()).toContain("user\0u\0");
    expect(server.heard()).not.toContain(PASSWORD);
    expect(server.heard()).not.toMatch(/md5[0-9a-f]{32}/);
  });

  it("refuses a server without TLS, though TLS was only preferred", async () => {
    await using server = await startLyingServer([SAYS.cleartext], true);
    expect(await login(at(server.port, "sslmode=prefer&channel_binding=require"))).toMatchObject({
      code: "database.tls",
    });
    expect(server.heard()).not.toContain("user\0");
  });

  it("would otherwise send what is asked for", async () => {
    await using server = await startLyingServer([SAYS.cleartext, SAYS.ok]);
    expect(await login(at(server.port, "sslmode=require"))).toBe("in");
    expect(server.heard()).toContain(PASSWORD);
  });

  it("is obeyed by a real server", async () => {
    await using database = await createDatabase();
    const { user, password, host, port } = database.address;
    const account = `${user}:${encodeURIComponent(password!.reveal())}`;
    const url = `postgresql://${account}@${host}:${port}/${database.name}`;
    const bound = `${url}?sslmode=require&channel_binding=require&require_auth=scram-sha-256`;
    expect(await login(bound)).toBe("in");
    expect(await login(`${bound}&sslrootcert=${encodeURIComponent(sharedServer().facts.certificate)}`)).toBe(
      "in",
    );
  });
});

describe("require_auth", () => {
  it.each([
    ["scram-sha-256", [SAYS.cleartext], "asks for the password itself"],
    ["!password", [SAYS.cleartext], "asks for the password itself"],
    ["scram-sha-256", [SAYS.md5], "by MD5"],
    ["scram-sha-256", [SAYS.ok], "asks for no password"],
    ["none", [SAYS.cleartext], "asks for the password itself"],
    ["md5", [SAYS.sasl("SCRAM-SHA-256")], "asks for SCRAM"],
  ])("%s refuses what it does not allow, and sends no password", async (methods, says, told) => {
    await using server = await startLyingServer(says);
    expect(await login(at(server.port, `sslmode=disable&require_auth=${methods}`))).toMatchObject({
      code: "database.denied",
      message: expect.stringContaining(told),
    });
    expect(server.heard()).not.toContain(PASSWORD);
    expect(server.heard()).not.toMatch(/md5[0-9a-f]{32}/);
  });

  it("allows what it names", async () => {
    await using server = await startLyingServer([SAYS.ok]);
    expect(await login(at(server.port, "sslmode=disable&require_auth=none,md5"))).toBe("in");
  });
});

describe("the environment of libpq's programs", () => {
  it("is not the driver's: what both do is said by the URL alone", async () => {
    await using server = await startLyingServer([SAYS.ok]);
    const before = { ...process.env };
    Object.assign(process.env, {
      PGOPTIONS: "-c work_mem=77",
      PGREPLICATION: "database",
      PGSSLNEGOTIATION: "direct",
    });
    try {
      expect(await login(at(server.port, "sslmode=disable"))).toBe("in");
    } finally {
      process.env = before;
    }
    expect(server.heard()).not.toMatch(/work_mem|replication/);
  });
});

describe("target_session_attrs", () => {
  it("is asked of the server", async () => {
    await using database = await createDatabase();
    const { user, password, host, port } = database.address;
    const account = `${user}:${encodeURIComponent(password!.reveal())}`;
    const url = `postgresql://${account}@${host}:${port}/${database.name}`;
    for (const wanted of ["read-write", "primary", "prefer-standby"]) {
      expect(await login(`${url}?target_session_attrs=${wanted}`)).toBe("in");
    }
    expect(await login(`${url}?target_session_attrs=standby`)).toMatchObject({
      code: "database.unsupported",
      message: expect.stringContaining("is a primary"),
    });
  });
});

describe("signs of life", () => {
  it.each([
    ["", [[true, 30_000, 10_000, 3]]],
    ["&keepalives_idle=7&keepalives_count=9", [[true, 7_000, 10_000, 9]]],
    ["&keepalives=0", []],
  ])("are shown as the URL says, or as we do: '%s'", async (query, calls) => {
    await using server = await startLyingServer([SAYS.ok]);
    const set = jest.spyOn(Socket.prototype, "setKeepAlive");
    try {
      expect(await login(at(server.port, `sslmode=disable${query}`))).toBe("in");
      expect(set.mock.calls).toEqual(calls);
    } finally {
      set.mockRestore();
    }
  });
});
