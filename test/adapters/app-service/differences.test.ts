import { expect, test } from "@jest/globals";
import { differencesOf, type Configured } from "../../../src/adapters/app-service/differences.ts";
import { Secret } from "../../../src/kernel/secret.ts";

interface Given {
  readonly settings?: Readonly<Record<string, string>>;
  readonly strings?: Readonly<Record<string, { readonly value: string; readonly type: string }>>;
  readonly mounts?: Readonly<Record<string, object>>;
  readonly web?: object;
  readonly site?: object;
}

function configured({ settings = {}, strings = {}, mounts = {}, web = {}, site = {} }: Given): Configured {
  return {
    site: { location: "westeurope", properties: { serverFarmId: "/plan", ...site } },
    web: { properties: { ...web } },
    settings: new Map(Object.entries(settings).map(([name, value]) => [name, new Secret(value)])),
    connectionStrings: { properties: { ...strings } },
    mounts: { properties: mounts as Record<string, Record<string, unknown>> },
  };
}

/** `kind name` of what differs, with `!` where it stays. */
function told(source: Given, target: Given, sticks: object = {}): readonly string[] {
  return differencesOf(configured(source), configured(target), { properties: { ...sticks } }).map(
    ({ kind, name, isSticky }) => `${kind} ${name}${isSticky ? "!" : ""}`,
  );
}

test("what sticks by name is told to stay, whatever its case; each list is of its own kind", () => {
  const one = { settings: { ROLE: "try", MAIN: "1" }, strings: { MAIN: { value: "1", type: "Custom" } } };
  const other = { settings: { ROLE: "live", MAIN: "2" }, strings: { MAIN: { value: "2", type: "Custom" } } };
  expect(told(one, other, { appSettingNames: ["role"], connectionStringNames: ["main"] })).toEqual([
    "setting MAIN",
    "setting ROLE!",
    "connection-string MAIN!",
  ]);
});

test("what App Service keeps in a slot stays, unless a setting has it swapped", () => {
  const names = ["FUNCTIONS_EXTENSION_VERSION", "WEBSITE_HTTPLOGGING_RETENTION_DAYS"];
  const of = (value: string, more: object = {}): Given => ({
    settings: { ...Object.fromEntries(names.map((name) => [name, value])), ...more },
  });
  expect(told(of("3"), of("4"))).toEqual(names.map((name) => `setting ${name}!`));
  const extensions = { WEBSITE_OVERRIDE_STICKY_EXTENSION_VERSIONS: "0" };
  expect(told(of("3", extensions), of("4", extensions))).toEqual([
    `setting ${names[0]}`,
    `setting ${names[1]}!`,
  ]);
  const all = { WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS: "false" };
  expect(told(of("3", all), of("4", all))).toEqual(names.map((name) => `setting ${name}`));
});

test("a name is the same in any case; what is empty or not told is nothing", () => {
  expect(told({ settings: { DB: "1" } }, { settings: { db: "1" } })).toEqual([]);
  expect(told({ settings: { DB: "1" } }, { settings: { db: "2" } })).toEqual(["setting db"]);
  expect(told({}, { strings: { EMPTY: { value: "", type: "Custom" } } })).toEqual([]);
  const mount = { type: "AzureFiles", shareName: "x" };
  expect(told({ mounts: { f: { ...mount, protocol: null } } }, { mounts: { f: mount } })).toEqual([]);
});

test("where a content lies is no difference", () => {
  const settings = { WEBSITE_CONTENTSHARE: "a", WEBSITE_RUN_FROM_PACKAGE: "1" };
  expect(told({ settings }, { settings: { WEBSITE_CONTENTSHARE: "b" } })).toEqual([]);
});

test("connection strings differ by value and type, mounts by what is mounted and not by how it is", () => {
  const string = (value: string, type: string): Given => ({ strings: { A: { value, type } } });
  expect(told(string("1", "Custom"), string("1", "Custom"))).toEqual([]);
  expect(told(string("1", "Custom"), string("1", "SQLAzure"))).toEqual(["connection-string A"]);
  const mount = (more: object): Given => ({ mounts: { A: { type: "AzureFiles", shareName: "s", ...more } } });
  expect(told(mount({ state: "Ok" }), mount({ state: "InvalidShare" }))).toEqual([]);
  expect(told(mount({}), mount({ accessKey: "other" }))).toEqual(["mount A"]);
});

test("general settings that are swapped are compared, restrictions where an app has them swapped", () => {
  const slot: Given = {
    web: { linuxFxVersion: "NODE|24", alwaysOn: true, appCommandLine: "", ipSecurityRestrictions: [] },
    site: { httpsOnly: true },
  };
  const live: Given = {
    web: { linuxFxVersion: "NODE|22", alwaysOn: false, ipSecurityRestrictions: [{ ipAddress: "Any" }] },
    site: { httpsOnly: false },
  };
  expect(told(slot, live)).toEqual(["general linuxFxVersion"]);
  const settings = { WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS: "0" };
  expect(told({ ...slot, settings }, { ...live, settings })).toEqual([
    "general linuxFxVersion",
    "protection alwaysOn",
    "protection httpsOnly",
    "protection ipSecurityRestrictions",
  ]);
});
