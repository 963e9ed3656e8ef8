import { afterEach, describe, expect, test } from "@jest/globals";
import { missingGuards } from "../../../src/adapters/app-service/new-slot.ts";
import { slotsInSandbox, within, type SlotsInSandbox } from "../../support/slot-host.ts";

/** A slot has secrets of production: whom production does not let in, it does not let in either. */

let open: SlotsInSandbox | undefined;
afterEach(async () => {
  const bugs = open?.box.bugs ?? [];
  await open?.box[Symbol.asyncDispose]();
  open = undefined;
  expect(bugs).toEqual([]);
});

const RULE = { ipAddress: "10.0.0.0/8", action: "Allow", priority: 100, name: "office", tag: "Default" };
const GUARDS = {
  ipSecurityRestrictions: [RULE],
  ipSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictions: [{ ...RULE, ipAddress: "127.0.0.1/32" }],
  scmIpSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictionsUseMain: false,
  minTlsVersion: "1.3",
  scmMinTlsVersion: "1.2",
  ftpsState: "Disabled",
};
const SITE = { clientCertEnabled: true, clientCertMode: "Optional", clientCertExclusionPaths: "/health" };
const SECRET = { MAIN: { value: "host=db", type: "PostgreSQL" } };

async function guarded(options: Parameters<typeof slotsInSandbox>[0] = {}): Promise<SlotsInSandbox> {
  open = await slotsInSandbox(options);
  const { box } = open;
  await box.arm("PATCH", "config/web", { properties: GUARDS });
  await box.arm("PATCH", "", { properties: { ...SITE, publicNetworkAccess: "Enabled" } });
  await box.arm("PUT", "config/connectionstrings", { properties: SECRET });
  await box.arm("PUT", "config/appsettings", { properties: { KEY: "secret" } });
  return open;
}

/** What a slot is, by the service itself. */
async function seen({ box }: SlotsInSandbox): Promise<Record<string, unknown>> {
  const of = async (method: string, path: string): Promise<Record<string, unknown>> =>
    (await box.arm(method, `slots/staging${path}`)).json;
  const { tags, properties } = await of("GET", "");
  return {
    tags,
    site: properties,
    web: (await of("GET", "/config/web"))["properties"],
    settings: (await of("POST", "/config/appsettings/list"))["properties"],
    strings: (await of("POST", "/config/connectionstrings/list"))["properties"],
  };
}

describe("a new slot", () => {
  test("has production's access restrictions, protocols and certificates of clients", async () => {
    const it = await guarded();
    const made = await it.host.makeSlot("staging", within());
    expect(made.isUnfinished).toBe(false);
    expect(await seen(it)).toMatchObject({
      tags: {},
      site: { ...SITE, httpsOnly: true, publicNetworkAccess: "Enabled" },
      web: GUARDS,
      settings: { KEY: "secret" },
      strings: SECRET,
    });
    expect((await it.box.visit("/", "staging")).status).toBe(403);
  });

  test("has them before it has a secret, and is finished where its making was cut short", async () => {
    const it = await guarded({ phases: { provisionMs: 1_500, buildMs: 0, applyMs: 0, flipMs: 0 } });
    const stop = new AbortController();
    const making = it.host.makeSlot("staging", within(120_000, stop.signal));
    making.catch(() => undefined);
    while ((await it.host.slot("staging", within())) === undefined);
    stop.abort(new Error("killed"));
    await expect(making).rejects.toThrow("killed");
    expect(await seen(it)).toMatchObject({
      tags: { "holdfast-unfinished": "true" },
      site: SITE,
      web: GUARDS,
      settings: {},
      strings: {},
    });
    expect((await it.host.slot("staging", within()))!.isUnfinished).toBe(true);
    expect((await it.host.makeSlot("staging", within(900_000))).isUnfinished).toBe(false);
    expect(await seen(it)).toMatchObject({ tags: {}, settings: { KEY: "secret" }, strings: SECRET });
  });

  test("that was made without a restriction gets no secret", async () => {
    const it = await guarded({ faults: { appService: [{ fault: "open-slot", at: 1 }] } });
    await expect(it.host.makeSlot("staging", within())).rejects.toMatchObject({
      code: "slots.refused",
      message: expect.stringMatching(
        /without production's ipSecurityRestrictions, scmIpSecurityRestrictions; it was given no settings$/,
      ),
    });
    expect(await seen(it)).toMatchObject({ settings: {}, strings: {} });
  });

  test("that was left unfinished and that somebody has taken over is left to him", async () => {
    const it = await guarded();
    const { location, properties } = (await it.box.arm("GET", "")).json as Record<string, unknown> & {
      properties: Record<string, unknown>;
    };
    await it.box.arm("PUT", "slots/staging", {
      location,
      tags: { "holdfast-unfinished": "true" },
      properties: { serverFarmId: properties["serverFarmId"] },
    });
    const put = async (settings: object): Promise<void> => {
      await it.box.arm("PUT", "slots/staging/config/appsettings", { properties: settings });
    };
    await put({ DB: "of staging", KEY: "secret", WEBSITE_HTTPLOGGING_RETENTION_DAYS: "3" });
    await expect(it.host.makeSlot("staging", within())).rejects.toMatchObject({
      code: "slots.refused",
      message: expect.stringContaining("has been given DB since"),
      hint: expect.stringContaining("remove its tag holdfast-unfinished"),
    });
    expect(await seen(it)).toMatchObject({ settings: { DB: "of staging" } });
    // What the killed run itself has given it is nobody else's.
    await put({ KEY: "secret" });
    expect((await it.host.makeSlot("staging", within())).isUnfinished).toBe(false);
  });

  test("has to have the restrictions of production, by what they say", () => {
    const [production, slot] = [{ properties: GUARDS }, { properties: { ...GUARDS } }];
    expect(missingGuards(production, slot)).toEqual([]);
    // Names, descriptions and the order of fields are no difference.
    const other = {
      priority: 100,
      action: "Allow",
      ipAddress: "10.0.0.0/8",
      tag: "Default",
      description: "x",
    };
    expect(missingGuards(production, { properties: { ...GUARDS, ipSecurityRestrictions: [other] } })).toEqual(
      [],
    );
    for (const rules of [null, [], [{ ...RULE, action: "Deny" }]]) {
      const without = { properties: { ...GUARDS, ipSecurityRestrictions: rules } };
      expect(missingGuards(production, without)).toEqual(["ipSecurityRestrictions"]);
    }
    for (const [name, value] of [
      ["ipSecurityRestrictionsDefaultAction", "Allow"],
      ["scmIpSecurityRestrictionsDefaultAction", null],
    ]) {
      expect(missingGuards(production, { properties: { ...GUARDS, [name!]: value } })).toEqual([name]);
    }
    const closed = {
      properties: { publicNetworkAccess: "Disabled", scmIpSecurityRestrictionsUseMain: true },
    };
    expect(missingGuards(closed, { properties: { publicNetworkAccess: "disabled" } })).toEqual([
      "scmIpSecurityRestrictionsUseMain",
    ]);
    const subnet = (
      vnetSubnetResourceId: string,
      headers: object,
    ): { properties: Record<string, unknown> } => ({
      properties: { ipSecurityRestrictions: [{ vnetSubnetResourceId, headers }] },
    });
    expect(
      missingGuards(
        subnet("/subscriptions/A/subnets/x", { a: ["1"], b: ["2"] }),
        subnet("/Subscriptions/a/subnets/X", { b: ["2"], a: ["1"] }),
      ),
    ).toEqual([]);
  });
});
