import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { appOf, SITE_PATH, testSandbox, zipOf, type TestSandbox } from "../../support/sandbox.ts";
import { eventually, temporaryFolder } from "../../support/tools.ts";

const LOCATION = { location: "westeurope" };
let sandbox: TestSandbox | undefined;
afterEach(async () => {
  const [ended, bugs] = [sandbox, sandbox?.bugs ?? []];
  sandbox = undefined;
  await ended?.[Symbol.asyncDispose]();
  expect(bugs).toEqual([]);
});

async function started(faults?: unknown, more: object = {}): Promise<TestSandbox> {
  sandbox = await testSandbox({ faults, ...more });
  return sandbox;
}

/** Production runs build 1, staging build 2; ROLE sticks to its slot and COLOUR does not. */
async function twoBuilds(faults?: unknown, more: object = {}): Promise<TestSandbox> {
  const box = await started(faults, more);
  await box.ended((await box.arm("PUT", "slots/staging", LOCATION)).headers["azure-asyncoperation"]);
  await box.arm("PUT", "config/slotConfigNames", { properties: { appSettingNames: ["ROLE"] } });
  await box.arm("PUT", "config/appsettings", { properties: { ROLE: "live", COLOUR: "blue" } });
  await box.arm("PUT", "slots/staging/config/appsettings", { properties: { ROLE: "try", COLOUR: "green" } });
  expect(await box.deploy("production", await appOf("1"))).toMatchObject({ status: 4, complete: true });
  expect(await box.deploy("staging", await appOf("2"))).toMatchObject({ status: 4, complete: true });
  return box;
}

const SWAP = { targetSlot: "production", preserveVnet: true };

describe("App Service in the sandbox", () => {
  test("a swap exchanges what answers on the addresses; sticky settings stay, others go along", async () => {
    const box = await twoBuilds();
    expect((await box.visit()).json).toMatchObject({
      build: "1",
      settings: { ROLE: "live", COLOUR: "blue" },
    });
    const staging = (await box.visit("/", "staging")).json;
    expect(staging).toMatchObject({ build: "2", settings: { ROLE: "try", COLOUR: "green" } });
    const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    expect([taken.status, taken.headers["retry-after"], taken.text]).toEqual([202, "0", ""]);
    expect((await box.ended(taken.headers["location"])).status).toBe(200);
    expect((await box.visit()).json).toMatchObject({
      build: "2",
      settings: { ROLE: "live", COLOUR: "green" },
    });
    expect((await box.visit("/", "staging")).json).toMatchObject({
      build: "1",
      settings: { ROLE: "try", COLOUR: "blue" },
    });
    const { properties } = (await box.arm("GET", "")).json;
    expect(properties.slotSwapStatus).toMatchObject({
      sourceSlotName: "staging",
      destinationSlotName: "production",
    });
    expect(properties.inProgressOperationId).toBeNull();
  });

  test("what is warmed up before the exchange is the very process that answers after it", async () => {
    const box = await twoBuilds();
    expect((await box.arm("POST", "slots/staging/applySlotConfig", SWAP)).status).toBe(200);
    const { pid, settings } = (await box.visit("/", "staging")).json;
    expect(settings).toMatchObject({ ROLE: "live", COLOUR: "green" });
    const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    await box.ended(taken.headers["location"]);
    expect((await box.visit()).json).toMatchObject({ build: "2", pid });
  });

  test("a preview locks both slots until it is released, and its release restores the settings", async () => {
    const box = await twoBuilds();
    await box.arm("POST", "slots/staging/applySlotConfig", SWAP);
    expect((await box.arm("GET", "slots/staging")).json.properties.targetSwapSlot).toBe("production");
    for (const slot of ["", "slots/staging/"]) {
      const refused = await box.arm("PUT", `${slot}config/appsettings`, { properties: {} });
      expect([refused.status, refused.json.Code, refused.json.Message]).toEqual([
        409,
        "Conflict",
        expect.stringContaining("have been prepared for swap"),
      ]);
    }
    // Released from its other end, as the Azure CLI does.
    expect((await box.arm("POST", "resetSlotConfig")).status).toBe(200);
    expect((await box.arm("GET", "slots/staging")).json.properties.targetSwapSlot).toBeNull();
    expect((await box.visit("/", "staging")).json.settings).toMatchObject({ ROLE: "try" });
    expect((await box.arm("PUT", "config/appsettings", { properties: {} })).status).toBe(200);
  });

  test("a preview is refused while a site signs people in", async () => {
    const box = await twoBuilds();
    await box.arm("PUT", "config/authsettingsV2", { properties: { platform: { enabled: true } } });
    const refused = await box.arm("POST", "slots/staging/applySlotConfig", SWAP);
    expect([refused.status, refused.json.Code]).toEqual([409, "Conflict"]);
    expect((await box.arm("GET", "slots/staging")).json.properties.targetSwapSlot).toBeNull();
  });

  test("nothing else is done with a site while a swap is under way", async () => {
    const box = await twoBuilds(undefined, {
      phases: { provisionMs: 0, buildMs: 0, applyMs: 0, flipMs: 4_000 },
    });
    const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    expect((await box.arm("GET", "")).json.properties.inProgressOperationId).toMatch(/^[0-9a-f-]{36}$/);
    for (const [method, path, body] of [
      ["POST", "slots/staging/slotsswap", SWAP],
      ["POST", "slots/staging/applySlotConfig", SWAP],
      ["POST", "resetSlotConfig", undefined],
      ["PUT", "slots/other", LOCATION],
      ["DELETE", "slots/staging", undefined],
      ["POST", "restart", undefined],
    ] as const) {
      const refused = await box.arm(method, path, body);
      expect([path, refused.status, refused.json.Message]).toEqual([
        path,
        409,
        expect.stringMatching(/another operation is in progress.*OperationName: SwapSiteSlots/),
      ]);
    }
    expect((await box.ended(taken.headers["location"])).status).toBe(200);
    expect((await box.visit()).json.build).toBe("2");
  });

  test("an app that does not start keeps a swap from happening, told only to who asks", async () => {
    const box = await twoBuilds();
    await box.deploy("staging", await appOf("3", "if (process.env.ROLE === 'live') process.exit(3);"));
    expect((await box.visit("/", "staging")).json.build).toBe("3");
    const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    expect(taken.status).toBe(202);
    const failed = await box.ended(taken.headers["location"]);
    expect([failed.status, failed.json.Code, failed.json.Message]).toEqual([
      400,
      "BadRequest",
      expect.stringContaining("Cannot swap site slots"),
    ]);
    expect((await box.visit()).json.build).toBe("1");
    expect((await box.visit("/", "staging")).json).toMatchObject({ build: "3", settings: { ROLE: "try" } });
  });

  test("any status warms an app up, unless its settings say which", async () => {
    const box = await twoBuilds();
    const ping = { WEBSITE_SWAP_WARMUP_PING_PATH: "/unwell" };
    const staging = (properties: object): Promise<unknown> =>
      box.arm("PUT", "slots/staging/config/appsettings", { properties });
    await staging({ ...ping, WEBSITE_SWAP_WARMUP_PING_STATUSES: "200,202" });
    const refused = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    expect((await box.ended(refused.headers["location"])).status).toBe(400);
    expect((await box.visit()).json.build).toBe("1");
    await staging(ping);
    const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
    expect((await box.ended(taken.headers["location"])).status).toBe(200);
    expect((await box.visit()).json.build).toBe("2");
  });

  test("by script a swap fails though it happened, pretends, and leaves 503 behind", async () => {
    const box = await twoBuilds({
      appService: [
        { fault: "fail-swap", at: 1, happened: true, status: 417, code: "ExpectationFailed" },
        { fault: "fail-swap", at: 2 },
        { fault: "pretend-swap", at: 3 },
        { fault: "unavailable-after-swap", at: 4, forMs: 5_000 },
      ],
    });
    const swap = async (): Promise<unknown[]> => {
      const taken = await box.arm("POST", "slots/staging/slotsswap", SWAP);
      const { status } = await box.ended(taken.headers["location"]);
      return [status, (await box.visit()).json?.build];
    };
    expect(await swap()).toEqual([417, "2"]);
    expect(await swap()).toEqual([400, "2"]);
    expect(await swap()).toEqual([200, "2"]);
    expect(await swap()).toEqual([200, undefined]);
    expect((await box.visit()).status).toBe(503);
    await eventually("its end", async () => (await box.visit()).json?.build === "1", 15_000);
  });

  test("a build that fails is an answer of 200, and what ran before goes on", async () => {
    const box = await twoBuilds({
      appService: [{ fault: "fail-build", at: 3, message: "npm ended with 1" }],
    });
    const { pid } = (await box.visit("/", "staging")).json;
    expect(await box.deploy("staging", await appOf("3"))).toMatchObject({
      status: 3,
      complete: true,
      status_text: "npm ended with 1",
    });
    expect(await box.deploy("staging", Buffer.from("no zip"))).toMatchObject({ status: 3 });
    expect(await box.deploy("staging", await zipOf({ "readme.md": "nothing to start" }))).toMatchObject({
      status: 3,
    });
    expect((await box.visit("/", "staging")).json).toMatchObject({ build: "2", pid });
    const { scm } = await box.hosts("staging");
    expect((await box.call("GET", `${scm}/api/deployments/none`)).status).toBe(404);
    expect((await box.call("GET", `${scm}/api/deployments/latest`)).json.status).toBe(3);
  });

  test("a second deployment is refused while one is under way; the older form takes isAsync", async () => {
    const box = await started(undefined, {
      phases: { provisionMs: 0, buildMs: 2_500, applyMs: 0, flipMs: 0 },
    });
    const { scm } = await box.hosts("production");
    const zip = await appOf("1");
    const taken = await box.call("POST", `${scm}/api/zipdeploy?isAsync=true`, zip);
    expect(taken.status).toBe(202);
    expect((await box.call("GET", `${scm}/api/deployments/latest`)).status).toBe(202);
    const id = String(taken.headers["scm-deployment-id"]);
    const building = await box.call("GET", `${scm}/api/deployments/${id}`);
    expect([building.status, building.json.complete]).toEqual([200, false]);
    const refused = await box.call("POST", `${scm}/api/publish?type=zip&async=true`, zip);
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("currently in progress")]);
    await eventually("the build's end", async () => (await box.visit()).json?.build === "1");
    expect((await box.call("POST", `${scm}/api/zipdeploy`, zip)).status).toBe(200);
  });

  test("slots are made within their plan's number, listed, and deleted", async () => {
    const box = await started();
    for (let number = 1; number <= 5; number += 1) {
      expect((await box.arm("PUT", `slots/s${number}`, LOCATION)).status).toBe(202);
      await eventually("the slot", async () => {
        return (await box.arm("GET", "")).json.properties.inProgressOperationId === null;
      });
    }
    const refused = await box.arm("PUT", "slots/s6", LOCATION);
    expect([refused.status, refused.json.Message]).toEqual([409, expect.stringContaining("'Standard' SKU")]);
    expect((await box.arm("DELETE", "slots/s1")).status).toBe(200);
    expect((await box.arm("DELETE", "slots/s1")).status).toBe(204);
    const names = (await box.arm("GET", "slots")).json.value.map((each: { name: string }) => each.name);
    expect(names).toEqual(["shop/s2", "shop/s3", "shop/s4", "shop/s5"]);
    expect((await box.arm("GET", "slots/s1")).json.error.code).toBe("ResourceNotFound");
    const plan = SITE_PATH.replace("sites/shop", "serverfarms/shop-plan");
    expect((await box.arm("GET", plan)).json.sku).toMatchObject({ name: "S1", tier: "Standard" });
    expect((await box.call("GET", `${box.address}${SITE_PATH}`)).json.error.code).toBe(
      "MissingApiVersionParameter",
    );
  });

  test("an app gets its slot's settings and PORT, and nothing of our environment", async () => {
    process.env["HOLDFAST_SECRET"] = "ours";
    try {
      const box = await started();
      await box.deploy("production", await appOf("1"));
      expect((await box.visit()).json.settings).toEqual({});
    } finally {
      delete process.env["HOLDFAST_SECRET"];
    }
  });

  test("an app that crashes is 503 until it is restarted", async () => {
    const box = await started();
    await box.deploy("production", await appOf("1"));
    expect((await box.visit("/crash")).status).toBe(503);
    await eventually("its end", async () => (await box.visit()).status === 503);
    expect((await box.arm("POST", "restart")).status).toBe(200);
    expect((await box.visit()).json.build).toBe("1");
  });

  test("apps and folders end with the sandbox, and with a sandbox that is killed", async () => {
    const box = await started();
    await box.deploy("production", await appOf("1"));
    const { pid } = (await box.visit()).json;
    await box[Symbol.asyncDispose]();
    await eventually("the app's end", async () => !isAlive(pid));
    expect(existsSync(dirname(box.caFile))).toBe(false);
    const folder = temporaryFolder("killed-sandbox");
    writeFileSync(join(folder, "app.zip"), await appOf("9"));
    const support = join(import.meta.dirname, "../../support/sandbox-to-kill.ts");
    const child = spawn(process.execPath, [support, join(folder, "app.zip")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const told = JSON.parse(line.toString()) as { pid: number; caFile: string };
    expect([isAlive(told.pid), existsSync(told.caFile)]).toEqual([true, true]);
    child.kill("SIGKILL");
    await eventually(
      "the end of app and folder",
      async () => !isAlive(told.pid) && !existsSync(dirname(told.caFile)),
      15_000,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
