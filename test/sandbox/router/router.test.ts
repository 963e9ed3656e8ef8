import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "@jest/globals";
import { callFault } from "../../../src/sandbox/router/call-faults.ts";
import { makeCertificates } from "../../../src/sandbox/router/certificate.ts";
import { listen, type Listener } from "../../../src/sandbox/router/listen.ts";
import { jsonOf, type SandboxPart } from "../../../src/sandbox/router/part.ts";
import { Router } from "../../../src/sandbox/router/router.ts";
import { httpsCall, type HttpsAnswer } from "../../support/https-call.ts";
import { temporaryFolder } from "../../support/tools.ts";

const certificates = makeCertificates(new Date(), "0123456789abcdef");
const open: Listener[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

describe("the sandbox's router", () => {
  test("a call reaches the part that owns its path, with its body", async () => {
    const { call } = await routed([echo("/one"), echo("/two")]);
    expect((await call("POST", "/two/x?y=1", { hello: "there" })).json).toEqual({
      part: "/two",
      path: "/two/x?y=1",
      body: { hello: "there" },
    });
    expect((await call("GET", "/three")).status).toBe(404);
  });

  test("a call without a bearer token is refused in the words of its part", async () => {
    const { address } = await routed([echo("/one")]);
    const answer = await httpsCall(`${address}/one`, { ca: certificates.ca });
    expect([answer.status, answer.json]).toEqual([401, { part: "/one", why: "no-token" }]);
  });

  test("faults meet the calls that they are for, and no others", async () => {
    const { call, done } = await routed(
      [echo("/one")],
      [
        { fault: "throttle", at: 2, times: 2, route: "get /one/limited", retryAfterSeconds: 3 },
        { fault: "expired-token", at: 1, route: "/one/late" },
        { fault: "cut-before", at: 1, route: "/one/cut" },
        { fault: "cut-after", at: 1, route: "/one/unsure" },
      ],
    );
    const statuses: number[] = [];
    for (let number = 0; number < 4; number += 1) {
      statuses.push((await call("GET", "/one/limited")).status);
    }
    expect(statuses).toEqual([200, 429, 429, 200]);
    expect((await call("GET", "/one/late")).json).toEqual({ part: "/one", why: "expired-token" });
    expect((await call("GET", "/one/late")).status).toBe(200);
    done.length = 0;
    await expect(call("POST", "/one/cut")).rejects.toThrow(/socket hang up|ECONNRESET/);
    await expect(call("POST", "/one/unsure")).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(done).toEqual(["POST /one/unsure"]);
  });

  test("what a part throws is a 500 that is told, and the next call is answered", async () => {
    const broken: SandboxPart = { ...echo("/one"), answer: () => Promise.reject(new Error("a bug")) };
    const { call, broke } = await routed([broken, echo("/two")]);
    expect((await call("GET", "/one")).status).toBe(500);
    expect(broke.map(String)).toEqual(["Error: a bug"]);
    expect((await call("GET", "/two")).status).toBe(200);
  });

  test("the certificate is one that Node and OpenSSL, strict, take from its authority alone", async () => {
    const server = new X509Certificate(certificates.certificate);
    const ca = new X509Certificate(certificates.ca);
    expect([server.checkIssued(ca), server.verify(ca.publicKey), server.ca, ca.ca]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(server.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(server.checkHost("localhost")).toBe("localhost");
    const folder = temporaryFolder("certificate");
    writeFileSync(join(folder, "ca.pem"), certificates.ca);
    writeFileSync(join(folder, "server.pem"), certificates.certificate);
    const verify = ["verify", "-x509_strict", "-CAfile", join(folder, "ca.pem"), join(folder, "server.pem")];
    expect((await promisify(execFile)("openssl", verify)).stdout).toContain("server.pem: OK");
    const other = makeCertificates(new Date(), "fedcba9876543210");
    const { address } = await routed([echo("/one")]);
    await expect(httpsCall(`${address}/one`, { ca: other.ca, token: "t" })).rejects.toThrow(/certificate/);
  });
});

/** Says back what it was asked. */
function echo(path: string, done: string[] = []): SandboxPart & { readonly done: string[] } {
  return {
    name: path,
    done,
    owns: (asked) => asked.startsWith(path),
    async answer(request) {
      done.push(`${request.method} ${request.url.pathname}`);
      const body = ((await jsonOf(request)) ?? null) as null;
      return { status: 200, json: { part: path, path: request.url.pathname + request.url.search, body } };
    },
    refuse: ({ why }) => ({
      status: why === "throttled" ? 429 : why === "unavailable" ? 503 : 401,
      json: { part: path, why },
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function routed(
  parts: readonly SandboxPart[],
  faults: readonly unknown[] = [],
): Promise<{
  address: string;
  call: (method: string, path: string, body?: unknown) => Promise<HttpsAnswer>;
  broke: unknown[];
  done: string[];
}> {
  const broke: unknown[] = [];
  const router = new Router({
    faults: faults.map((each) => callFault.parse(each)),
    ended: new AbortController().signal,
    broke: (error) => broke.push(error),
  });
  const server = await listen(
    router.listener(() => parts),
    certificates,
  );
  open.push(server);
  const address = `https://${server.host}`;
  return {
    address,
    broke,
    done: parts.flatMap((each) => ("done" in each ? [each.done as string[]] : []))[0] ?? [],
    call: (method, path, body) =>
      httpsCall(address + path, { method, ca: certificates.ca, token: "any", body }),
  };
}
