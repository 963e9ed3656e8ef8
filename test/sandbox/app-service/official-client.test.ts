import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { appOf, GROUP, SITE, SITE_PATH, SUBSCRIPTION, testSandbox } from "../../support/sandbox.ts";
import { temporaryFolder } from "../../support/tools.ts";

test("Microsoft's own client works against the sandbox as it does against Azure", async () => {
  await using box = await testSandbox({
    phases: { provisionMs: 20, buildMs: 0, applyMs: 0, flipMs: 300 },
    faults: { appService: [{ fault: "fail-swap", at: 2, code: "BadRequest", message: "the swap is late" }] },
  });
  const zip = join(temporaryFolder("official-client"), "app.zip");
  writeFileSync(zip, await appOf("2"));
  const program = join(import.meta.dirname, "official-client.ts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, box.address, SUBSCRIPTION, GROUP, SITE, zip],
    { env: { PATH: process.env["PATH"], NODE_EXTRA_CA_CERTS: box.caFile }, timeout: 60_000 },
  );
  const told = JSON.parse(stdout);
  expect(told.site).toMatchObject({ id: SITE_PATH, name: SITE, state: "Running", targetSwapSlot: null });
  expect(told.site.enabledHostNames).toHaveLength(2);
  expect(told.plan.sku).toMatchObject({ name: "S1", tier: "Standard" });
  expect(told.created).toMatchObject({ name: "shop/staging", type: "Microsoft.Web/sites/slots" });
  expect(told.slots.map(({ name }: { name: string }) => name)).toEqual(["shop/staging"]);
  expect(told.sticky.appSettingNames).toEqual(["ROLE"]);
  expect(told.settings.properties).toEqual({ COLOUR: "green" });
  expect(told.auth.platform.enabled).toBe(false);
  expect(told.config.linuxFxVersion).toBe("NODE|24-lts");
  expect(told.routed).toMatchObject([{ name: "staging", reroutePercentage: 10 }]);
  expect(told.autoSwap).toBe("production");
  expect(told.connections).toEqual({ MAIN: { value: "host=db", type: "PostgreSQL" } });
  expect(told.mounts).toMatchObject({ files: { shareName: "s", mountPath: "/m" } });
  const rule = { ipAddress: "127.0.0.1/32", action: "Allow", priority: 100 };
  const guards = { ipSecurityRestrictionsDefaultAction: "Deny", scmIpSecurityRestrictionsUseMain: true };
  expect(told.guards).toMatchObject({ ...guards, ipSecurityRestrictions: [rule], webSocketsEnabled: true });
  expect(told.guarded).toMatchObject({
    clientCertEnabled: true,
    clientCertMode: "Optional",
    httpsOnly: true,
  });
  // Platform settings go along with a swap, restrictions stay.
  expect([told.after.webSocketsEnabled, told.after.ipSecurityRestrictions]).toEqual([true, undefined]);
  expect(told.kept).toMatchObject({ ...guards, ipSecurityRestrictions: [rule] });
  expect(told.kept.webSocketsEnabled).toBeUndefined();
  expect(told.published).toBe(200);
  const differences = told.differences.map((each: Record<string, string>) => [
    each["settingName"],
    each["diffRule"],
    each["valueInCurrentSlot"],
    each["valueInTargetSlot"],
  ]);
  expect(differences).toEqual([
    ["COLOUR", "SettingsWillBeSwapped", "green", "blue"],
    ["ROLE", "SettingsWillRemainInSlot", null, "live"],
  ]);
  expect(told.previewed).toBe("production");
  expect(told.locked).toMatchObject({ name: "RestError", statusCode: 409 });
  expect(told.released).toBeNull();
  expect(told.busy).toMatchObject({ name: "RestError", statusCode: 409 });
  expect(told.swapped).toMatchObject({ sourceSlotName: "staging", destinationSlotName: "production" });
  // The envelope has no `error`: the client knows the status alone, as people report of it.
  expect(told.late).toMatchObject({ name: "RestError", statusCode: 400 });
  expect(told.missing).toMatchObject({ statusCode: 404, code: "ResourceNotFound" });
  expect(told.left).toEqual([]);
  expect((await box.visit()).json).toMatchObject({ build: "2", settings: { ROLE: "live", COLOUR: "green" } });
  expect(box.bugs).toEqual([]);
});
