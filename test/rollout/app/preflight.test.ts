import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { SUBSCRIPTION } from "../../support/sandbox.ts";
import { slotsInSandbox, within } from "../../support/slot-host.ts";
import { temporaryFolder } from "../../support/tools.ts";
import { appWorld, told, type AppWorld } from "./support.ts";

/** What of an app's own configuration would move people behind our back, and what a new slot is given. */

const worlds: AppWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});

/** What a run is that was not begun, and says why in a note with these words. */
const hindered = (words: string): object => ({
  exit: 3,
  outputs: { outcome: "hindered", run: "" },
  report: { notes: expect.arrayContaining([expect.stringContaining(words)]) },
});

/** How Azure's own client is told which app, wherever it is signed in. */
const AZ = `--name shop --resource-group shop-rg --subscription ${SUBSCRIPTION}`;

/** An app with a first version live, and a slot beside it. */
async function world(): Promise<AppWorld> {
  const app = await appWorld();
  worlds.push(app);
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  expect(told(await app.deploy("v1.0.0", await app.packaged("1.0.0")))).toMatchObject({ exit: 0 });
  return app;
}

test("a slot that App Service swaps by itself is not deployed to: nobody would have looked", async () => {
  const app = await world();
  await app.box.arm("PATCH", "slots/staging/config/web", { properties: { autoSwapSlotName: "production" } });
  const next = await app.packaged("1.1.0");
  expect(await app.deploy("v1.1.0", next)).toMatchObject(
    hindered(`auto-swap ${AZ} --slot staging --disable`),
  );
  expect(await app.live()).toBe("1.0.0");
  await app.box.arm("PATCH", "slots/staging/config/web", { properties: { autoSwapSlotName: "" } });
  expect(told(await app.deploy("v1.1.0", next))).toMatchObject({ exit: 0, production: "1.1.0" });
});

test("the sandbox swaps such a slot by itself, as App Service does", async () => {
  const app = await world();
  await app.box.arm("PATCH", "slots/staging/config/web", { properties: { autoSwapSlotName: "production" } });
  // The swap takes the deployment along, and may come before the last look at it.
  await app.host.deploy("staging", await app.packaged("2.0.0"), within()).catch((error: unknown) => {
    if (!/404 Deployment '.*' not found/.test((error as Error).message)) throw error;
  });
  while ((await app.live()) !== "2.0.0") await new Promise((resolve) => setTimeout(resolve, 20));
});

test.each([
  ["staging", "the slot that is deployed to"],
  ["beta", "another one"],
])("production that hands requests on to %s is neither deployed to nor taken back", async (name) => {
  const app = await world();
  expect(told(await app.deploy("v1.1.0", await app.packaged("1.1.0")))).toMatchObject({ exit: 0 });
  const route = async (reroutePercentage: number): Promise<unknown> =>
    await app.box.arm("PATCH", "config/web", {
      properties: {
        experiments: { rampUpRules: [{ name, actionHostName: "x.example", reroutePercentage }] },
      },
    });
  await route(12.5);
  const refusal = hindered(`12.5 % to ${name}; end that with az webapp traffic-routing clear ${AZ}`);
  expect(await app.deploy("v1.2.0", await app.packaged("1.2.0"))).toMatchObject(refusal);
  expect(await app.rollback()).toMatchObject(refusal);
  // A rule that leads nobody anywhere is none.
  await route(0);
  expect(told(await app.rollback())).toMatchObject({ exit: 0, production: "1.0.0" });
});

test.each([
  ["a step", { changeStep: 5, changeIntervalInMinutes: 10, maxReroutePercentage: 50 }],
  ["an address that is asked", { changeDecisionCallbackUrl: "https://decide.example" }],
])("a rule of 0 %% that grows by itself, by %s, hands requests on as well", async (_, grows) => {
  const app = await world();
  const rule = { name: "beta", actionHostName: "x.example", reroutePercentage: 0, ...grows };
  await app.box.arm("PATCH", "config/web", { properties: { experiments: { rampUpRules: [rule] } } });
  expect(await app.deploy("v1.1.0", await app.packaged("1.1.0"), { dryRun: true })).toMatchObject({
    exit: 3,
    report: {
      notes: expect.arrayContaining([expect.stringContaining("0 %, and another share by itself, to beta")]),
    },
  });
});

test("a new slot has the connection strings, mounts and stack of production that do not stick", async () => {
  const { box, host } = await slotsInSandbox();
  await using _box = box;
  const strings = {
    MAIN: { value: "host=db", type: "PostgreSQL" },
    OWN: { value: "host=own", type: "Custom" },
  };
  const mounts = {
    files: { type: "AzureFiles", accountName: "a", shareName: "s", accessKey: "key", mountPath: "/files" },
  };
  await box.arm("PUT", "config/connectionstrings", { properties: strings });
  await box.arm("PUT", "config/azurestorageaccounts", { properties: mounts });
  await box.arm("PUT", "config/slotConfigNames", {
    properties: { connectionStringNames: ["own"], appSettingNames: [] },
  });
  await host.makeSlot("staging", within());
  const told = async (what: string): Promise<unknown> =>
    (await box.arm("POST", `slots/staging/config/${what}/list`)).json.properties;
  expect(await told("connectionstrings")).toEqual({ MAIN: strings.MAIN });
  expect(await told("azurestorageaccounts")).toEqual(mounts);
});

test("a plan of Flex Consumption has no slots, and says so before anything is done", async () => {
  const app = await appWorld();
  worlds.push(app);
  app.around = (host) =>
    new Proxy(host, {
      get(target, name) {
        if (name === "app") {
          return async () => ({ ...(await target.app(within())), tier: "FlexConsumption" });
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
  expect(await app.deploy("v1.0.0", await app.packaged("1.0.0"))).toMatchObject(
    hindered("FlexConsumption, which has no slots"),
  );
});

test("links of node_modules/.bin that a package leaves out are told", async () => {
  const app = await appWorld();
  worlds.push(app);
  const folder = temporaryFolder("linked");
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(folder, "server.js"), "");
  symlinkSync("../../server.js", join(folder, "node_modules/.bin/next"));
  const planned = await app.deploy("v1.0.0", folder, { dryRun: true });
  expect(planned.report.notes).toContainEqual(
    expect.stringMatching(/^1 link of node_modules\/.bin is not in the package: let the app start by a file/),
  );
});

test("a slot that is made would have no sign-in: where production asks for one, none is made", async () => {
  const app = await appWorld();
  worlds.push(app);
  await app.box.arm("PUT", "config/authsettingsV2", { properties: { platform: { enabled: true } } });
  const path = await app.packaged("1.0.0");
  const words = "staging, which would be made now with production's settings, would ask nobody to";
  expect(await app.deploy("v1.0.0", path)).toMatchObject(hindered(words));
  await app.host.makeSlot("staging", within());
  expect(told(await app.deploy("v1.0.0", path, { dryRun: true }))).toMatchObject({ outcome: "planned" });
});

test("a sign-in before production's health path is told before anything is swapped", async () => {
  const app = await world();
  await app.box.arm("PUT", "config/authsettingsV2", { properties: { platform: { enabled: true } } });
  const ports = app.ports();
  const { address } = (await app.host.slot("production", within()))!;
  const web: typeof ports.web = {
    get: async (asked, call) =>
      asked.startsWith(`${address}/`)
        ? { status: 401, headers: new Map([["www-authenticate", 'Bearer realm="shop"']]), body: "" }
        : await ports.web.get(asked, call),
  };
  const next = await app.packaged("1.1.0");
  expect(await app.deploy("v1.1.0", next, {}, { ...ports, web })).toMatchObject(
    hindered("/ of production answers 401: people have to sign in"),
  );
  expect(await app.live()).toBe("1.0.0");
});

test("going back needs no comparison: what cannot be asked is told", async () => {
  const app = await world();
  expect(told(await app.deploy("v1.1.0", await app.packaged("1.1.0")))).toMatchObject({ exit: 0 });
  app.around = (host) =>
    new Proxy(host, {
      get: (of, name: keyof typeof host) =>
        name === "differences"
          ? () => Promise.reject(new HoldfastError("slots.denied", "no right to list", { hint: "Give it." }))
          : (of[name] as ((...given: unknown[]) => unknown) | undefined)?.bind(of),
    });
  await expect(app.deploy("v1.2.0", await app.packaged("1.2.0"))).rejects.toMatchObject({
    code: "slots.denied",
  });
  const back = await app.rollback();
  expect(told(back)).toMatchObject({ exit: 0, production: "1.0.0" });
  expect(back.report.notes).toContainEqual(
    expect.stringContaining("production's configuration could not be asked: no right to list"),
  );
});
