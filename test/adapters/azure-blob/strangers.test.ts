import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openAzureStore } from "../../../src/adapters/azure-blob/azure-store.ts";
import { containerClient } from "../../../src/adapters/azure-blob/azure-credentials.ts";
import { proxyFor } from "../../../src/adapters/azure-blob/proxy.ts";
import { retrying } from "../../../src/adapters/store-decorators/retrying.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { bytes, listed } from "../../ports/blob-store.laws.ts";
import { startStrangerRelay, type StrangerRelay } from "../../support/stranger-relay.ts";

const SAS = "sv=2021&se=2030-01-01&sp=rl&sig=TOPSECRETSIGNATURE";
const PARTS = { account: "acct", container: "backups", prefix: "" };

let relay: StrangerRelay;
beforeAll(async () => {
  relay = await startStrangerRelay();
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
});

async function open(env: Record<string, string> = {}): Promise<BlobStore> {
  return await openAzureStore(
    "azure://acct/backups",
    { sas: new Secret(SAS) },
    {
      clock: systemClock,
      random: systemRandom,
      attempts: 2,
      firstDelayMs: 1,
      endpoint: `http://127.0.0.1:${relay.port}`,
      env,
    },
  );
}

async function errorOf(work: Promise<unknown>): Promise<HoldfastError> {
  return (await work.then(
    () => undefined,
    (error: unknown) => error,
  )) as HoldfastError;
}

const HTML = "<html><head><title>Web Access Blocked</title></head><body>sig=TOPSECRETSIGNATURE</body></html>";

describe("an answer that is not Azure's", () => {
  it.each([
    [
      "a proxy that wants a login",
      407,
      { "proxy-authenticate": "Basic", server: "squid/5.7" },
      "",
      /wants a login/,
    ],
    ["a web filter", 403, { "content-type": "text/html" }, HTML, /no role or key helps/],
    ["a web filter that says 400", 400, {}, HTML, /no role or key helps/],
    [
      "one that asks for a login of its own",
      401,
      { "www-authenticate": "Basic" },
      HTML,
      /no role or key helps/,
    ],
    [
      "a redirect",
      302,
      { location: "https://login.example/?u=sig%3DTOPSECRETSIGNATURE" },
      "",
      /to login\.example/,
    ],
    ["a captive portal", 200, { "content-type": "text/html" }, HTML, /sign in there/],
    ["a captive portal without a word", 204, {}, "", /sign in there/],
    ["a gateway", 502, { server: "nginx" }, HTML, /gateway/],
    ["an empty 404", 404, {}, "", /gateway/],
    ["blocked for reasons of law", 451, {}, "", /no role or key helps/],
  ])("%s is told apart in every method: %i", async (_, status, headers, body, hint) => {
    relay.answer = (_request, response) =>
      void response.writeHead(status, headers as Record<string, string>).end(body);
    const store = await open();
    for (const work of [
      () => store.check(false),
      () => store.check(true),
      () => store.stat("a"),
      () => store.get("a"),
      () => store.remove("a"),
      () => store.replace("a", Buffer.from("x"), "0x1"),
      () => listed(store, ""),
      () => store.put("a", bytes("x")),
    ]) {
      const error = await errorOf(work());
      expect(error).toMatchObject({ code: "store.unreachable" });
      expect(error.message).toContain(`HTTP ${status}, and this answer is not Azure's`);
      expect(error.hint).toMatch(hint);
      expect(inspect(error, { depth: 9 })).not.toContain("TOPSECRET");
      expect(error.hint).not.toContain("Storage Blob Data");
    }
  });

  it.each(["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])(
    "is a proxy's, which is asked in the host's place: %s",
    async (variable) => {
      const asked: string[] = [];
      const proxy = createServer((client) => {
        client.on("error", () => undefined);
        client.on("data", (bytes) => {
          asked.push(bytes.toString("latin1"));
          client.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const { port } = proxy.address() as AddressInfo;
      const env = { [variable]: `http://joe:hidden@127.0.0.1:${port}` };
      // The library looks into the process's own environment.
      Object.assign(process.env, env);
      try {
        const store = await openAzureStore(
          "azure://nobody/backups",
          { sas: new Secret(SAS) },
          { clock: systemClock, random: systemRandom, attempts: 1, env },
        );
        const error = await errorOf(store.stat("a"));
        expect(error.message).toContain(`HTTP 407, and this answer is not Azure's; the proxy`);
        expect(asked.map((text) => text.split("\r\n")[0])).toEqual([
          "CONNECT nobody.blob.core.windows.net:443 HTTP/1.1",
        ]);
        expect(asked[0]).toContain(`Proxy-Authorization: Basic ${btoa("joe:hidden")}`);
      } finally {
        delete process.env[variable];
        proxy.close();
      }
    },
  );

  it("names the proxy in force and its page, and never follows where it points", async () => {
    relay.answer = (request, response) => {
      const isPointed = request.url === "/portal";
      response.writeHead(isPointed ? 200 : 302, { location: "/portal", server: "squid/5.7" }).end(HTML);
    };
    const env = { https_proxy: "http://me:hidden@127.0.0.1:9" };
    const error = await errorOf((await open(env)).stat("a"));
    expect(error.message).toContain("server 'squid/5.7'");
    expect(error.message).toContain("the proxy http://127.0.0.1:9 (https_proxy) is in between");
    expect(error.hint).toContain("NO_PROXY");
    expect(`${error.message}${error.hint ?? ""}`).not.toContain("hidden");
    expect(relay.asked).not.toContain("GET /portal");
  });

  it("shows a page's title, but none that holds an address", async () => {
    relay.answer = (_request, response) => void response.writeHead(403).end(HTML);
    expect((await errorOf(listed(await open(), ""))).message).toContain("page 'Web Access Blocked'");
    relay.answer = (_request, response) =>
      void response.writeHead(403).end("<title>https://acct/?sig=TOPSECRETSIGNATURE</title>");
    expect((await errorOf(listed(await open(), ""))).message).not.toMatch(/page|TOPSECRET/);
  });

  it("takes an answer of Azure for Azure's: 403 of its own is a matter of rights", async () => {
    relay.answer = (_request, response) =>
      void response
        .writeHead(403, { "x-ms-request-id": "1", "x-ms-error-code": "AuthorizationPermissionMismatch" })
        .end();
    const error = await errorOf((await open()).check(false));
    expect([error.code, error.hint]).toEqual(["store.denied", expect.stringContaining("Storage Blob Data")]);
  });
});

describe("tries", () => {
  it("do not multiply: a download's own are all there are, and are told with their number", async () => {
    let reads = 0;
    relay.answer = (_request, response) => {
      reads += 1;
      if (reads > 1) {
        response.destroy();
        return;
      }
      response.writeHead(206, { "x-ms-request-id": "1", etag: '"e"', "content-length": "10" });
      response.write("01234", () => response.destroy());
    };
    const store = retrying(await open(), { clock: systemClock, random: systemRandom, firstDelayMs: 1 });
    const { content } = await store.get("a");
    const error = await errorOf(
      (async () => {
        for await (const _chunk of content);
      })(),
    );
    expect(error.code).toBe("store.unreachable");
    expect(error.message).toMatch(/tried 2 times/);
    expect(reads).toBe(3);
  });

  it("end when their time is over, whatever their number", async () => {
    let now = 0;
    relay.answer = (_request, response) => {
      now += 4 * 60_000;
      response.destroy();
    };
    const clock = { sleep: async () => undefined, elapsed: () => now };
    const store = await openAzureStore(
      "azure://acct/backups",
      { sas: new Secret(SAS) },
      { clock, random: systemRandom, attempts: 50, endpoint: `http://127.0.0.1:${relay.port}`, env: {} },
    );
    expect((await errorOf(store.put("a", bytes("x")))).message).toMatch(/tried 3 times over 12 min/);
    now = 0;
    const patient = retrying(store, { clock, random: systemRandom, attempts: 50 });
    await errorOf(patient.stat("a"));
    expect(now).toBe(2 * 4 * 60_000);
  });
});

describe("the proxy in force", () => {
  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: "http://p:1", https_proxy: "http://q:1" }, "HTTPS_PROXY http://p:1"],
    [{ https_proxy: "http://u:pw@q:2" }, "https_proxy http://q:2"],
    [{ ALL_PROXY: "http://a:3", HTTP_PROXY: "http://h:4" }, "ALL_PROXY http://a:3"],
    [{ http_proxy: "http://h:4" }, "http_proxy http://h:4"],
    [{ HTTPS_PROXY: "http://p:1", NO_PROXY: "x.example, acct.blob.core.windows.net" }, undefined],
    [{ HTTPS_PROXY: "http://p:1", no_proxy: ".core.windows.net" }, undefined],
    // The library knows no stars, so the proxy is asked.
    [{ HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, "HTTPS_PROXY http://p:1"],
  ] as const)("is read as Azure's library reads it: %j", (env, expected) => {
    const proxy = proxyFor("acct.blob.core.windows.net", env);
    expect(proxy === undefined ? undefined : `${proxy.variable} ${proxy.address}`).toBe(expected);
  });

  it("refuses an address that is none, and repeats nothing of it", async () => {
    for (const value of ["10.0.0.1:3128", "proxy:3128", "me:TOPSECRET@proxy:1", "socks5://proxy:1"]) {
      const opening = containerClient(PARTS, { sas: new Secret(SAS) }, { env: { HTTPS_PROXY: value } });
      const error = await errorOf(opening);
      expect(error).toMatchObject({ code: "input.malformed" });
      expect(inspect(error)).toContain("HTTPS_PROXY");
      expect(inspect(error)).not.toMatch(/TOPSECRET|3128/);
    }
  });
});
