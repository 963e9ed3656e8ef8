import { describe, expect, it } from "@jest/globals";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { runFunctionsCheck } from "../../../src/rollout/functions/check/run.ts";
import { readSupabaseConfig } from "../../../src/rollout/functions/sources/supabase-config.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { SourceTree } from "../../../src/ports/source-tree.ts";
import { endOf, PROJECT, World } from "./world.ts";

/** What functions are made of: Supabase's own `config.toml`, and files that are not what they stand for. */

const TOML = "supabase/config.toml";
const MANIFEST = "supabase/functions/function-manifest.json";
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 12345\n`;

/** A commit with one function, whose entry of the manifest is this. */
function repository(entry: object, more: Readonly<Record<string, string>> = {}): World {
  const world = new World();
  world.commit({ hook: { version: "1.0.0" } });
  const files = world.commits.get("HEAD")!;
  files.set(MANIFEST, Buffer.from(JSON.stringify({ functions: { hook: { version: "1.0.0", ...entry } } })));
  for (const [path, text] of Object.entries(more)) files.set(path, Buffer.from(text));
  return world;
}

describe("what config.toml says of a function", () => {
  it("is deployed where the manifest does not say it: a webhook has no token", async () => {
    const world = repository({}, { [TOML]: "[functions.hook]\nverify_jwt = false\n" });
    expect((await world.deploy()).exit).toBe(0);
    expect(world.shelf.list()).toMatchObject([{ slug: "hook", verify_jwt: false }]);
  });

  it("is by what it is started, from Supabase's folder", async () => {
    const more = {
      [TOML]:
        '[functions.hook]\nverify_jwt = false\nentrypoint = "./functions/hook/main.ts"\n' +
        'import_map = "./functions/_shared/map.json"\nstatic_files = ["./functions/hook/*.html"]\n',
      "supabase/functions/hook/main.ts": "serve main",
      "supabase/functions/_shared/map.json": "{}",
    };
    const world = repository({}, more);
    expect((await world.deploy()).exit).toBe(0);
    expect(world.shelf.list()).toMatchObject([
      {
        entrypoint_path: expect.stringContaining("supabase/functions/hook/main.ts"),
        import_map_path: expect.stringContaining("supabase/functions/_shared/map.json"),
      },
    ]);
    const lost = repository({}, { [TOML]: '[functions.hook]\nentrypoint = "./functions/hook/lost.ts"\n' });
    await expect(lost.deploy()).rejects.toMatchObject({
      code: "source.missing",
      message: expect.stringContaining("supabase/functions/hook/lost.ts"),
    });
  });

  it("may be an import map beside the functions, which then goes along", async () => {
    const map = { "supabase/import_map.json": '{"imports":{}}' };
    const world = repository(
      { verify_jwt: false },
      { ...map, [TOML]: '[functions.hook]\nimport_map = "./import_map.json"\n' },
    );
    expect((await world.deploy()).exit).toBe(0);
    expect(world.shelf.list()).toMatchObject([
      { import_map_path: expect.stringContaining("supabase/import_map.json") },
    ]);
    expect([...world.shelf.served("hook")!.bundle.files.keys()]).toContain("supabase/import_map.json");
    const without = repository({ verify_jwt: false }, map);
    expect((await without.deploy()).exit).toBe(0);
    expect([...without.shelf.served("hook")!.bundle.files.keys()]).not.toContain("supabase/import_map.json");
  });

  it("may not be static files that nobody would upload", async () => {
    const toml = '[functions.hook]\nstatic_files = ["./templates/*.html"]\n';
    await expect(repository({}, { [TOML]: toml }).deploy()).rejects.toMatchObject({
      code: "source.unreadable",
      message: expect.stringContaining("supabase/templates/*.html"),
    });
  });

  it("comes from the project's own section first", () => {
    const toml =
      "project_id = 'local'\n[functions.hook]\nverify_jwt = true\nenabled = true\n" +
      `[remotes.live]\nproject_id = "${PROJECT}"\n[remotes.live.functions.hook]\nverify_jwt = false\n` +
      "[remotes.live.functions.only]\nenabled = false\n";
    const read = (project: string | undefined): unknown => {
      const config = readSupabaseConfig(Buffer.from(toml), TOML, project);
      return config.names.map((name) => [name, config.get(name)]);
    };
    expect(read(PROJECT)).toMatchObject([
      ["hook", { verifyJwt: false, isEnabled: true }],
      ["only", { isEnabled: false, verifyJwt: undefined }],
    ]);
    for (const other of ["other", undefined]) {
      expect(read(other)).toMatchObject([["hook", { verifyJwt: true }]]);
    }
  });

  it("in two ways is a problem of the manifest, and so is a function that is not enabled", async () => {
    const world = repository({ verify_jwt: true }, { [TOML]: "[functions.hook]\nverify_jwt = false\n" });
    const told = await world.deploy();
    expect([told.exit, JSON.stringify(told.report)]).toEqual([
      3,
      expect.stringContaining("config.toml says verify_jwt = false"),
    ]);
    const off = repository({}, { [TOML]: "[functions.hook]\nenabled = false\n" });
    expect(JSON.stringify(await off.deploy())).toContain("config.toml says that it is not enabled");
    expect(off.served).toEqual({});
  });

  it.each([
    ["[functions.hook\n", "line 1: Invalid TOML document"],
    ['[functions.hook]\nverify_jwt = "env(JWT)"\n', "functions.hook: ✖ Invalid input: expected boolean"],
    ["functions = 3\n", "✖ Invalid input: expected record"],
  ])("is refused where it cannot be read: %j", async (toml, words) => {
    const world = repository({}, { [TOML]: toml });
    await expect(world.deploy()).rejects.toMatchObject({
      code: "source.unreadable",
      message: expect.stringContaining(words),
    });
  });

  it("that nobody can read does not stand in the way of going back to a snapshot", async () => {
    const world = repository({ verify_jwt: false });
    expect((await world.deploy()).exit).toBe(0);
    const before = world.served;
    const kept = await world.snapshot();
    world.commits.get("HEAD")!.set("supabase/functions/hook/index.ts", Buffer.from("another"));
    expect((await world.deploy()).exit).toBe(0);
    world.commits.get("HEAD")!.set(TOML, Buffer.from("= broken"));
    const back = await world.rollback({ to: kept.outputs["snapshot"] as string });
    expect([endOf(Promise.resolve(back)), world.served]).toEqual([expect.anything(), before]);
    expect(back.exit).toBe(0);
  });
});

describe("files that are not what they stand for", () => {
  it.each([
    ["of the function", "supabase/functions/hook/model.bin"],
    ["that all share", "supabase/functions/_shared/model.bin"],
  ])("are not deployed, neither pointers of Git LFS nor links: %s", async (_, path) => {
    const pointer = repository({ verify_jwt: false }, { [path]: POINTER });
    await expect(pointer.deploy()).rejects.toMatchObject({
      code: "source.unreadable",
      message: expect.stringContaining(`${path} is a pointer of Git LFS`),
    });
    const link = repository({ verify_jwt: false });
    link.links = [path, "docs/elsewhere", "supabase/functions/other/own"];
    await expect(link.deploy()).rejects.toMatchObject({
      message: `${path} is a link: what is behind it is not uploaded`,
    });
    expect([pointer.served, link.served]).toEqual([{}, {}]);
  });

  it("that only look like a pointer are deployed", async () => {
    const long = `${POINTER}${"x".repeat(1000)}`;
    const world = repository({ verify_jwt: false }, { "supabase/functions/hook/a.txt": long });
    expect((await world.deploy()).exit).toBe(0);
  });

  it("and that no function reads, are nobody's business", async () => {
    const world = repository({ verify_jwt: false }, { "supabase/functions/notes.md": POINTER });
    world.links = ["README.md", ".claude/skills", "other/x.ts"].map((path) => `supabase/functions/${path}`);
    expect((await world.deploy()).exit).toBe(0);
  });
});

/** `functions check` on these files below `supabase/functions`. */
async function checked(
  files: Readonly<Record<string, string>>,
  { links = [] as readonly string[], toml = undefined as string | undefined } = {},
): Promise<Outcome> {
  const read = (text: string | undefined, path: string): Promise<Buffer> =>
    text === undefined
      ? Promise.reject(new HoldfastError("source.missing", `there is no file ${path}`, { hint: "Look." }))
      : Promise.resolve(Buffer.from(text));
  const tree: Pick<SourceTree, "file" | "files"> = {
    files: () =>
      Promise.resolve({
        files: Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
        links,
      }),
    file: (path) => read(path === TOML ? toml : files[path.replace(/^supabase\/functions\//, "")], path),
  };
  return await runFunctionsCheck(
    { functionsFolder: "supabase/functions", project: undefined, store: undefined, storeSecret: undefined },
    {
      sourceTree: () => Promise.resolve(tree as SourceTree),
      openStore: () => Promise.reject(new Error("no store is asked")),
      log: new World().ports().log,
    },
  );
}

const manifestOf = (entry: object): string =>
  JSON.stringify({ functions: { hook: { version: "1.0.0", ...entry } } });

describe("functions check", () => {
  it("tells what is missing, links and pointers, each at its function", async () => {
    const found = await checked(
      {
        "function-manifest.json": manifestOf({ entrypoint: "main.ts", import_map: "map.json" }),
        "hook/index.ts": "serve",
        "_shared/model.bin": POINTER,
      },
      { links: ["hook/linked.ts", "other/own.ts"] },
    );
    expect(found.exit).toBe(3);
    expect(found.outputs["problems"]).toMatchObject([
      {
        key: "functions.hook",
        message:
          "supabase/functions/hook/main.ts, which function-manifest.json names, is not among the files " +
          "that are uploaded for hook",
      },
      { key: "functions.hook", message: expect.stringContaining("supabase/functions/hook/map.json, which") },
      {
        key: "functions.hook",
        message: "supabase/functions/hook/linked.ts is a link, and what is behind it is not uploaded",
      },
      {
        key: "functions.hook",
        message:
          "supabase/functions/_shared/model.bin is a pointer of Git LFS, and what is behind it is not " +
          "uploaded",
      },
    ]);
  });

  it("takes what config.toml names, and tells where it says something else", async () => {
    const files = { "function-manifest.json": manifestOf({}), "hook/main.ts": "serve" };
    const toml = '[functions.hook]\nentrypoint = "./functions/hook/main.ts"\n';
    expect((await checked(files, { toml })).exit).toBe(0);
    expect((await checked(files)).exit).toBe(3);
    expect((await checked(files, { toml: `${toml}enabled = false\n` })).outputs["problems"]).toMatchObject([
      { message: "config.toml says that it is not enabled" },
    ]);
  });

  it("notes imports of what is not uploaded, and refuses none", async () => {
    const found = await checked({
      "function-manifest.json": manifestOf({}),
      "_shared/cors.ts": "export {};",
      "hook/index.ts": [
        'import { cors } from "../_shared/cors.ts";',
        'import lib from "../../../packages/lib/index.ts";',
        "export * from './lost.ts';",
        'const later = await import("./later.ts");',
        'import "https://esm.sh/x"; import y from "npm:y";',
        '// import old from "../../old.ts"',
        '/* import older from "../../older.ts" */',
      ].join("\n"),
    });
    expect([found.exit, found.report.notes.slice(0, -1)]).toEqual([
      0,
      [
        "hook/index.ts imports ../../../packages/lib/index.ts, which is outside of supabase/functions, and " +
          "not uploaded",
        "hook/index.ts imports ./lost.ts, and there is no such file",
        "hook/index.ts imports ./later.ts, and there is no such file",
      ],
    ]);
  });
});
