import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { backup } from "../../../src/commands/backups/backup.ts";
import { parseArgv } from "../../../src/entry/inputs/argv.ts";
import { parseInputs } from "../../../src/entry/inputs/parse-inputs.ts";
import { collectCli } from "../../../src/entry/inputs/sources.ts";
import { postgresTools } from "../../../src/adapters/pg-tools/dump-tools.ts";
import {
  createDatabase,
  embeddedInstallation,
  sharedServer,
  startCluster,
  startNewestCluster,
  type TestDatabase,
} from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { freePort } from "../../support/tools.ts";
import { expectRefusal, Vault } from "../../support/vault.ts";

/**
 * Everything that is wrong before the first byte is dumped: each refused by name, with a way out, and
 * nothing left behind.
 */

let vault: Vault;
let database: TestDatabase;

beforeAll(async () => {
  vault = await Vault.make();
  database = await createDatabase({ sql: "CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)" });
});
afterAll(async () => {
  await database.drop();
  await vault[Symbol.asyncDispose]();
});

function changed(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

describe("a backup of a database that cannot be reached as told", () => {
  it.each([
    ["mysql://u:p@h/d", "does not start with postgresql://"],
    ["postgresql://u:p@/d", "it names no host"],
    ["postgresql://:p@h/d", "it names no user"],
    ["postgresql://u:p@h:70000/d", "the port is not a number"],
    ["postgresql://u:p@h/", "it names no database"],
    ["postgresql://u:p@h/d?sslmod=require", "parameter 1 after the ? is not known"],
    ["postgresql://u:p@h/d?sslmode=requir", "sslmode is none of"],
    ["postgresql://u:100%@h/d", "the password holds a %"],
  ])("refuses the URL %s", async (url, says) => {
    const error = await expectRefusal(vault.backup(url), {
      code: "input.malformed",
      exit: 2,
      says,
      hint: /postgresql:\/\/|Put|Remove|%25|Write/,
    });
    expect(error.message).toContain("database is not a usable database URL");
    vault.expectUntouched();
  });

  it("names host, port and database of a server that does not answer", async () => {
    const port = await freePort();
    const url = changed((each) => (each.port = String(port)));
    await expectRefusal(vault.backup(url), {
      code: "database.unreachable",
      exit: 4,
      says: `127.0.0.1:${port}/${database.name}`,
      hint: /Nothing accepts connections on port/,
    });
    vault.expectUntouched();
  });

  it("names a host that has no address", async () => {
    const url = changed((each) => (each.hostname = "nowhere.invalid"));
    await expectRefusal(vault.backup(url), {
      code: "database.unreachable",
      exit: 4,
      says: "nowhere.invalid",
      hint: /No address is known for the host 'nowhere.invalid'/,
    });
    vault.expectUntouched();
  });

  it("says that the password is wrong, and never what it was", async () => {
    const url = changed((each) => (each.password = "not-the-password"));
    const error = await expectRefusal(vault.backup(url), {
      code: "database.denied",
      exit: 4,
      says: "password authentication failed",
      hint: /Check the user 'holdfast' and the password/,
    });
    expect(`${error.message}${error.hint ?? ""}`).not.toContain("not-the-password");
    vault.expectUntouched();
  });

  it("says that the database does not exist", async () => {
    const url = changed((each) => (each.pathname = "/no_such_shop"));
    await expectRefusal(vault.backup(url), {
      code: "database.missing",
      exit: 4,
      says: "no_such_shop",
      hint: /no database 'no_such_shop'/,
    });
    vault.expectUntouched();
  });

  it("refuses plain text where TLS was demanded, and a certificate it was not told to trust", async () => {
    await using plain = await startCluster({ settings: { ssl: "off" } });
    const source = await plain.createDatabase({ sql: "CREATE TABLE t (a int)" });
    await expectRefusal(vault.backup(`${source.url}?sslmode=require`), {
      code: "database.tls",
      exit: 4,
      says: "does not support SSL",
      hint: /offers no TLS/,
    });
    await expectRefusal(vault.backup(`${database.url}?sslmode=verify-full`), {
      code: "database.tls",
      exit: 4,
      says: /self-signed/i,
      hint: /sslrootcert/,
    });
    vault.expectUntouched();
    // The same server over the connection it offers, so that nothing but TLS can have been the reason.
    expect((await vault.backup(source.url, { dryRun: true })).exit).toBe(0);
  });

  it("refuses a server that is newer than every client, naming both versions", async () => {
    await using newest = await startNewestCluster();
    const source = await newest.createDatabase({ sql: "CREATE TABLE t (a int)" });
    const { major } = embeddedInstallation();
    const [client] = await postgresTools({ env: process.env }).installed();
    expect(client!.major).toBeLessThan(major);
    await expectRefusal(vault.backup(source.url), {
      code: "tool.too-old",
      exit: 4,
      says: new RegExp(
        `the server is PostgreSQL ${major}\\.\\d+, and the newest pg_dump here is ${client!.version}`,
      ),
      hint: new RegExp(`postgresql-client-${major}`),
    });
    vault.expectUntouched();
  });

  it("says that there is no pg_dump at all", async () => {
    const ports = testPorts({ tools: (tools) => ({ ...tools, installed: () => Promise.resolve([]) }) });
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "tool.missing",
      exit: 4,
      says: "no pg_dump was found",
      hint: new RegExp(`postgresql-client-${sharedServer().facts.major}`),
    });
    vault.expectUntouched();
  });
});

describe("a backup with inputs that make no sense", () => {
  const parse = async (...args: string[]) => {
    const { given, problems } = await collectCli(
      backup.inputs,
      parseArgv(backup.inputs, ["--database", "postgresql://u@h/d", "--store", "file:///s", ...args]),
      {},
      () => Promise.reject(new Error("no file")),
    );
    return parseInputs(backup.inputs, given, (name) => `--${name}`, problems);
  };

  it.each([
    [["--tier", "tier5"], /--tier is 'tier5', which is not one of tier1, tier2, tier3, tier4/],
    [["--kinds", "schema,date"], /--kinds (is|holds) .*'?date'?.* one of schema, data, full/],
    [["--proof", "contents"], /--proof is 'contents', which is not one of content, rows, none/],
    [["--source", "My Shop"], /--source is 'My Shop'/],
  ])("refuses %j", async (args, message) => {
    await expect(parse(...args)).rejects.toMatchObject({
      code: "input.malformed",
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it("refuses a recipient that is no age public key, and a secret key without repeating it", async () => {
    await expectRefusal(vault.backup(database.url, { recipients: ["age1notakey"] }), {
      code: "input.malformed",
      exit: 2,
      says: "age1notakey",
      hint: /age1|keygen/,
    });
    const error = await expectRefusal(vault.backup(database.url, { recipients: [vault.identity] }), {
      code: "input.malformed",
      exit: 2,
      says: /secret key/,
      hint: /age1|public/,
    });
    expect(`${error.message}${error.hint ?? ""}`).not.toContain(vault.identity.slice(15));
    vault.expectUntouched();
  });

  it("refuses to write in the clear unless that was said in so many words", async () => {
    await expectRefusal(vault.backup(database.url, { recipients: [] }), {
      code: "refused.unencrypted",
      exit: 7,
      says: "no recipients were given",
      hint: /holdfast keygen/,
    });
    vault.expectUntouched();
  });

  it("refuses schemas both kept and left out, and a schema that does not exist", async () => {
    await expectRefusal(vault.backup(database.url, { schemas: ["a"], excludeSchemas: ["b"] }), {
      code: "input.conflict",
      exit: 2,
      says: "schemas and exclude-schemas",
      hint: /either/,
    });
    vault.expectUntouched();
    await expectRefusal(vault.backup(database.url, { schemas: ["no_such_schema"] }), {
      code: "input.malformed",
      exit: 2,
      says: "schemas holds 'no_such_schema'",
      hint: /It has public/,
    });
    vault.expectUntouched();
  });
});

describe("a backup into a store that is not one", () => {
  it.each([
    ["file://relative/path", "input.malformed", 2],
    ["ftp://host/path", "input.malformed", 2],
  ] as const)("refuses the URL %s", async (store, code, exit) => {
    await expectRefusal(vault.backup(database.url, { store }), {
      code,
      exit,
      says: store.slice(0, 6),
      hint: /file:\/\/\//,
    });
  });

  it("does not make the folders above a store that is missing", async () => {
    const store = `file://${vault.folder}/no/such/folder`;
    await expectRefusal(vault.backup(database.url, { store }), {
      code: "store.missing",
      exit: 4,
      says: `${vault.folder}/no/such`,
      hint: /folder|mount/i,
    });
    vault.expectUntouched();
  });

  it("refuses a path that leads through a file", async () => {
    const file = join(vault.folder, "file");
    writeFileSync(file, "kept");
    await expectRefusal(vault.backup(database.url, { store: `file://${file}/store` }), {
      code: "store.missing",
      exit: 4,
      says: file,
      hint: /folder/,
    });
    await expectRefusal(vault.backup(database.url, { store: `file://${file}` }), {
      code: "store.missing",
      exit: 4,
      says: file,
      hint: /folder/,
    });
    expect(readFileSync(file, "utf8")).toBe("kept");
  });

  it("dry runs touch nothing, not even the folder, and show the plan", async () => {
    const outcome = await vault.backup(database.url, { dryRun: true, tier: "tier1" });
    expect(outcome).toMatchObject({
      exit: 0,
      outputs: {
        id: "",
        manifest: "",
        plan: {
          source: "shop",
          tier: "tier1",
          artifacts: [
            expect.stringContaining("schema.dump.zst.age"),
            expect.stringContaining("data.dump.zst.age"),
          ],
        },
      },
    });
    expect(vault.files()).toEqual([]);
    expect(JSON.stringify(outcome)).not.toContain(sharedServer().facts.password);
  });
});
