import { describe, expect, it } from "@jest/globals";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { openFileStore } from "../../src/adapters/file-store/file-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { acquireLock } from "../../src/nouns/store/lock.ts";
import { MENU } from "../../src/commands/menu.ts";
import { run, scratchFolder } from "../support/tools.ts";
import { cli, Job, NODE, readMetadata, ROOT } from "./runner.ts";

/** A port that accepts connections and never answers: who connects stays there to be looked at. */
async function silentServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => void socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  return { server, port: (server.address() as AddressInfo).port };
}

const PASSWORD = "Xk7+planted/secret=pw";

/** A file of the bundle and those that it imports at once, not only when they are needed. */
function withImports(file: string, found = new Set<string>()): readonly string[] {
  found.add(file);
  for (const [, name] of readFileSync(join(ROOT, "dist", file), "utf8").matchAll(
    /^(?:import|export|\}) ?(?:[^;"]* )?(?:from )?"\.\/([\w.-]+)";/gm,
  )) {
    if (!found.has(`holdfast/${name}`)) withImports(`holdfast/${name}`, found);
  }
  return [...found];
}

describe("the front door, started from dist/ as the runner and a person start it", () => {
  it("has a bundle for every script the action.yml files name", () => {
    for (const action of [".", ...MENU.map((command) => `actions/${command.name}`)]) {
      const { runs } = readMetadata(action);
      for (const script of [runs.main, runs.post].filter((path) => path !== undefined)) {
        expect(existsSync(join(ROOT, action, script))).toBe(true);
      }
    }
  });

  it("lists an empty store: outputs, a summary and exit code 0", async () => {
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const { main, post } = await job.uses("actions/list", { with: { store: `file://${job.folder}/store` } });
    expect(main.log).toContain("holds 0 backups");
    expect(main.code).toBe(0);
    expect(main.outputs).toMatchObject({ count: "0", backups: "[]", latest: "" });
    expect(main.summary).toMatch(/^### ✅ list: /);
    expect(post).toBeUndefined();
  });

  it("reports every wrong input together, with exit code 2, an annotation and a summary", async () => {
    await using job = new Job();
    const { main } = await job.uses(".", { with: { store: "ftp://somewhere", tier: "tier9", jobs: "many" } });
    expect(main.code).toBe(2);
    const [error] = main.commands.filter((command) => command.name === "error");
    expect(error?.properties["title"]).toBe("holdfast backup");
    for (const name of ["database", "store", "tier", "jobs"]) {
      expect(error?.message).toContain(`input '${name}'`);
    }
    expect(main.summary).toContain("❌");
    expect(main.summary).toContain("exit code 2");
  });

  it("refuses a mistyped input instead of ignoring it", async () => {
    await using job = new Job();
    const { main } = await job.uses("actions/list", {
      with: { store: `file://${job.folder}`, sourse: "shop" },
    });
    expect(main.code).toBe(2);
    expect(main.log).toContain("there is no input 'sourse'; did you mean 'source'?");
  });

  it("masks every secret before anything else and shows it nowhere, whole or in parts", async () => {
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const database = `postgresql://backup:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/shop?sslmode=disable`;
    const { main } = await job.uses(".", {
      with: { database, store: `file://${job.folder}/store`, "allow-unencrypted": "true" },
    });
    expect(main.code).toBe(4);
    expect(main.log).toContain("database.unreachable");
    expect(main.masks).toEqual(expect.arrayContaining([database, PASSWORD, encodeURIComponent(PASSWORD)]));
    const firstOther = main.commands.findIndex((command) => command.name !== "add-mask");
    expect(main.commands.slice(firstOther).every((command) => command.name !== "add-mask")).toBe(true);
    const shown =
      main.log
        .split("\n")
        .filter((line) => !line.startsWith("::add-mask::"))
        .join("\n") +
      main.summary +
      JSON.stringify(main.outputs) +
      JSON.stringify(main.state);
    expect(shown).not.toContain(PASSWORD);
    expect(shown).not.toContain(encodeURIComponent(PASSWORD));
  });

  it("runs the post step of a run that got nowhere without complaint", async () => {
    await using job = new Job();
    const { main, post } = await job.uses("actions/validate", {
      with: { store: `file://${job.folder}/missing` },
    });
    expect(main.code).toBe(4);
    expect(post?.code).toBe(0);
  });

  it("releases, in the post step, the lock that a killed main step left, and nobody else's", async () => {
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const url = `file://${job.folder}/store`;
    const store = openFileStore(url, { random: systemRandom, limits: { silenceMs: 120_000 } });
    // A clock whose sleep never ends: the lock is held, but nobody renews it, as after kill -9.
    const clock = { ...systemClock, sleep: () => new Promise<void>(() => undefined) };
    const identity = { kind: "github-actions" as const, id: "1.1", url: null, commit: null, actor: "mona" };
    const lock = await acquireLock({
      store,
      source: "shop",
      tier: "tier2",
      doing: "backup",
      ifLost: "",
      run: identity,
      clock,
      random: systemRandom,
    });
    const options = { with: { store: url } };
    const other = await job.post(
      "actions/backup",
      { "lock-path": lock.path, "lock-token": "0".repeat(32) },
      options,
    );
    expect(other.code).toBe(0);
    expect(await store.stat(lock.path)).not.toBeNull();
    const own = await job.post(
      "actions/backup",
      { "lock-path": lock.path, "lock-token": lock.token },
      options,
    );
    expect(own.log).toContain(`released the lock ${lock.path}`);
    expect(own.code).toBe(0);
    expect(await store.stat(lock.path)).toBeNull();
  });

  it("gives back, in the post step, the turn that a killed backup or migration had", async () => {
    await using job = new Job();
    mkdirSync(join(job.folder, "store"));
    const store = `file://${job.folder}/store`;
    const { server, port } = await silentServer();
    const url = `postgresql://u:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/shop?sslmode=disable`;
    const given = {
      backup: { database: url, "allow-unencrypted": "true" },
      migrate: { database: url, migrations: join(ROOT, "migrations") },
      "migrate-rollback": {
        ...{ database: url, migrations: join(ROOT, "migrations") },
        ...{ to: "nothing", "allow-unencrypted": "true" },
      },
    };
    const turns = (): string[] =>
      readdirSync(join(job.folder, "store"), { recursive: true, encoding: "utf8" }).filter((path) =>
        /^locks\/environment\/.*\.json$/.test(path),
      );
    for (const [name, inputs] of Object.entries(given)) {
      // Killed where it waits for what never answers, as with a runner's machine that is gone.
      let looking: NodeJS.Timeout | undefined;
      let seen = 0;
      const { main, post } = await job.uses(`actions/${name}`, {
        with: { ...inputs, store, "takes-turns-in": "Production" },
        onStart: (child) => {
          looking = setInterval(() => {
            seen += turns().length;
            // It is remembered a moment after it is there.
            if (seen === 10) child.kill("SIGKILL");
          }, 20);
        },
      });
      clearInterval(looking);
      expect({ name, signal: main.signal, log: main.log }).toMatchObject({ name, signal: "SIGKILL" });
      expect([name, post?.code, turns()]).toEqual([name, 0, []]);
      expect(post?.log).toContain("released the lock locks/environment/production/000000001.json");
    }
    server.close();
  });

  it("only warns in the post step when the store cannot be asked any more", async () => {
    await using job = new Job();
    const post = await job.post(
      "actions/backup",
      { "lock-path": "locks/shop/tier2/000000001.json", "lock-token": "x" },
      { with: { store: `file://${job.folder}/gone` } },
    );
    expect(post.code).toBe(0);
    expect(post.commands.find((command) => command.name === "warning")?.message).toContain(
      "could not clean up",
    );
  });

  it("makes a key in Actions only into a file, and never prints it", async () => {
    await using job = new Job();
    const refused = await job.uses("actions/keygen");
    expect(refused.main.code).toBe(2);
    expect(refused.main.log).toContain("must never be printed in a job log");
    const file = join(job.folder, "identity.txt");
    const { main } = await job.uses("actions/keygen", { with: { output: file } });
    expect(main.code).toBe(0);
    const key = /^AGE-SECRET-KEY-1\S+$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "none";
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(main.outputs["recipient"]).toMatch(/^age1/);
    const shown = main.log
      .split("\n")
      .filter((line) => !line.startsWith("::add-mask::"))
      .join("\n");
    expect(shown + main.summary + JSON.stringify(main.outputs)).not.toContain(key);
  });

  it("prints help and the version on standard output, with nothing on standard error", async () => {
    const help = await cli(["backup", "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--database <secret>, --database-file <path> (required)");
    expect(await cli(["--version"])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d\S*\n$/),
      stderr: "",
    });
    for (const command of MENU) {
      expect((await cli(["help", command.name])).stdout).toContain(`Usage: holdfast ${command.name}`);
    }
  });

  it("ends with 2 and a suggestion for a command that does not exist", async () => {
    const { code, stdout, stderr } = await cli(["bakcup"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("did you mean backup?");
  });

  it("prints one JSON object on standard output with --json, also for a failure", async () => {
    await using folder = scratchFolder("front-door");
    mkdirSync(join(folder.path, "store"));
    const good = await cli(["list", "--store", `file://${folder.path}/store`, "--json"]);
    expect(JSON.parse(good.stdout)).toMatchObject({ count: 0, backups: [] });
    expect(good.stdout.trim().split("\n")).toHaveLength(1);
    const bad = await cli(["list", "--store", `file://${folder.path}/missing`, "--json"]);
    expect(bad.code).toBe(4);
    expect(JSON.parse(bad.stdout)).toMatchObject({ error: { code: "store.missing", exit: 4 } });
  });

  it("reads a secret from standard input, file and environment, warns about an argument", async () => {
    await using folder = scratchFolder("front-door");
    const url = `postgresql://backup:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/shop?sslmode=disable`;
    mkdirSync(join(folder.path, "store"));
    writeFileSync(join(folder.path, "url"), `${url}\n`);
    const common = ["backup", "--store", `file://${folder.path}/store`, "--allow-unencrypted"];
    const runs = [
      await cli([...common, "--database-file", "-"], { input: `${url}\n` }),
      await cli([...common, "--database-file", join(folder.path, "url")]),
      await cli(common, { env: { HOLDFAST_DATABASE: url } }),
      await cli(common, { env: { HOLDFAST_DATABASE_FILE: join(folder.path, "url") } }),
    ];
    for (const { code, stderr } of runs) {
      expect(stderr).toContain("(database.unreachable, exit code 4)");
      expect(stderr).not.toContain("stands on the command line");
      expect(code).toBe(4);
    }
    const exposed = await cli([...common, "--database", url]);
    expect(exposed.stderr).toContain("--database stands on the command line");
    expect(exposed.stderr + exposed.stdout).not.toContain(encodeURIComponent(PASSWORD));
  });

  it("overwrites a secret in its own arguments, so that no list of processes keeps it", async () => {
    await using folder = scratchFolder("front-door");
    mkdirSync(join(folder.path, "store"));
    const lines: string[] = [];
    const { server, port } = await silentServer();
    const url = `postgresql://backup:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/shop?sslmode=disable`;
    const connected = new Promise((once) => server.once("connection", once));
    const running = cli(
      ["backup", "--store", `file://${folder.path}/store`, "--allow-unencrypted", "--database", url],
      {
        onStart: (child) => {
          void connected.then(() => {
            lines.push(readFileSync(`/proc/${child.pid}/cmdline`, "utf8"));
            child.kill("SIGKILL");
          });
        },
      },
    );
    await running;
    server.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("planted");
  });

  it("says at the first Ctrl-C that it stops, and waits no longer for a silent server", async () => {
    await using folder = scratchFolder("front-door");
    mkdirSync(join(folder.path, "store"));
    const { server, port } = await silentServer();
    const connected = new Promise((once) => server.once("connection", once));
    const ended = await cli(["backup", "--store", `file://${folder.path}/store`, "--allow-unencrypted"], {
      env: { HOLDFAST_DATABASE: `postgresql://u:p@127.0.0.1:${port}/shop?sslmode=disable` },
      onStart: (child) => {
        void connected.then(() => child.kill("SIGINT"));
      },
    });
    server.close();
    expect(ended.stderr).toContain("SIGINT received: stopping and cleaning up");
    expect(ended.stderr).toContain("(run.cancelled, exit code 4)");
    expect(ended.code).toBe(4);
  });

  it("survives a reader that goes away", async () => {
    const { code, stderr } = await run("sh", [
      "-c",
      `"${NODE}" "${join(ROOT, "dist/cli.js")}" help restore | true`,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("needs no more than the first part of the bundle for help: nothing heavy is loaded", async () => {
    await using folder = scratchFolder("front-door");
    mkdirSync(join(folder.path, "holdfast"));
    const first = withImports("holdfast/index.js");
    for (const file of ["package.json", "cli.js", ...first]) {
      copyFileSync(join(ROOT, "dist", file), join(folder.path, file));
    }
    const help = await run(NODE, [join(folder.path, "cli.js"), "backup", "--help"]);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage: holdfast backup") });
    expect(first.reduce((sum, file) => sum + statSync(join(folder.path, file)).size, 0)).toBeLessThan(
      // With it comes what nearly every command stands on: 17 kB of kernel and ports.
      260_000,
    );
    // The same copy cannot do any work, which shows that the rest was really missing.
    expect((await run(NODE, [join(folder.path, "cli.js"), "list", "--store", "file:///x"])).code).toBe(1);
  });
});
