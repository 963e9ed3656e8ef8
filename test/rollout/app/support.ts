import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemPrograms } from "../../../src/adapters/system/programs.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { systemWeb } from "../../../src/adapters/system/web.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { SlotHost } from "../../../src/ports/slot-host.ts";
import { runDeploy, type DeployInputs, type DeployPorts } from "../../../src/rollout/deploy/run.ts";
import type { AppInputs } from "../../../src/rollout/app/request.ts";
import type { RollbackInputs } from "../../../src/rollout/rollback/request.ts";
import { runRollback } from "../../../src/rollout/rollback/run.ts";
import type { SandboxOptions } from "../../../src/sandbox/start.ts";
import { appOf, GROUP, SITE, SUBSCRIPTION, type TestSandbox } from "../../support/sandbox.ts";
import { quickClock, slotsInSandbox } from "../../support/slot-host.ts";
import { testPorts } from "../../support/test-ports.ts";

/** What is added to the declared app, as YAML of the section. */
export interface Declared {
  readonly health?: string;
  readonly tests?: string;
  readonly soak?: string;
  readonly swap?: string;
}

/** An app in a sandbox, with a folder for store and settings, and what commands say of it. */
export interface AppWorld extends AsyncDisposable {
  readonly box: TestSandbox;
  readonly host: SlotHost;
  readonly lines: string[];
  readonly store: string;
  /** Stand between the commands and the host, and the store; themselves where they are not set. */
  around: (host: SlotHost) => SlotHost;
  aroundStore: (store: BlobStore) => BlobStore;
  /** Writes a package that says it is that build. @returns its path */
  packaged(build: string, more?: string): Promise<string>;
  deploy(
    version: string,
    path: string,
    given?: Partial<DeployInputs>,
    through?: DeployPorts,
  ): Promise<Outcome>;
  rollback(given?: Partial<RollbackInputs>): Promise<Outcome>;
  declare(declared: Declared): void;
  /** Inputs and ports of every command here. */
  readonly common: Omit<AppInputs, "resume"> & { readonly resume: undefined };
  ports(): DeployPorts;
  /** Which build answers at an address; `undefined` where none does. */
  live(slot?: string): Promise<string | undefined>;
}

const QUICK: Declared = {
  health: "{ path: /, build: { json: build }, tries: 3, every: 1s }",
  soak: "{ for: 10s, every: 1s }",
};

export async function appWorld(options: Partial<SandboxOptions> = {}): Promise<AppWorld> {
  const { box, host, lines } = await slotsInSandbox(options);
  const folder = mkdtempSync(join(tmpdir(), "hf-app-"));
  const store = join(folder, "store");
  const settings = join(folder, "holdfast.yml");
  mkdirSync(store);
  const declare = (declared: Declared): void => {
    const { health, tests, soak, swap } = { ...QUICK, ...declared };
    writeFileSync(
      settings,
      `rollout:\n  app: { subscription: ${SUBSCRIPTION}, group: ${GROUP}, site: ${SITE} }\n` +
        (health === undefined ? "" : `  health: ${health}\n`) +
        (tests === undefined ? "" : `  tests: ${tests}\n`) +
        (soak === undefined ? "" : `  soak: ${soak}\n`) +
        (swap === undefined ? "" : `  swap: ${swap}\n`),
    );
  };
  declare({});
  const common = {
    environment: "production",
    store: `file://${store}`,
    storeSecret: undefined,
    settings,
    planHash: undefined,
    timeline: undefined,
    resume: undefined,
    dryRun: false,
  };
  const ports = (): DeployPorts => ({
    ...testPorts(),
    clock: quickClock,
    random: systemRandom,
    web: systemWeb("0.0.0-test"),
    programs: systemPrograms(process.env),
    openSlotHost: () => Promise.resolve(world.around(host)),
    openStore: async (url) => world.aroundStore(await testPorts().openStore(url, undefined)),
  });
  const world: AppWorld = {
    box,
    host,
    lines,
    store,
    declare,
    common,
    ports,
    around: (each) => each,
    aroundStore: (each) => each,
    async packaged(build, more) {
      const path = join(folder, `${build}-${lines.length}.zip`);
      writeFileSync(path, await appOf(build, more));
      return path;
    },
    deploy: (version, path, given = {}, through = ports()) =>
      runDeploy(
        { ...common, version, package: path, build: undefined, keepPackage: true, unit: undefined, ...given },
        through,
      ),
    rollback: (given = {}) =>
      runRollback(
        {
          ...common,
          to: "last-known-good",
          trigger: "manual",
          reason: "manual",
          package: undefined,
          unit: undefined,
          schema: "keep",
          fromBackup: undefined,
          project: undefined,
          accessToken: undefined,
          functionsKey: undefined,
          functionsTo: undefined,
          functionsFolder: "",
          notify: "none",
          repository: undefined,
          token: undefined,
          ...given,
        },
        { ...testPorts(), ...ports() },
        () => Promise.resolve(undefined),
      ),
    async live(slot = "production") {
      const answer = await box.visit("/", slot);
      return answer.json?.build as string | undefined;
    },
    async [Symbol.asyncDispose]() {
      await box[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
  return world;
}

/** What a run says of itself. */
export function told({ exit, outputs, report }: Outcome): Record<string, unknown> {
  return { exit, outcome: outputs["outcome"], production: outputs["production"], headline: report.headline };
}

/** The same of one that threw. */
export function thrown(error: unknown): string {
  return (error as HoldfastError).code;
}
