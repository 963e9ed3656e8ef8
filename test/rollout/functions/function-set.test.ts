import { describe, expect, it } from "@jest/globals";
import { functionSet, type FunctionSet } from "../../../src/rollout/functions/sources/function-set.ts";
import { sha256 } from "../../../src/kernel/streams.ts";
import { doubtsOf } from "../../../src/rollout/functions/sources/unfit.ts";
import { strayImports } from "../../../src/rollout/functions/sources/stray-imports.ts";
import { endOf, PROJECT, World, type Said } from "./world.ts";

/** What of a folder is a function, what goes along with it, and what one bad function does to the others. */

const FOLDER = "supabase/functions";

/** Paths from the folder of the functions; those that begin with `/` from the repository's root. */
function setOf(files: Readonly<Record<string, string>>): FunctionSet {
  const whole = Object.entries(files).map(
    ([path, text]) =>
      [path.startsWith("/") ? path.slice(1) : `${FOLDER}/${path}`, Buffer.from(text)] as const,
  );
  return functionSet(new Map(whole), FOLDER, PROJECT);
}

const manifestOf = (functions: object): string => JSON.stringify({ functions });
const below = (set: FunctionSet, name: string): string[] =>
  set.pathsOf(name).map((path) => path.replace(`${FOLDER}/`, ""));

describe("what is a function", () => {
  it("is a folder with an index.ts; any other folder is shared", () => {
    const set = setOf({
      "orders/index.ts": "serve",
      "orders/deep/index.ts": "",
      "shared/db.ts": "",
      "tests/nested/index.ts": "",
      "_shared/cors.ts": "",
      "deno.json": "{}",
    });
    expect([...set.names]).toEqual(["orders"]);
    expect(below(set, "orders").sort()).toEqual(
      [
        "_shared/cors.ts",
        "deno.json",
        "orders/deep/index.ts",
        "orders/index.ts",
        "shared/db.ts",
        "tests/nested/index.ts",
      ].sort(),
    );
  });

  it("is what the manifest or config.toml names, wherever its entry is", () => {
    const set = setOf({
      "function-manifest.json": manifestOf({ main: { version: "1.0.0", entrypoint: "main.js" } }),
      "main/main.js": "serve",
      "group/inner/handler.ts": "serve",
      "/supabase/config.toml":
        '[functions.inner]\nentrypoint = "./functions/group/inner/handler.ts"\n' +
        '[functions.gone]\nentrypoint = "./functions/gone/index.ts"\n',
    });
    expect([...set.names].sort()).toEqual(["inner", "main"]);
    expect([set.startOf("inner").isPossible, set.startOf("main").isPossible]).toEqual([true, true]);
    expect(below(set, "inner")).toEqual(["group/inner/handler.ts"]);
  });

  it("is none that config.toml does not enable: it goes nowhere, and need not be declared", async () => {
    const files = {
      "on/index.ts": "serve",
      "off/index.ts": "serve",
      "/supabase/config.toml": "[functions.off]\nenabled = false\n",
    };
    const set = setOf(files);
    expect([[...set.names], below(set, "on")]).toEqual([["on"], ["on/index.ts"]]);
    const world = new World();
    world.commit({ on: { version: "1.0.0" } });
    world.commits.get("HEAD")!.set("supabase/functions/off/index.ts", Buffer.from("serve"));
    expect((await world.deploy()).exit).toBe(3);
    world.commits.get("HEAD")!.set("supabase/config.toml", Buffer.from(files["/supabase/config.toml"]));
    expect((await world.deploy()).exit).toBe(0);
  });

  it("is not where another function's entry lies: that is not uploaded with it", () => {
    const set = setOf({
      "a/index.ts": "serve",
      "b/index.ts": "serve",
      "/supabase/config.toml": '[functions.a]\nentrypoint = "./functions/b/index.ts"\n',
    });
    expect(set.startOf("a").misfits).toEqual([
      {
        code: "source.missing",
        message:
          "supabase/functions/b/index.ts, which config.toml names, is not among the files that are " +
          "uploaded for a",
      },
    ]);
  });
});

it("may lie in the root of a repository", () => {
  const files = new Map([
    ["hook/index.ts", Buffer.from('import "../_shared/a.ts"; import "../../b.ts"')],
    ["_shared/a.ts", Buffer.from("")],
  ]);
  const set = functionSet(files, ".", PROJECT);
  expect([[...set.names], set.startOf("hook").misfits, strayImports(set, ["hook"])]).toEqual([
    ["hook"],
    [],
    ["hook/index.ts imports ../../b.ts, which is outside of ., and not uploaded"],
  ]);
});

describe("what is uploaded", () => {
  it("is no file of secrets, which is told", async () => {
    const world = new World();
    world.commit({ hook: { version: "1.0.0" } });
    const secrets = [".env", "hook/.env.local", "_shared/.env"].map((path) => `${FOLDER}/${path}`);
    for (const path of secrets) world.commits.get("HEAD")!.set(path, Buffer.from("KEY=secret"));
    world.commits.get("HEAD")!.set(`${FOLDER}/hook/.environment`, Buffer.from("x"));
    expect((await world.deploy()).exit).toBe(0);
    const kept = world.store.list(`functions/${PROJECT}/files/`);
    const names: string[] = [];
    for await (const { path } of kept) names.push(path);
    expect([names.length, names.some((path) => path.endsWith(sha256("KEY=secret")))]).toEqual([3, false]);
    for (const path of secrets) {
      expect(world.lines).toContainEqual(expect.stringContaining(`${path} is not uploaded`));
    }
  });

  it("is told where a pattern of static files fits none of it, or words of config.toml are misspelt", () => {
    const set = setOf({
      "hook/index.ts": "serve",
      "hook/page.html": "",
      "/supabase/config.toml":
        "[functions.hook]\nverify_jtw = false\n" +
        'static_files = ["./functions/hook/*.html", "./functions/hook/*.txt"]\n' +
        "[functions.hooks]\nverify_jwt = false\n[functions.off]\nenabled = false\n" +
        "[function.other]\nverify_jwt = false\n[remotes.live]\nprojectid = 'x'\n[auth]\nsite_url = ''\n",
    });
    expect(doubtsOf(set, ["hook"])).toEqual([
      "supabase/config.toml: function says nothing; did you mean functions?",
      "supabase/config.toml: functions.hook.verify_jtw says nothing; did you mean verify_jwt?",
      "supabase/config.toml: remotes.live.projectid says nothing; did you mean project_id?",
      "config.toml speaks of hooks, which is no function here: it has no folder",
      "no file that is uploaded for hook fits supabase/functions/hook/*.txt",
    ]);
  });

  it("has static files by a text with commas, too, as Supabase's client reads it", () => {
    const set = setOf({
      "hook/index.ts": "",
      "hook/a.html": "",
      "hook/b.txt": "",
      "/supabase/config.toml":
        '[functions.hook]\nstatic_files = "./functions/hook/*.html,./functions/hook/*.md"\n',
    });
    expect([set.startOf("hook").misfits, doubtsOf(set, ["hook"])]).toEqual([
      [],
      ["no file that is uploaded for hook fits supabase/functions/hook/*.md"],
    ]);
  });

  it("is not known where two sections are of one project", () => {
    const remote = (name: string): string => `[remotes.${name}]\nproject_id = "${PROJECT}"\n`;
    const set = setOf({ "hook/index.ts": "", "/supabase/config.toml": `${remote("a")}${remote("b")}` });
    expect(set.startOf("hook").misfits).toEqual([
      {
        code: "source.unreadable",
        message: `supabase/config.toml could not be read: remotes.a, remotes.b are all of project ${PROJECT}`,
      },
    ]);
  });
});

describe("imports, from a function's entry on", () => {
  it("that lead to another function, or by an import map to nothing, are told", () => {
    const set = setOf({
      "hook/index.ts":
        'import "@shared/db.ts"; import "lib"; import x from "npm:y"; import "../other/util.ts"',
      "hook/deno.json": JSON.stringify({
        imports: { "@shared/": "../_shared/", lib: "../../../packages/lib.ts", y: "npm:y" },
      }),
      "hook/unused.test.ts": 'import "./nothing.ts"',
      "_shared/db.ts": 'import "./lost.ts"',
      "other/index.ts": "",
      "other/util.ts": "",
    });
    expect(strayImports(set, ["hook"])).toEqual([
      "hook/index.ts imports lib, which is outside of supabase/functions, and not uploaded",
      "hook/index.ts imports ../other/util.ts, which is not uploaded with hook: keep what functions share " +
        "in a folder like _shared",
      "_shared/db.ts imports ./lost.ts, and there is no such file",
    ]);
    expect(strayImports(set, ["other"])).toEqual([]);
  });

  it("by the import map that a deno.json names, and with what is escaped in them", () => {
    const set = setOf({
      "hook/index.ts":
        'import "@shared/my%20db.ts"; import "./a%2Db.ts"; import "./100%.ts"; import "lib"; import "raw"',
      "hook/deno.json": JSON.stringify({ importMap: "../_shared/map.json" }),
      "hook/a-b.ts": "",
      "hook/100%.ts": "",
      "_shared/map.json": JSON.stringify({
        imports: { "@shared/": "./", lib: "./lost.ts", raw: "./my%20db.ts?raw" },
      }),
      "_shared/my db.ts": "",
    });
    expect(strayImports(set, ["hook"])).toEqual(["hook/index.ts imports lib, and there is no such file"]);
  });
});

it("takes the import map beside an entry that lies elsewhere, as Supabase's client does", () => {
  const set = setOf({
    "public/a/index.ts": 'import "lib"; import "./page.html?raw"',
    "public/a/page.html": "",
    "public/a/deno.json": '{"imports":{"lib":"./lib.ts"}}',
    "public/a/lib.ts": "",
    "import_map.json": "{}",
    "/supabase/config.toml": '[functions.a]\nentrypoint = "functions/public/a/index.ts"\n',
  });
  expect([set.startOf("a").importMap, strayImports(set, ["a"])]).toEqual([
    `${FOLDER}/public/a/deno.json`,
    [],
  ]);
});

it("is told of imports that do not go along by a deployment, too", async () => {
  const world = new World();
  world.commit({ hook: { version: "1.0.0", text: 'import "../../lost.ts"; serve 1.0.0' } });
  expect((await world.deploy()).exit).toBe(0);
  expect(world.lines).toContainEqual(
    "warn: hook/index.ts imports ../../lost.ts, which is outside of supabase/functions, and not uploaded",
  );
});

describe("one function that cannot be deployed", () => {
  /** Two versions of two functions, of which v1's `bad` was configured wrongly. */
  async function after(toml: string, bad: Partial<Said> = {}): Promise<World> {
    const world = new World();
    world.commit({ good: { version: "1.0.0" }, bad: { version: "1.0.0", ...bad } }, "v1");
    expect((await world.deploy()).exit).toBe(0);
    world.commit({ good: { version: "2.0.0" }, bad: { version: "2.0.0" } }, "v2");
    expect((await world.deploy()).exit).toBe(0);
    world.commits.get("v1")!.set("supabase/config.toml", Buffer.from(toml));
    return world;
  }

  it.each([
    ["an entry that is not there", '[functions.bad]\nentrypoint = "./functions/bad/lost.ts"\n'],
    ["a value of another kind", '[functions.bad]\nverify_jwt = "env(JWT)"\n'],
    ["a file that is no TOML", "= broken"],
    ["static files outside", '[functions.bad]\nstatic_files = ["./templates/*.html"]\n'],
  ])("by config.toml (%s) stops no rollback to a release, and is told", async (_, toml) => {
    const world = await after(toml);
    expect(await endOf(world.rollback({ to: "v1" }))).toBe("0 done");
    expect(world.served).toMatchObject({ good: "serve good 1.0.0", bad: "serve bad 1.0.0" });
    expect(world.lines).toContainEqual(expect.stringMatching(/^warn: bad of v1: /));
  });

  it("since its entry is lost is left as it is, and refused where it is named", async () => {
    const world = await after("");
    world.commits.get("v1")!.delete(`${FOLDER}/bad/index.ts`);
    world.commits.get("v1")!.set(`${FOLDER}/bad/util.ts`, Buffer.from(""));
    expect(await endOf(world.rollback({ to: "v1", functions: ["bad"] }))).toBe("source.missing");
    expect(await endOf(world.rollback({ to: "v1" }))).toBe("0 done");
    expect(world.served).toMatchObject({ good: "serve good 1.0.0", bad: "serve bad 2.0.0" });
    expect(world.lines).toContainEqual(expect.stringMatching(/^warn: bad of v1 is left as it is: /));
  });

  it("takes what needs it along, and where nothing is left nobody says that all is well", async () => {
    const world = new World();
    const set = (version: string): Readonly<Record<string, Said>> => ({
      auth: { version },
      orders: { version, needs: [`auth@^${version}`] },
      mail: { version },
    });
    world.commit(set("1.0.0"), "v1");
    await world.deploy();
    world.commit(set("2.0.0"), "v2");
    await world.deploy();
    const v1 = world.commits.get("v1")!;
    v1.delete(`${FOLDER}/auth/index.ts`);
    v1.set(`${FOLDER}/auth/util.ts`, Buffer.from(""));
    await expect(world.rollback({ to: "v1", functions: ["orders"] })).rejects.toMatchObject({
      code: "source.missing",
      message: expect.stringContaining("it needs auth, and supabase/functions/auth/index.ts is not among"),
    });
    const back = await world.rollback({ to: "v1" });
    expect([back.exit, back.report.headline]).toEqual([
      0,
      expect.stringMatching(/; 2 functions NOT taken back$/),
    ]);
    expect(back.report.notes).toEqual([
      expect.stringMatching(/^auth of v1 is left as it is: /),
      expect.stringMatching(/^orders of v1 is left as it is: it needs auth, and /),
    ]);
    expect(world.served).toEqual({
      auth: "serve auth 2.0.0",
      orders: "serve orders 2.0.0",
      mail: "serve mail 1.0.0",
    });
    v1.delete(`${FOLDER}/mail/index.ts`);
    expect(await endOf(world.rollback({ to: "v1", functions: [] }))).toBe("source.missing");
  });

  it("stops no deployment of another", async () => {
    const world = await after("");
    const toml = '[functions.bad]\nverify_jwt = "env(JWT)"\n';
    world.commit({ good: { version: "3.0.0" }, bad: { version: "2.0.0" } });
    world.commits.get("HEAD")!.set("supabase/config.toml", Buffer.from(toml));
    expect(await endOf(world.deploy({ functions: ["good"] }))).toBe("0 done");
    expect(await endOf(world.deploy({ functions: ["bad"] }))).toBe("source.unreadable");
    expect((await world.status()).exit).toBeLessThan(4);
  });
});
