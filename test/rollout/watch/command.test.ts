import { once } from "node:events";
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import { createServer as createSocket, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { systemWeb } from "../../../src/adapters/system/web.ts";
import { makeCertificates } from "../../../src/sandbox/router/certificate.ts";
import { runWatch } from "../../../src/rollout/watch/run.ts";
import { testPorts } from "../../support/test-ports.ts";
import { eventually } from "../../support/tools.ts";
import { INPUTS, KEY } from "./scripted.ts";
import { TOKEN, watchWorld } from "./support.ts";

const CLI = join(import.meta.dirname, "../../../src/entry/cli/cli.ts");
const PROGRAM = [
  "--input-type=module",
  "--eval",
  `const { runCli } = await import(${JSON.stringify(CLI)}); ` + "await runCli(process.argv.slice(1));",
  "--",
];

/** An app that is well for some answers, and then what it is told. */
interface App extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly string[];
}

async function app(wellFor: number, then: "ill" | "gone" | "mute"): Promise<App> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url!);
    if (asked.length <= wellFor) response.end("all is well");
    else if (then === "ill") response.writeHead(302, { location: "/health" }).end();
    // A mute one keeps the connection, and says nothing.
    else if (then === "gone") response.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health?${KEY}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nobody listens. */
async function nobody(): Promise<string> {
  const server = createSocket().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}

function started(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [...PROGRAM, "watch", ...words, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  return { child, said, end: once(child, "close") };
}

describe("holdfast watch", () => {
  it.each([
    ["ill", / answers 302, and not 200$/],
    ["gone", / gave no answer: .*socket hang up$/],
    ["mute", / gave no answer: no answer in 1 s$/],
  ] as const)("tells a real app that gets %s", async (then, what) => {
    await using shop = await app(2, then);
    const inputs = { ...INPUTS, url: shop.url, every: 1000, for: 60_000, timeout: 1000, failures: 2 };
    const outcome = await runWatch(inputs, { ...testPorts(), web: systemWeb("0.0.0-test") });
    const last = outcome.outputs["last"] as string;
    expect([last.startsWith(shop.url.replace(/\?.*/, "")), what.test(last)]).toEqual([true, true]);
    expect(outcome).toMatchObject({ exit: 3, outputs: { tries: 4, failures: 2 } });
    expect(shop.asked).toEqual(Array(4).fill(`/health?${KEY}`));
  });

  it("tells a machine that hears nobody from an app that is down", async () => {
    await using reference = await app(1, "ill");
    const inputs = { ...INPUTS, url: await nobody(), every: 1000, for: 1500, failures: 1 };
    const ports = { ...testPorts(), web: systemWeb("0.0.0-test") };
    await expect(runWatch({ ...inputs, reference: await nobody() }, ports)).rejects.toMatchObject({
      code: "web.offline",
    });
    expect(await runWatch({ ...inputs, reference: reference.url }, ports)).toMatchObject({
      exit: 3,
      outputs: {
        last: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/ gave no answer: .*ECONNREFUSED/),
      },
    });
  });

  it("tells a certificate that is not trusted from an app that is down", async () => {
    const { certificate, key } = makeCertificates(new Date(), "0123456789abcdef");
    const server = createSecure({ cert: certificate, key }, (_, response) => response.end("all is well"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/?${KEY}`;
    const ports = { ...testPorts(), web: systemWeb("0.0.0-test") };
    const watch = runWatch({ ...INPUTS, url, every: 1000, for: 2000, failures: 2 }, ports);
    await expect(watch).rejects.toMatchObject({
      code: "web.doubtful",
      message: expect.stringMatching(/\/ shows a certificate that is not trusted: (?!.*very-secret)/),
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("as a program starts the workflow, tells outputs, and shows neither key nor token", async () => {
    await using shop = await app(1, "ill");
    await using world = await watchWorld();
    const words = ["--url", shop.url, "--every", "1s", "--for", "1m", "--failures", "2"];
    const { said, end } = started([...words, "--workflow", "rollback.yml", "--repository", "acme/shop"], {
      GITHUB_API_URL: world.api,
      GITHUB_TOKEN: TOKEN,
    });
    const [code] = await end;
    expect({ code, ...said }).toMatchObject({ code: 3 });
    expect(JSON.parse(said.stdout)).toMatchObject({
      healthy: false,
      tries: 3,
      failures: 2,
      started: "https://github.com/acme/shop/actions/runs/1",
    });
    expect(world.fake.runs).toMatchObject([{ inputs: { trigger: "health-check" } }]);
    expect(said.stderr).toContain("is ill: answers 302, and not 200");
    expect(said.stdout + said.stderr).not.toMatch(/very-secret|ghs_/);
  });

  it("as a program ends at once when it is told to", async () => {
    await using shop = await app(100, "ill");
    const { child, said, end } = started(["--url", shop.url]);
    await eventually("the first try", async () => shop.asked.length === 1 && said.stderr.includes("is well"));
    const began = performance.now();
    child.kill("SIGTERM");
    const [code] = await end;
    expect({ code, stderr: said.stderr }).toMatchObject({ code: 4 });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(said.stderr).toContain("SIGTERM");
  });
});
