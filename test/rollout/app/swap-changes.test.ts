import { afterEach, expect, test } from "@jest/globals";
import { appWorld, told, type AppWorld } from "./support.ts";

/** What a swap brings to production beside the build: told always, refused where nobody says that it may. */

const worlds: AppWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});

const STRING = (value: string): object => ({ MAIN: { value, type: "PostgreSQL" } });
const MOUNT = (shareName: string): object => ({
  files: { type: "AzureFiles", accountName: "a", shareName, accessKey: "key-of-it", mountPath: "/files" },
});

interface World extends AppWorld {
  put(slot: "" | "slots/staging/", what: string, properties: object): Promise<void>;
  settings(slot: string): Promise<Record<string, string>>;
}

/** An app with a first version live, and a slot beside it that holds none of ours. */
async function world(swap?: string): Promise<World> {
  const app = await appWorld();
  worlds.push(app);
  app.declare({ soak: "{ for: 2s, every: 1s }", ...(swap === undefined ? {} : { swap }) });
  expect(told(await app.deploy("v1.0.0", await app.packaged("1.0.0")))).toMatchObject({ exit: 0 });
  return Object.assign(app, {
    put: async (slot: string, what: string, properties: object): Promise<void> => {
      expect((await app.box.arm("PUT", `${slot}config/${what}`, { properties })).status).toBe(200);
    },
    settings: async (slot: string): Promise<Record<string, string>> => {
      const path = slot === "production" ? "" : `slots/${slot}/`;
      const { properties } = (await app.box.arm("POST", `${path}config/appsettings/list`)).json;
      const { HOLDFAST_RELEASE: _, ...others } = properties as Record<string, string>;
      return others;
    },
  });
}

/** DATABASE_URL and MAIN differ, files is mounted from elsewhere, KEY is production's alone, ROLE sticks. */
async function differing(swap?: string): Promise<World> {
  const app = await world(swap);
  const mark = (await app.host.settings("production", within())).get("HOLDFAST_RELEASE")!.reveal();
  await app.put("", "slotConfigNames", { appSettingNames: ["ROLE"] });
  await app.put("", "appsettings", {
    HOLDFAST_RELEASE: mark,
    DATABASE_URL: "postgres://live",
    KEY: "k",
    ROLE: "live",
  });
  await app.put("slots/staging/", "appsettings", {
    DATABASE_URL: "postgres://try",
    FLAG: "on",
    ROLE: "try",
    WEBSITE_RUN_FROM_PACKAGE: "1",
  });
  await app.put("", "connectionstrings", STRING("host=live"));
  await app.put("slots/staging/", "connectionstrings", STRING("host=try"));
  await app.put("", "azurestorageaccounts", MOUNT("live"));
  await app.put("slots/staging/", "azurestorageaccounts", MOUNT("try"));
  await app.box.arm("PATCH", "slots/staging/config/web", { properties: { webSocketsEnabled: true } });
  return app;
}

const within = (): { withinMs: number; signal: AbortSignal } => ({
  withinMs: 120_000,
  signal: new AbortController().signal,
});

const OTHER = "production gets staging's value of: DATABASE_URL, connection string MAIN, mount files";
const LOST = "production loses what staging has not: KEY";
const ALL_MAY = "{ may-change: [database_url, MAIN, files, KEY] }";

test("a deployment that would bring production other settings is not begun, and names them", async () => {
  const app = await differing();
  const next = await app.packaged("1.1.0");
  for (const dryRun of [true, false]) {
    const outcome = await app.deploy("v1.1.0", next, { dryRun });
    expect(outcome).toMatchObject({ exit: 3, outputs: { outcome: "hindered", run: "" } });
    const notes = outcome.report.notes.join("\n");
    expect(notes).toContain(`with the swap ${OTHER}; ${LOST}, and nothing says that it may: give staging`);
    expect(notes).toContain("production gains from staging: FLAG");
    expect(notes).toContain("production is configured as staging is in: webSocketsEnabled");
    expect(notes).toContain("these settings stay where they are: ROLE");
    expect(notes).not.toContain("WEBSITE_RUN_FROM_PACKAGE");
    expect(JSON.stringify(outcome)).not.toMatch(/postgres:|host=|key-of-it/);
  }
  expect(await app.live()).toBe("1.0.0");
});

test("what is declared goes along, is in plan and outputs, and comes back with the way back", async () => {
  const app = await differing(ALL_MAY);
  const next = await app.packaged("1.1.0");
  const planned = await app.deploy("v1.1.0", next, { dryRun: true });
  expect(told(planned)).toMatchObject({ exit: 0, outcome: "planned" });
  const swap = (planned.outputs["plan"] as { id: string; what: string }[]).find(({ id }) => id === "swap")!;
  expect(swap.what).toContain(`; ${OTHER}; ${LOST}; production gains from staging: FLAG; production is`);
  expect(planned.outputs["changes"]).toEqual([
    { kind: "setting", name: "DATABASE_URL", how: "other-value" },
    { kind: "setting", name: "FLAG", how: "gained" },
    { kind: "setting", name: "KEY", how: "lost" },
    { kind: "connection-string", name: "MAIN", how: "other-value" },
    { kind: "mount", name: "files", how: "other-value" },
    { kind: "general", name: "webSocketsEnabled", how: "gained" },
  ]);
  const planHash = planned.outputs["plan-hash"] as string;
  expect(told(await app.deploy("v1.1.0", next, { planHash }))).toMatchObject({
    exit: 0,
    production: "1.1.0",
  });
  expect(await app.settings("production")).toMatchObject({
    DATABASE_URL: "postgres://try",
    FLAG: "on",
    ROLE: "live",
  });
  // Twice as once: nothing is swapped, so nothing is told to change.
  const again = await app.deploy("v1.1.0", next);
  expect(again).toMatchObject({ exit: 0, outputs: { outcome: "nothing", changes: [] } });
  expect(again.report.notes.join("\n")).not.toContain("production gets");
  // In an emergency nobody is kept from going back, declared or not; it is told.
  app.declare({ soak: "{ for: 2s, every: 1s }" });
  const back = await app.rollback();
  expect(told(back)).toMatchObject({ exit: 0, production: "1.0.0" });
  expect(back.report.notes).toContain(OTHER);
  expect(await app.settings("production")).toEqual({
    DATABASE_URL: "postgres://live",
    KEY: "k",
    ROLE: "live",
  });
  expect((await app.box.arm("POST", "config/connectionstrings/list")).json.properties).toEqual(
    STRING("host=live"),
  );
});

test("an approval is of what production gets: another difference is another plan", async () => {
  const app = await differing("{ may-change: ['*'] }");
  const next = await app.packaged("1.1.0");
  const planned = await app.deploy("v1.1.0", next, { dryRun: true });
  await app.put("slots/staging/", "connectionstrings", {
    ...STRING("host=try"),
    MORE: { value: "x", type: "Custom" },
  });
  await expect(
    app.deploy("v1.1.0", next, { planHash: planned.outputs["plan-hash"] as string }),
  ).rejects.toMatchObject({ code: "refused.unconfirmed" });
});

test("a setting that is changed while the slot is tested does not reach production", async () => {
  const app = await world();
  let isChanged = false;
  app.around = (host) => ({
    ...bound(host),
    preview: async (...of) => {
      await app.put("", "connectionstrings", STRING("host=live"));
      await app.put("slots/staging/", "connectionstrings", STRING("host=try"));
      isChanged = true;
      await host.preview(...of);
    },
  });
  const outcome = await app.deploy("v1.1.0", await app.packaged("1.1.0"));
  expect(isChanged).toBe(true);
  expect(told(outcome)).toMatchObject({ exit: 4, outcome: "undone", production: "1.0.0" });
  expect(outcome.report.notes.join("\n")).toContain(
    "production gets staging's value of: connection string MAIN",
  );
  expect((await app.host.slot("staging", within()))?.previewInto).toBeUndefined();
  expect(await app.live()).toBe("1.0.0");
});

/** A host's calls, to be spread: methods of a class are not its own. */
function bound<T extends object>(of: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(of)) as (keyof T)[];
  return Object.fromEntries(
    names.map((name) => [name, (of[name] as unknown as () => unknown).bind(of)]),
  ) as unknown as T;
}
