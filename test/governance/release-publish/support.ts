import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitRefs } from "../../../src/adapters/source-tree/refs.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import type { ReleasePublishInputs } from "../../../src/governance/release-publish/publishing.ts";
import { runReleasePublish } from "../../../src/governance/release-publish/run.ts";
import { runReleaseStatus } from "../../../src/governance/release-status/run.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeReleases } from "../../support/github/fake-releases.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { runSmall } from "../../support/small-process.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";

export const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("releases", "pulls");

/** A step as outputs tell it. */
export interface ToldStep {
  readonly tag: string;
  readonly name: string;
  readonly state: string;
  readonly what: string;
}

/** What a run says, as far as tests look at it. */
export interface Told {
  readonly exit: number;
  readonly headline: string;
  readonly version: string;
  readonly tag: string;
  readonly url: string;
  readonly published: boolean;
  readonly changed: boolean;
  readonly build: string;
  readonly steps: readonly ToldStep[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** Name of each step with its state, of the newest release. */
  readonly states: Readonly<Record<string, string>>;
}

/** A repository at a fake GitHub whose git is real, and a clone of it with `main` checked out. */
export interface ReleaseWorld extends AsyncDisposable {
  readonly fake: FakeReleases;
  readonly work: Repository;
  /** What runs take for the time, in milliseconds since 1970: who sleeps moves it on. */
  readonly time: { now: number };
  /** Called whenever a run sleeps. */
  slept: () => Promise<void>;
  forge(): Forge;
  /** Commits on the branch that is checked out, and pushes it. @returns the commit's hash */
  commit(message: string, files?: Readonly<Record<string, string | Buffer>>): string;
  publish(given?: Partial<ReleasePublishInputs>): Promise<Told>;
  status(limit?: number): Promise<Outcome>;
  /** Path of a file for attaching, outside of the checkout. */
  built(name: string, text: string): string;
}

/** With `main`, `develop`, `v1.2.0` on both, and these commits after it on `main`. */
export async function releaseWorld(...messages: readonly string[]): Promise<ReleaseWorld> {
  const folder = scratchFolder("origin");
  const origin = join(folder.path, "shop.git");
  runSmall("git", ["init", "-q", "--bare", "-b", "main", origin]);
  const work = repository();
  work.git("remote", "add", "origin", origin);
  const fake = new FakeReleases(description, TOKEN, origin);
  const api = await fake.listen();
  const commit: ReleaseWorld["commit"] = (message, files = {}) => {
    const id = work.commit(message, files);
    work.git("push", "-q", "origin", "HEAD");
    return id;
  };
  commit("feat: begin");
  work.git("tag", "-a", "-m", "v1.2.0", "v1.2.0");
  work.git("push", "-q", "origin", "v1.2.0", "main:develop");
  for (const message of messages) commit(message);
  const forge = (): Forge =>
    githubForge("acme/shop", {
      api,
      token: new Secret(TOKEN),
      version: "0.0.0-test",
      clock: { now: () => new Date("2026-11-28T12:00:00Z"), sleep: () => Promise.resolve() },
      random: { fraction: () => 0.5 },
      log: { debug: () => undefined, info: () => undefined },
      cancelled: new AbortController().signal,
    });
  const time = { now: Date.parse("2026-11-28T12:00:00Z") };
  fake.now = () => new Date(time.now);
  const clock: Clock = {
    now: () => new Date(time.now),
    elapsed: () => time.now,
    async sleep(ms) {
      time.now += ms;
      await made.slept();
    },
  };
  const made: ReleaseWorld = {
    fake,
    work,
    time,
    slept: () => Promise.resolve(),
    forge,
    commit,
    built(name, text) {
      const path = join(folder.path, name);
      writeFileSync(path, text);
      return path;
    },
    async publish(given = {}) {
      const around = { env: process.env, folder: work.path };
      const ports = testPorts({ forge: forge() });
      return told(
        await runReleasePublish(
          {
            branch: undefined,
            tag: undefined,
            assets: [],
            build: undefined,
            settings: ".github/holdfast.yml",
            repository: undefined,
            token: undefined,
            dryRun: false,
            ...given,
          },
          {
            ...ports,
            clock,
            variable: () => undefined,
            sourceTree: () => Promise.resolve(checkout({ env: process.env })),
            sourceHistory: () => Promise.resolve(gitHistory(around)),
            sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
          },
        ),
      );
    },
    status(limit = 10) {
      const around = { env: process.env, folder: work.path };
      return runReleaseStatus(
        { limit, settings: ".github/holdfast.yml", repository: undefined, token: undefined },
        {
          ...testPorts({ forge: forge() }),
          clock,
          sourceTree: () => Promise.resolve(checkout({ env: process.env })),
          sourceHistory: () => Promise.resolve(gitHistory(around)),
          sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
        },
      );
    },
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return made;
}

function told({ exit, outputs, report }: Outcome): Told {
  const found = outputs as unknown as Omit<Told, "exit" | "headline" | "states" | "notes">;
  const states = found.steps
    .filter(({ tag }) => tag === found.tag)
    .map(({ name, state }) => [name, state] as const);
  return {
    ...found,
    exit,
    headline: report.headline,
    notes: report.notes ?? [],
    states: Object.fromEntries(states),
  };
}
