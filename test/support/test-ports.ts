import { checkout } from "../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../src/adapters/source-tree/history.ts";
import { withVariables } from "../../src/adapters/system/with-variables.ts";
import { gitRefs } from "../../src/adapters/source-tree/refs.ts";
import { gitWorkTree } from "../../src/adapters/source-tree/work-tree.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { postgresTools, serverInstallations } from "../../src/adapters/pg-tools/dump-tools.ts";
import { keptScratchData } from "./data-folder.ts";
import { openFileStore } from "../../src/adapters/file-store/file-store.ts";
import { localScratchServers } from "../../src/adapters/scratch-server/scratch-servers.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemDisk } from "../../src/adapters/system/disk.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import type { Database } from "../../src/ports/database.ts";
import type { DumpTools, ToolSet } from "../../src/ports/dump-tools.ts";
import type { Forge } from "../../src/ports/forge.ts";
import type { FunctionHost } from "../../src/ports/function-host.ts";
import type { Log } from "../../src/ports/log.ts";
import type { Ports } from "../../src/ports/ports.ts";

/** What a test may put in place of, or around, the real parts. */
export interface TestPortsOptions {
  readonly store?: (store: BlobStore) => BlobStore;
  readonly database?: (database: Database) => Database;
  readonly tools?: (tools: DumpTools) => DumpTools;
  /** GitHub; without one, asking for it is an error. */
  readonly forge?: Forge;
  /** Where functions run; without it, asking for them is an error. */
  readonly functions?: FunctionHost;
  readonly cancelled?: AbortSignal;
  /**
   * The only folder to look for PostgreSQL's programs in, as HOLDFAST_PG_BIN; scratch servers are started
   * from it as well.
   */
  readonly binDir?: string;
}

/** Ports with the real adapters: PostgreSQL, its programs, a folder as the store; and a log that is kept. */
export interface TestPorts extends Ports {
  readonly lines: string[];
}

/** Programs are looked for once in a test file, not by each of its hundreds of commands. */
const installations = new Map<string, Promise<readonly ToolSet[]>>();

function remembered(
  what: string,
  binDir: string | undefined,
  look: () => Promise<readonly ToolSet[]>,
): () => Promise<readonly ToolSet[]> {
  const key = `${what} ${binDir ?? "anywhere"}`;
  return () => {
    const found = installations.get(key) ?? look();
    installations.set(key, found);
    return found;
  };
}

export function testPorts(options: TestPortsOptions = {}): TestPorts {
  const lines: string[] = [];
  const disk = systemDisk();
  const env =
    options.binDir === undefined ? process.env : { ...process.env, HOLDFAST_PG_BIN: options.binDir };
  const say =
    (kind: string) =>
    (text: string): void =>
      void lines.push(`${kind}: ${text}`);
  const log: Log = {
    stage: say("stage"),
    info: say("info"),
    warn: say("warn"),
    debug: say("debug"),
    progress: (text) => {
      lines.push(`progress: ${text}`);
      return { add: () => undefined, done: () => undefined };
    },
  };
  const real = postgresTools({ env });
  const tools: DumpTools = {
    ...real,
    installed: remembered("client", options.binDir, () => real.installed()),
  };
  const around = <T>(value: T, wrap: ((value: T) => T) | undefined): T => (wrap ? wrap(value) : value);
  return {
    lines,
    clock: systemClock,
    random: systemRandom,
    disk,
    log,
    openForge: () =>
      options.forge === undefined
        ? Promise.reject(new Error("this test has no forge"))
        : Promise.resolve(options.forge),
    openNotifications: () => Promise.reject(new Error("this test tells nobody")),
    openSlotHost: () => Promise.reject(new Error("this test has no app")),
    web: { get: () => Promise.reject(new Error("this test asks no address")) },
    programs: { run: () => Promise.reject(new Error("this test runs no program")) },
    startSandbox: () => Promise.reject(new Error("this test has no sandbox")),
    openFunctions: () =>
      options.functions === undefined
        ? Promise.reject(new Error("this test has no functions"))
        : Promise.resolve(options.functions),
    openAdvisories: () => Promise.reject(new Error("this test has no registry")),
    openStore: (url) =>
      Promise.resolve(
        around(openFileStore(url, { random: systemRandom, limits: { silenceMs: 120_000 } }), options.store),
      ),
    sourceTree: () => Promise.resolve(checkout({ env: process.env })),
    sourceHistory: (folder) => Promise.resolve(gitHistory({ env: process.env, folder })),
    sourceRefs: (folder) => Promise.resolve(gitRefs({ env: process.env, folder, disk })),
    releaseCalculation: async () => {
      const { semanticReleaseCalculation } = await import("../../src/adapters/semantic-release/calculate.ts");
      return semanticReleaseCalculation({ path: process.env["PATH"], variables: withVariables });
    },
    pullRequestEvent: () => Promise.resolve(undefined),
    mergeGroupEvent: () => Promise.resolve(undefined),
    openDatabase: (address) => Promise.resolve(around(postgresDatabase(address), options.database)),
    dumpTools: () => Promise.resolve(around(tools, options.tools)),
    scratchServers: () =>
      Promise.resolve(
        localScratchServers({
          installations: remembered("server", options.binDir, () => serverInstallations({ env })),
          disk,
          makeDataFolder: keptScratchData,
        }),
      ),
    workTree: () => gitWorkTree({ env: process.env }),
    variable: (name) => process.env[name],
    mask: () => undefined,
    cancelled: options.cancelled ?? new AbortController().signal,
    run: { kind: "cli", id: "test", url: null, commit: null, actor: "tester" },
    version: "0.0.0-test",
    surface: "cli",
  };
}

/** A secret input. */
export function secret(value: string): Secret {
  return new Secret(value);
}
