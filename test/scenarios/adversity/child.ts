/**
 * One run of a command with the real adapters, which kills itself with SIGKILL at one place: a real death,
 * nothing gets the chance to clean up. Started by kill.test.ts: `node child.ts <order as JSON>`; without a
 * place it says how many there are.
 */
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { readFileSync, rmSync } from "node:fs";
import { openFileStore } from "../../../src/adapters/file-store/file-store.ts";
import { postgresTools, serverInstallations } from "../../../src/adapters/pg-tools/dump-tools.ts";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { localScratchServers } from "../../../src/adapters/scratch-server/scratch-servers.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { runBackup } from "../../../src/backups/backup/run.ts";
import { takeSafetyBackup } from "../../../src/backups/backup/safety.ts";
import type { Log } from "../../../src/ports/log.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { runRestore } from "../../../src/backups/restore/run.ts";
import { runValidate } from "../../../src/backups/validate/run.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { backupInputs, restoreInputs, validateInputs, type KeyPair } from "./support.ts";

/** What a child is told; it reads it from a file, because the database URL holds a password. */
export interface Order {
  readonly command: "backup" | "validate" | "restore";
  readonly url: string;
  readonly store: string;
  readonly keys: KeyPair;
  /** Number of the place, from 1: calls of the store and stages of the log as they come; 0: nowhere. */
  readonly dieAt: number;
  /** Of a store event: before it is done, or when it is done and the answer is on its way. */
  readonly moment: "before" | "after";
}

const orderPath = process.argv[2] ?? "";
const order = JSON.parse(readFileSync(orderPath, "utf8")) as Order;
rmSync(orderPath);
const places: string[] = [];

function die(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered before this could be reached a second time.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** The next place; death if it is the one. */
function place(name: string): boolean {
  places.push(name);
  return places.length === order.dieAt;
}

const ignore = (): void => undefined;
const log: Log = {
  stage: (text) => void (place(`stage ${text}`) && die()),
  info: ignore,
  warn: ignore,
  debug: ignore,
  progress: (text) => {
    if (place(`progress ${text}`)) die();
    return { add: ignore, done: ignore };
  },
};

/** Turns the fault of a FaultyStore into death: its event log is the list of places. */
class DeadlyStore extends FaultyStore {
  override async put(...words: Parameters<FaultyStore["put"]>): ReturnType<FaultyStore["put"]> {
    return this.#around(`put ${words[0]}`, () => super.put(...words));
  }
  override async get(...words: Parameters<FaultyStore["get"]>): ReturnType<FaultyStore["get"]> {
    return this.#around(`get ${words[0]}`, () => super.get(...words));
  }
  override async remove(...words: Parameters<FaultyStore["remove"]>): ReturnType<FaultyStore["remove"]> {
    return this.#around(`remove ${words[0]}`, () => super.remove(...words));
  }
  override async stat(...words: Parameters<FaultyStore["stat"]>): ReturnType<FaultyStore["stat"]> {
    return this.#around(`stat ${words[0]}`, () => super.stat(...words));
  }
  async #around<T>(name: string, work: () => Promise<T>): Promise<T> {
    const here = place(name);
    if (here && order.moment === "before") die();
    const result = await work();
    if (here) die();
    return result;
  }
}

const ports: Ports = {
  clock: systemClock,
  random: systemRandom,
  disk: systemDisk(),
  log,
  openStore: (url) =>
    Promise.resolve(
      new DeadlyStore(openFileStore(url, { random: systemRandom, limits: { silenceMs: 120_000 } }), {
        failAt: 0,
      }),
    ),
  openNotifications: () => Promise.reject(new Error("this child tells nobody")),
  openSlotHost: () => Promise.reject(new Error("no app here")),
  web: { get: () => Promise.reject(new Error("this test asks no address")) },
  programs: { run: () => Promise.reject(new Error("this test runs no program")) },
  startSandbox: () => Promise.reject(new Error("no sandbox here")),
  openFunctions: () => Promise.reject(new Error("this child has no functions")),
  openAdvisories: () => Promise.reject(new Error("no registry here")),
  openForge: () => Promise.reject(new Error("nothing here asks a forge")),
  sourceTree: () => Promise.resolve(checkout({ env: process.env })),
  sourceHistory: (folder) => Promise.resolve(gitHistory({ env: process.env, folder })),
  sourceRefs: () => Promise.reject(new Error("nothing here asks for tags")),
  releaseCalculation: () => Promise.reject(new Error("nothing is released here")),
  pullRequestEvent: () => Promise.resolve(undefined),
  mergeGroupEvent: () => Promise.resolve(undefined),
  openDatabase: (address) => Promise.resolve(postgresDatabase(address)),
  dumpTools: () => Promise.resolve(postgresTools({ env: process.env })),
  scratchServers: () =>
    Promise.resolve(
      localScratchServers({
        installations: () => serverInstallations({ env: process.env }),
        disk: systemDisk(),
      }),
    ),
  workTree: () => Promise.reject(new Error("nothing here writes a checkout")),
  variable: (name) => process.env[name],
  mask: ignore,
  cancelled: new AbortController().signal,
  run: { kind: "cli", id: `killed-${process.pid}`, url: null, commit: null, actor: "mortal" },
  version: "0.0.0-test",
  surface: "cli",
};

const { url, keys, store } = order;
const database = decodeURIComponent(new URL(url).pathname.slice(1));
const outcome =
  order.command === "backup"
    ? await runBackup({ ...backupInputs(url, keys.recipient), store }, ports)
    : order.command === "validate"
      ? await runValidate({ ...validateInputs(keys.identity, { depth: "restored", jobs: 2 }), store }, ports)
      : await runRestore(
          {
            ...restoreInputs(url, keys.identity, {
              mode: "beside",
              confirm: database,
              safetyBackup: true,
              source: "shop",
            }),
            store,
          },
          ports,
          ({ request, safetyRecipients }) =>
            takeSafetyBackup(
              {
                database: request.target,
                store: request.catalog.store,
                recipients: safetyRecipients,
                jobs: 1,
                snapshotLimitMs: 60_000,
              },
              ports,
            ),
        );
process.stdout.write(JSON.stringify({ exit: outcome.exit, places }));
