import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runSandbox, type SandboxInputs } from "../../../src/rollout/sandbox/run.ts";
import { testPorts } from "../../support/test-ports.ts";
import { appOf } from "../../support/sandbox.ts";
import { httpsCall } from "../../support/https-call.ts";
import { eventually, temporaryFolder } from "../../support/tools.ts";

const CLI = join(import.meta.dirname, "../../../src/entry/cli/cli.ts");
const PROGRAM = [
  "--input-type=module",
  "--eval",
  `const { runCli } = await import(${JSON.stringify(CLI)}); ` + "await runCli(process.argv.slice(1));",
  "--",
];
const INPUTS: SandboxInputs = {
  app: "shop",
  resourceGroup: "sandbox",
  subscription: "s",
  plan: "S1",
  project: "abcdefghijklmnopqrst",
  port: 0,
  phase: 0,
  faults: undefined,
  readyFile: undefined,
  for: undefined,
};

describe("holdfast sandbox", () => {
  test("answers until Ctrl-C, serves what is deployed, tells how it is reached, leaves nothing", async () => {
    const folder = temporaryFolder("sandbox-command");
    const ready = join(folder, "ready.json");
    writeFileSync(join(folder, "faults.json"), '{"calls":[{"fault":"throttle","at":1}]}');
    const words = ["sandbox", "--phase", "1ms", "--ready-file", ready, "--json"];
    const child = spawn(process.execPath, [...PROGRAM, ...words, "--faults", join(folder, "faults.json")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      await eventually(
        "the ready file",
        async () => {
          if (child.exitCode !== null) throw new Error(stderr);
          return existsSync(ready) && statSync(ready).size > 0;
        },
        20_000,
      );
      const told = JSON.parse(readFileSync(ready, "utf8"));
      const caFile = told.environment.NODE_EXTRA_CA_CERTS as string;
      const how = { ca: readFileSync(caFile, "utf8"), token: "any" };
      const site = `${told.address}${told["app-id"]}?api-version=2025-05-01`;
      expect((await httpsCall(site, how)).status).toBe(429);
      const { json } = await httpsCall(site, how);
      const scm = json.properties.hostNameSslStates[1].name as string;
      const deployed = await httpsCall(`https://${scm}/api/publish?type=zip`, {
        ...how,
        method: "POST",
        body: await appOf("7"),
      });
      expect(deployed.json).toMatchObject({ status: 4 });
      const { pid, build } = (await httpsCall(told["app-address"], how)).json;
      expect(build).toBe("7");
      const api = told.environment.HOLDFAST_SUPABASE_API as string;
      const functions = `${api}/v1/projects/abcdefghijklmnopqrst/functions`;
      expect((await httpsCall(functions, how)).json).toEqual([]);
      const called = `${told.environment.HOLDFAST_SUPABASE_FUNCTIONS}/orders`;
      expect((await httpsCall(called, how)).status).toBe(404);
      child.kill("SIGINT");
      const [code] = await once(child, "close");
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(JSON.parse(stdout)).toEqual({ address: told.address, "app-id": told["app-id"] });
      expect(stderr).toContain(`export NODE_EXTRA_CA_CERTS=${caFile}`);
      expect(stderr).toContain("the sandbox ran for");
      expect(existsSync(caFile)).toBe(false);
      // Killed with its shell, and reaped by whoever has taken it over.
      await eventually("the app's end", async () => !isAlive(pid as number));
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("ends by itself after its time, and a taken port is told", async () => {
    const { startSandbox } = await realSandbox();
    const ports = { ...testPorts(), startSandbox };
    const outcome = await runSandbox({ ...INPUTS, for: 200 }, ports);
    expect([outcome.exit, outcome.report.good]).toEqual([0, true]);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(runSandbox({ ...INPUTS, port, for: 200 }, ports)).rejects.toMatchObject({
      code: "sandbox.port",
      message: expect.stringContaining(String(port)),
    });
    server.close();
  });

  test("a script that is none is refused with its place, and nothing is started", async () => {
    const folder = temporaryFolder("sandbox-faults");
    const { startSandbox } = await realSandbox();
    const ports = { ...testPorts(), startSandbox };
    const faults = join(folder, "faults.json");
    writeFileSync(faults, '{"calls":[{"fault":"throtle","at":0}]}');
    await expect(runSandbox({ ...INPUTS, faults, for: 200 }, ports)).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringMatching(/calls\[0\]\.fault.*calls\[0\]\.at/),
    });
    writeFileSync(faults, "{");
    await expect(runSandbox({ ...INPUTS, faults, for: 200 }, ports)).rejects.toMatchObject({
      code: "input.malformed",
    });
    await expect(
      runSandbox({ ...INPUTS, faults: join(folder, "none"), for: 200 }, ports),
    ).rejects.toMatchObject({ code: "source.missing" });
    await expect(runSandbox(INPUTS, { ...ports, surface: "action" })).rejects.toMatchObject({
      code: "input.missing",
    });
  });

  test("Holdfast's own client finds the app by what is printed, and shows it no real token", async () => {
    const { makePorts, startSandbox } = await realSandbox();
    await using running = await startSandbox({
      port: 0,
      sites: [{ subscription: "s", group: "g", name: "shop", sku: "S1" }],
      project: "abcdefghijklmnopqrst",
      phaseMs: 0,
      retryAfterSeconds: 0,
      faults: undefined,
      heard: () => undefined,
    });
    const { getCACertificates, setDefaultCACertificates } = await import("node:tls");
    setDefaultCACertificates([...getCACertificates("default"), running.ca]);
    const host = await makePorts({ AZURE_RESOURCE_MANAGER_ENDPOINT: running.address }).openSlotHost({
      subscription: "s",
      group: "g",
      site: "shop",
    });
    const call = { signal: new AbortController().signal, withinMs: 10_000 };
    expect(await host.app(call)).toMatchObject({ tier: "Standard", slots: [], hasSignIn: false });
    const plain = makePorts({ AZURE_RESOURCE_MANAGER_ENDPOINT: "http://127.0.0.1:1" });
    await expect(plain.openSlotHost({ subscription: "s", group: "g", site: "shop" })).rejects.toMatchObject({
      code: "input.malformed",
    });
  });
});

/** The ports as the command line makes them. */
async function realSandbox() {
  const [{ makePorts }, { Redactor }] = await Promise.all([
    import("../../../src/entry/wire.ts"),
    import("../../../src/kernel/redact.ts"),
  ]);
  const made = (env: Record<string, string>) => {
    const { log, cancelled, run } = testPorts();
    const redactor = new Redactor();
    return makePorts({ surface: "cli", env: { ...process.env, ...env }, log, redactor, cancelled, run });
  };
  return { makePorts: made, startSandbox: made({}).startSandbox };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
