import { expect, it } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tlsOptions } from "../../src/adapters/postgres/tls.ts";
import { parseDatabaseUrl } from "../../src/postgres/database-url.ts";

const options = (query: string) => tlsOptions(parseDatabaseUrl(`postgresql://u:p@h/d?${query}`, "x"));

it("TLS is what the URL demands: certificates, what is revoked, and versions", () => {
  const folder = mkdtempSync(join(tmpdir(), "tls-options-"));
  const file = (name: string, mode: number): string => {
    writeFileSync(join(folder, name), name, { mode });
    return encodeURIComponent(join(folder, name));
  };
  try {
    const [ca, cert, crl] = [file("ca", 0o644), file("cert", 0o644), file("crl", 0o644)];
    const key = file("key", 0o600);
    const verified = `sslmode=verify-full&sslrootcert=${ca}`;
    expect(options(`${verified}&sslcert=${cert}&sslkey=${key}&sslcrl=${crl}`)).toMatchObject({
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ca: Buffer.from("ca"),
      cert: Buffer.from("cert"),
      key: Buffer.from("key"),
      crl: Buffer.from("crl"),
    });
    expect(
      options("ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.3&sslmode=require"),
    ).toMatchObject({ minVersion: "TLSv1.3", maxVersion: "TLSv1.3", rejectUnauthorized: false });
    // As pg_dump would, but before anything was begun.
    const open = file("open", 0o644);
    expect(() => options(`sslcert=${cert}&sslkey=${open}`)).toThrow(
      expect.objectContaining({ code: "database.tls", hint: expect.stringContaining("chmod 600") }),
    );
    for (const query of [`sslcert=${cert}&sslkey=/no/such`, `sslcert=/no/such&sslkey=${key}`]) {
      expect(() => options(query)).toThrow(
        expect.objectContaining({ code: "database.tls", message: expect.stringContaining("/no/such") }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
