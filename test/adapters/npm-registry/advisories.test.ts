import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { npmAdvisories } from "../../../src/adapters/npm-registry/advisories.ts";
import { scratchFolder } from "../../support/tools.ts";

const KNOWN = {
  lodash: [
    {
      id: 1106913,
      url: "https://github.com/advisories/GHSA-35jh-r3h4-6jhm",
      title: "Command Injection in lodash",
      severity: "high",
      vulnerable_versions: "<4.17.21",
      cwe: ["CWE-77"],
      cvss: { score: 7.2, vectorString: null },
    },
  ],
};

interface Registry extends AsyncDisposable {
  readonly url: string;
  /** Bodies of what was asked. */
  readonly asked: unknown[];
}

type Answer = { readonly status: number; readonly body: string } | "silence" | "hang up";

/** A registry that knows of one vulnerability; its answers are these, the last one for ever. */
async function registry(answers: readonly Answer[] = []): Promise<Registry> {
  const asked: unknown[] = [];
  const server: Server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method !== "POST" || request.url !== "/-/npm/v1/security/advisories/bulk") {
        response.writeHead(404).end("{}");
        return;
      }
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(JSON.parse(body));
      if (answer === "silence") return;
      if (answer === "hang up") {
        request.socket.destroy();
        return;
      }
      const { status, body: said } = answer ?? { status: 200, body: JSON.stringify(KNOWN) };
      response.writeHead(status, { "content-type": "application/json" }).end(said);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** npm sends it compressed. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  if (request.headers["content-encoding"] !== "gzip") return await text(request);
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return gunzipSync(Buffer.concat(parts)).toString("utf8");
}

const packages = new Map([["lodash", ["4.17.15"]]]);
const ask = async (url: string, cancelled = new AbortController().signal): Promise<unknown> =>
  await npmAdvisories({ registry: url, version: "0.0.0", cancelled, pauseMs: 1 }).ask(packages);

describe("npm's registry, asked for known vulnerabilities,", () => {
  it("tells what it knows, by the name that people know it by", async () => {
    await using here = await registry();
    expect(await ask(`${here.url}/`)).toEqual([
      {
        id: "GHSA-35jh-r3h4-6jhm",
        package: "lodash",
        vulnerable: "<4.17.21",
        severity: "high",
        title: "Command Injection in lodash",
        url: "https://github.com/advisories/GHSA-35jh-r3h4-6jhm",
      },
    ]);
    expect(here.asked).toEqual([{ lodash: ["4.17.15"] }]);
  });

  it("is asked here as npm itself asks it, which understands the same answer", async () => {
    await using here = await registry();
    await using scratch = scratchFolder("audit");
    const [name, version] = ["lodash", "4.17.15"];
    const file = (path: string, content: unknown): void =>
      writeFileSync(join(scratch.path, path), JSON.stringify(content));
    file("package.json", { name: "a", version: "1.0.0", dependencies: { [name]: version } });
    file("package-lock.json", {
      name: "a",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: {
        "": { name: "a", version: "1.0.0", dependencies: { [name]: version } },
        [`node_modules/${name}`]: { version, resolved: `${here.url}/${name}.tgz`, integrity: "sha512-AA==" },
      },
    });
    const words = ["audit", "--package-lock-only", "--json", "--registry", here.url];
    const said = await promisify(execFile)("npm", words, { cwd: scratch.path }).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(JSON.parse(said.stdout)).toMatchObject({
      vulnerabilities: { lodash: { severity: "high", via: [{ title: "Command Injection in lodash" }] } },
    });
    expect(here.asked.at(-1)).toEqual({ lodash: ["4.17.15"] });
  });

  it("is asked again where it did not answer, and then knows", async () => {
    await using here = await registry(["hang up", { status: 503, body: "" }, { status: 200, body: "{}" }]);
    expect(await ask(here.url)).toEqual([]);
    expect(here.asked).toHaveLength(3);
  });

  it.each<[string, Answer, RegExp, number]>([
    ["takes no question", { status: 405, body: "" }, /answered 405/, 1],
    ["has trouble of its own", { status: 500, body: "{}" }, /answered 500/, 3],
    ["hangs up", "hang up", /did not tell of known vulnerabilities: ./, 3],
    ["answers with a page", { status: 200, body: "<html>" }, /is no JSON/, 3],
    ["answers another question", { status: 200, body: '{"lodash": "fine"}' }, /at lodash/, 1],
    ["sends elsewhere", { status: 302, body: "" }, /did not tell of known vulnerabilities/, 3],
  ])("that %s is not one that knows of nothing", async (_, answer, words, times) => {
    await using here = await registry([answer]);
    await expect(ask(here.url)).rejects.toMatchObject({
      code: "advisories.untold",
      message: expect.stringMatching(words) as unknown,
    });
    expect(here.asked).toHaveLength(times);
  });

  it("is not waited for once the run is cancelled", async () => {
    await using here = await registry(["silence"]);
    const stop = new AbortController();
    const running = ask(here.url, stop.signal);
    setTimeout(() => stop.abort(new Error("cancelled")), 50);
    await expect(running).rejects.toThrow("cancelled");
  });
});
