import { describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { LIMITS } from "../../../src/nouns/release-unit/commit-files.ts";
import { unitSettings, type UnitSettings } from "../../../src/nouns/release-unit/settings.ts";
import { readUnitSources, type UnitSources } from "../../../src/nouns/release-unit/sources.ts";
import type { SourceHistory } from "../../../src/ports/source-history.ts";
import { readFolder } from "../../../src/schema/folder/read-folder.ts";
import { repository, type Repository } from "../../support/repository.ts";

type Files = Readonly<Record<string, string | Buffer>>;

/** A commit without git: what the port says of its plain files. */
function commitOf(files: Files): Pick<SourceHistory, "files" | "paths"> {
  const entries = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
  return {
    paths: () => Promise.resolve(entries.map(([path]) => path)),
    files: (_, wanted) => Promise.resolve(new Map(entries.filter(([path]) => wanted(path)))),
  };
}

function sourcesOf(files: Files, given: Partial<UnitSettings> = {}): Promise<UnitSources> {
  return readUnitSources(commitOf(files), "c0ffee", unitSettings.parse(given));
}

const SHOP: Files = {
  "config/defaults.json": "{}",
  "config/eu/production.json": '{"a": 1}',
  "supabase/config.toml": "",
  "supabase/migrations/202611270900_orders.sql": "CREATE TABLE orders (id int);\n",
  "supabase/migrations/202611270900_orders_rollback.sql": "DROP TABLE orders;\n",
  "supabase/migrations/20261127091500_carts.sql": "CREATE TABLE carts (id int);\r\n",
  "supabase/functions/_shared/cors.ts": "export {};\n",
  "supabase/functions/deno.json": "{}",
  "supabase/functions/cart/index.ts": "1",
  "supabase/functions/orders/index.ts": "2",
  "supabase/functions/orders/lib/a.ts": "3",
  "supabase/functions/function-manifest.json":
    '{"functions": {"orders": {"version": "1.1.0", "deployed_at": "x"}}}',
};

describe("by default", () => {
  it("the usual folders are read", async () => {
    const { schema, functions, configuration } = await sourcesOf(SHOP);
    expect(schema).toMatchObject({
      folder: "supabase/migrations",
      count: 2,
      from: "20261127091500",
      to: "20261127091500",
    });
    expect(functions?.folder).toBe("supabase/functions");
    expect(functions?.functions.map(({ name, version }) => [name, version])).toEqual([
      ["cart", undefined],
      ["orders", "1.1.0"],
    ]);
    expect(configuration?.paths).toEqual(["config/**"]);
  });

  it("what is not there is none", async () => {
    const none = { schema: null, functions: null, configuration: null };
    expect(await sourcesOf({})).toEqual(none);
    expect(await sourcesOf({ "supabase/functions/function-manifest.json": "{}" })).toEqual(none);
    expect(await sourcesOf({ "migrations/0001_initial.py": "", "migrations/README.md": "" })).toEqual(none);
    expect(await sourcesOf(SHOP, { migrations: false, functions: false, configuration: false })).toEqual(
      none,
    );
  });

  it("the first folder that holds migrations counts", async () => {
    const files = {
      "supabase/migrations/.gitkeep": "",
      "migrations/1_a.sql": "",
      "db/migrations/2_b.sql": "",
    };
    expect((await sourcesOf(files))?.schema).toMatchObject({ folder: "migrations", to: "1" });
  });
});

describe("declared", () => {
  it("folders are read from wherever they are", async () => {
    const files = { "api/sql/1_a.sql": "", "fn/x/index.ts": "", "etc/a.json": "{}", "etc/b/c.json": "{}" };
    const given = { migrations: ["sql", "./api/sql/"], functions: "fn/", configuration: ["etc/*.json"] };
    const found = await sourcesOf(files, given);
    expect(found.schema?.folder).toBe("api/sql");
    expect(found.functions).toMatchObject({ folder: "fn", functions: [{ name: "x" }] });
    const one = await sourcesOf({ "etc/a.json": "{}" }, { configuration: ["etc/*.json"] });
    expect(found.configuration).toEqual(one.configuration);
  });

  it.each<readonly [Partial<UnitSettings>, string]>([
    [{ migrations: "sql" }, "commit c0ffee has no migrations at sql, which release.unit.migrations declares"],
    [{ migrations: ["config", "x"] }, "has no migrations at config, x"],
    [{ functions: "functions" }, "has no files at functions, which release.unit.functions declares"],
    [{ configuration: ["config/**", "etc/**"] }, "has no files at etc/**, which release.unit.configuration"],
    [{ "schema-from": "2026" }, "supabase/migrations has no migration of that version"],
    [{ "schema-from": "202611270900_orders" }, "has no migration of that version"],
    [{ migrations: false, "schema-from": "1" }, "c0ffee has no migrations"],
  ])("is refused where it is not there: %j", async (given, message) => {
    await expect(sourcesOf(SHOP, given)).rejects.toThrow(message);
  });

  it("the oldest version is told as its file has it", async () => {
    const { schema } = await sourcesOf(SHOP, { "schema-from": "20261127090000" });
    expect(schema).toMatchObject({ from: "202611270900", to: "20261127091500" });
  });

  it.each(["/abs", "../up", "a/../../b", ".", "./", "a\\b", ""])("leads nowhere else: %j", (path) => {
    expect(unitSettings.safeParse({ migrations: path }).success).toBe(false);
    expect(unitSettings.safeParse({ functions: path }).success).toBe(false);
  });
});

describe("migrations", () => {
  const NAMES = [
    "1_a.sql",
    "10_b.sql",
    "2_c.up.sql",
    "2_c.down.sql",
    "3_d.postgres.up.sql",
    "3_d.mysql.up.sql",
    "V4__e.sql",
    "U4__e.sql",
    "202611270900_f.sql",
    "20261127090001_g.sql",
    "202611270900_f_rollback.sql",
    "rollback/202611270900_f.sql",
    "5_h/up.sql",
    "5_h/down.sql",
    "6_i/migration.sql",
    "7_j.sql",
    "seed.sql",
    "README.md",
    "sub/deep/1_k.sql",
    "8_down.sql",
  ];
  const text = fc.constantFrom(
    "SELECT 1;",
    "-- migrate:up\nSELECT 1;\n-- migrate:down\n",
    "-- +goose Up\nSELECT 1;",
    "\uFEFF-- migrate:up\n",
  );

  it("are those that migrate takes, in its order", async () => {
    const folders = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), text), { selector: ([name]) => name });
    await fc.assert(
      fc.asyncProperty(folders, async (given) => {
        const files = given.map(([path, content]) => ({ path, bytes: Buffer.from(content) }));
        const sql = files.filter(({ path }) => path.endsWith(".sql"));
        const expected = readFolder({ files: sql, links: [] }, { supabase: false }).migrations;
        const { schema } = await sourcesOf(
          Object.fromEntries(files.map(({ path, bytes }) => [`migrations/${path}`, bytes])),
        );
        expect([schema?.count ?? 0, schema?.to]).toEqual([expected.length, expected.at(-1)?.version]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("functions", () => {
  const digests = async (files: Files): Promise<Record<string, string>> => {
    const { functions } = await sourcesOf(files);
    return Object.fromEntries([
      ["", functions!.digest],
      ...functions!.functions.map(({ name, digest }) => [name, digest] as const),
    ]);
  };
  const changedBy = async (more: Files): Promise<string[]> => {
    const [before, after] = [await digests(SHOP), await digests({ ...SHOP, ...more })];
    return Object.keys(after).filter((name) => after[name] !== before[name]);
  };

  it("are changed by what they are made of", async () => {
    expect(await changedBy({ "supabase/functions/orders/lib/a.ts": "4" })).toEqual(["", "orders"]);
    expect(await changedBy({ "supabase/functions/_shared/cors.ts": "4" })).toEqual(["", "cart", "orders"]);
    expect(await changedBy({ "supabase/functions/_new.ts": "4" })).toEqual(["", "cart", "orders"]);
    expect(await changedBy({ "supabase/functions/.npmrc": "" })).toEqual(["", "cart", "orders"]);
    expect(await changedBy({ "supabase/functions/third/index.ts": "" })).toEqual(["", "third"]);
    expect(await changedBy({ "supabase/config.toml": "a" })).toEqual([]);
  });

  it("are not changed by who writes down that they were deployed", async () => {
    expect(await changedBy({ "supabase/functions/function-manifest.json": "{}" })).toEqual([]);
  });

  it.each([
    ["supabase/functions", '{"functions": {"cart": {"version": "2.0.0"}}}'],
    ["supabase/functions", '\uFEFF{"cart": {"version": "2.0.0"}, "api": "v4.2"}'],
    ["supabase", '{"functions": [{"name": "cart", "version": "2.0.0"}, {"name": "gone"}]}'],
  ])("have the versions of a manifest in %s: %s", async (folder, manifest) => {
    const { "supabase/functions/function-manifest.json": _, ...rest } = SHOP;
    const { functions } = await sourcesOf({ ...rest, [`${folder}/function-manifest.json`]: manifest });
    expect(functions?.functions.map(({ version }) => version)).toEqual(["2.0.0", undefined]);
  });

  it.each(["", "[]", "null", '{"functions": {"cart": {"version": 2}}}', '{"functions": "cart"}'])(
    "are not guessed from a manifest that cannot be read: %s",
    async (manifest) => {
      await expect(
        sourcesOf({ ...SHOP, "supabase/functions/function-manifest.json": manifest }),
      ).rejects.toThrow(
        "the versions of functions could not be read from supabase/functions/function-manifest.json",
      );
    },
  );
});

describe("what is too much", () => {
  it("is refused by name", async () => {
    const many = Object.fromEntries(
      Array.from({ length: LIMITS.files + 1 }, (_, at) => [`config/${at}`, ""]),
    );
    await expect(sourcesOf(many)).rejects.toThrow("the configuration has 20,001 files");
    await expect(sourcesOf({ "config/huge": Buffer.alloc(LIMITS.bytes + 1) })).rejects.toThrow(
      "config/huge has 268 MB",
    );
    await expect(sourcesOf({ "config/\uFFFD": "" })).rejects.toThrow("is not UTF-8");
  });

  it("is never in memory at once", async () => {
    const files = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`config/${at}`, ""]));
    const history = commitOf(files);
    const asked: number[] = [];
    await readUnitSources(
      {
        ...history,
        files: async (commit, wanted) => {
          const found = await history.files(commit, wanted);
          asked.push(found.size);
          return found;
        },
      },
      "c0ffee",
      {},
    );
    expect(asked.reduce((sum, count) => sum + count)).toBe(1_000);
    expect(Math.max(...asked)).toBeLessThanOrEqual(200);
  });
});

/** The command of docs/formats.md, as it stands there. */
const COMMAND = /<!-- test:files-digest -->\n```sh\n([^]*?)```/.exec(
  readFileSync(new URL("../../../docs/formats.md", import.meta.url), "utf8"),
)![1]!;

function byHand(repo: Repository, commit: string, ...pathspecs: readonly string[]): string {
  const script = `set -- "$@"\n${COMMAND}`;
  const env = { ...process.env, COMMIT: commit };
  const words = ["--norc", "-euo", "pipefail", "-c", script, "bash", ...pathspecs];
  return execFileSync("bash", words, {
    cwd: repo.path,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).slice(0, 64);
}

describe("by hand, with git and sha256sum", () => {
  it("every digest is the same, whatever the names and the bytes", async () => {
    await using repo = repository();
    const awkward: Files = {
      "config/a b": "1",
      "config/line\nbreak.json": "2",
      'config/"quoted" $(x) `y` \\z': "3",
      "config/ünï-😀": "4",
      "config/\uE000": "5",
      "config/-n": "6",
      "config/a.b": "7",
      "config/a/b": "8",
      "config/a-b/tab\t": Buffer.from([0, 0xff, 0x0d, 0x0a]),
      "config/empty": "",
    };
    repo.write({ ".gitattributes": "* text=auto eol=crlf\nconfig/** export-ignore ident\n" });
    const commit = repo.commit("feat: all", { ...SHOP, ...awkward });
    const history = gitHistory({ env: process.env, folder: repo.path });
    const { schema, functions, configuration } = await readUnitSources(history, commit, {});
    const folder = "supabase/functions";
    const manifest = `:(exclude)${folder}/function-manifest.json`;
    expect(byHand(repo, commit, "supabase/migrations")).toBe(schema?.digest);
    expect(byHand(repo, commit, ":(glob)config/**")).toBe(configuration?.digest);
    expect(byHand(repo, commit, folder, manifest)).toBe(functions?.digest);
    const shared = [`:(glob)${folder}/*`, `:(glob)${folder}/[_.]*/**`, manifest];
    for (const { name, digest } of functions!.functions) {
      expect([name, byHand(repo, commit, `${folder}/${name}`, ...shared)]).toEqual([name, digest]);
    }
    expect(byHand(repo, commit, "config/empty")).not.toBe(byHand(repo, commit, "config/a b"));
  });

  it("neither sees links and other repositories", async () => {
    await using repo = repository();
    repo.commit("feat: one", { "config/a": "1", "elsewhere/b": "2" });
    const plain = repo.git("rev-parse", "HEAD");
    symlinkSync("../elsewhere/b", join(repo.path, "config/link"));
    repo.git("add", "-A");
    repo.git("update-index", "--add", "--cacheinfo", `160000,${plain},config/module`);
    repo.git("commit", "-q", "-m", "feat: links");
    const linked = repo.git("rev-parse", "HEAD");
    const history = gitHistory({ env: process.env, folder: repo.path });
    const before = (await readUnitSources(history, plain, {})).configuration?.digest;
    expect((await readUnitSources(history, linked, {})).configuration?.digest).toBe(before);
    expect(byHand(repo, linked, "config")).toBe(before);
    await expect(readUnitSources(history, linked, { configuration: ["config/link"] })).rejects.toThrow(
      "has no files",
    );
  });
});
