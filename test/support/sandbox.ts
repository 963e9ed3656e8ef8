import { tmpdir } from "node:os";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { endWithUs, removeWithUs } from "../../src/adapters/system/last-will.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { startSandbox, type OpenSandbox, type SandboxOptions } from "../../src/sandbox/start.ts";
import { ZipFile } from "yazl";
import { httpsCall, type HttpsAnswer } from "./https-call.ts";

export const SUBSCRIPTION = "00000000-0000-0000-0000-000000000001";
export const GROUP = "shop-rg";
export const SITE = "shop";
export const SITE_PATH =
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Web/` + `sites/${SITE}`;

/** A sandbox with one site, as fast as it goes, and what a test does with it by hand. */
export interface TestSandbox extends OpenSandbox {
  /** Whatever a part threw: a test ends with none. */
  readonly bugs: unknown[];
  readonly heard: string[];
  /** A call to management; a path that begins with no slash is below the site. */
  arm(method: string, path: string, body?: unknown): Promise<HttpsAnswer>;
  /** A call to any address, with a token. */
  call(method: string, address: string, body?: unknown): Promise<HttpsAnswer>;
  /** What is at a slot's address; production where none is named. */
  visit(path?: string, slot?: string): Promise<HttpsAnswer>;
  /** Asks how something long goes until it has ended. */
  ended(location: unknown): Promise<HttpsAnswer>;
  /** Deploys a zip and waits for its end; Kudu's record of it. */
  deploy(slot: string, zip: Buffer): Promise<ReturnType<typeof JSON.parse>>;
  /** Addresses of a slot: of the app, and of Kudu. */
  hosts(slot: string): Promise<{ readonly app: string; readonly scm: string }>;
}

const API = "api-version=2025-05-01";

export async function testSandbox(options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const bugs: unknown[] = [];
  const heard: string[] = [];
  const sandbox = await startSandbox({
    clock: systemClock,
    random: systemRandom,
    temporary: tmpdir(),
    guard: endWithUs,
    guardFolder: removeWithUs,
    node: process.execPath,
    path: process.env["PATH"] ?? "",
    port: 0,
    sites: [{ subscription: SUBSCRIPTION, group: GROUP, name: SITE, sku: "S1" }],
    phases: { provisionMs: 0, buildMs: 0, applyMs: 0, flipMs: 0 },
    retryAfterSeconds: 0,
    faults: undefined,
    heard: (line) => heard.push(line),
    broke: (error) => bugs.push(error),
    ...options,
  });
  const call = (method: string, address: string, body?: unknown): Promise<HttpsAnswer> =>
    httpsCall(address, {
      method,
      ca: sandbox.ca,
      token: "a-token",
      body,
      headers: { "content-type": Buffer.isBuffer(body) ? "application/zip" : "application/json" },
    });
  const arm: TestSandbox["arm"] = (method, path, body) => {
    const whole = path.startsWith("/") ? path : `${SITE_PATH}${path === "" ? "" : `/${path}`}`;
    return call(method, `${sandbox.address}${whole}${whole.includes("?") ? "&" : "?"}${API}`, body);
  };
  const hosts: TestSandbox["hosts"] = async (slot) => {
    const { json } = await arm("GET", slot === "production" ? "" : `slots/${slot}`);
    const states = json.properties.hostNameSslStates as { name: string; hostType: string }[];
    const named = (type: string): string =>
      `https://${states.find(({ hostType }) => hostType === type)!.name}`;
    return { app: named("Standard"), scm: named("Repository") };
  };
  const ended: TestSandbox["ended"] = async (location) => {
    for (;;) {
      const answer = await call("GET", String(location));
      if (answer.status !== 202 && answer.json?.status !== "InProgress") return answer;
      await systemClock.sleep(5);
    }
  };
  return {
    ...sandbox,
    bugs,
    heard,
    arm,
    call,
    ended,
    hosts,
    visit: async (path = "/", slot = "production") =>
      httpsCall((await hosts(slot)).app + path, { ca: sandbox.ca }),
    deploy: async (slot, zip) => {
      const { scm } = await hosts(slot);
      const taken = await call("POST", `${scm}/api/publish?type=zip&async=true`, zip);
      if (taken.status !== 202) return taken;
      const id = String(taken.headers["scm-deployment-id"]);
      for (;;) {
        const { json } = await call("GET", `${scm}/api/deployments/${id}`);
        if (json.complete === true) return json;
        await systemClock.sleep(5);
      }
    },
  };
}

/** A zip of these files. */
export async function zipOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A package that says which build it is, and which settings it runs with. */
export function appOf(build: string, more = ""): Promise<Buffer> {
  const server = `
    import { createServer } from "node:http";
    ${more}
    createServer((request, response) => {
      if (request.url === "/crash") process.exit(1);
      response.setHeader("content-type", "application/json");
      response.statusCode = request.url === "/unwell" ? 500 : 200;
      response.end(JSON.stringify({ build: ${JSON.stringify(build)}, pid: process.pid, settings: {
        ROLE: process.env.ROLE, COLOUR: process.env.COLOUR, secret: process.env.HOLDFAST_SECRET } }));
    }).listen(Number(process.env.PORT), "127.0.0.1");`;
  return zipOf({
    "package.json": JSON.stringify({ name: "shop", type: "module", scripts: { start: "node server.js" } }),
    "server.js": server,
  });
}
