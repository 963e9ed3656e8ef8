import { join } from "node:path";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitRefs } from "../../../src/adapters/source-tree/refs.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import { repository, type Repository } from "../repository.ts";
import { runSmall } from "../small-process.ts";
import { testPorts, type TestPorts } from "../test-ports.ts";
import { scratchFolder } from "../tools.ts";
import { githubDescription } from "./description.ts";
import { FakeReleases } from "./fake-releases.ts";

const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("releases", "pulls");

type Files = Readonly<Record<string, string | Buffer | undefined>>;

/** A repository at a fake GitHub whose git is real, and a clone of it with `develop` checked out. */
export interface FlowWorld extends AsyncDisposable {
  readonly fake: FakeReleases;
  readonly work: Repository;
  /** Commits on the branch that is checked out, and pushes it. @returns the commit's hash */
  commit(message: string, files?: Files): string;
  /** As actions/checkout does with `fetch-depth: 0`. */
  fetch(): void;
  ports(): TestPorts;
  /** Text of a file at GitHub. */
  text(branch: string, path: string): string;
  /** Headers of what a branch at GitHub has and another has not, the newest first. */
  headers(branch: string, without: string): readonly string[];
}

/** With `main`, `develop` and `v1.2.0` on both, and these commits after it on `develop`. */
export async function flowWorld(...messages: readonly string[]): Promise<FlowWorld> {
  const folder = scratchFolder("origin");
  const origin = join(folder.path, "shop.git");
  runSmall("git", ["init", "-q", "--bare", "-b", "main", origin]);
  const work = repository();
  work.git("remote", "add", "origin", origin);
  const fake = new FakeReleases(description, TOKEN, origin);
  const api = await fake.listen();
  const commit: FlowWorld["commit"] = (message, files = {}) => {
    const id = work.commit(message, files);
    work.git("push", "-q", "origin", "HEAD");
    return id;
  };
  commit("feat: begin", {
    "package.json": '{\n  "name": "shop",\n  "version": "1.2.0"\n}\n',
    "CHANGELOG.md": "# Changelog\n\n## 1.2.0 (2026-01-01)\n\n* begin\n",
  });
  work.git("tag", "-a", "-m", "v1.2.0", "v1.2.0");
  work.git("switch", "-qc", "develop");
  work.git("push", "-q", "origin", "v1.2.0", "develop");
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
  return {
    fake,
    work,
    commit,
    fetch: () => void work.git("fetch", "-q", "--prune", "--tags", "--force", "origin"),
    ports() {
      const around = { env: process.env, folder: work.path };
      const ports = testPorts({ forge: forge() });
      return {
        ...ports,
        clock: { ...ports.clock, sleep: () => Promise.resolve() },
        sourceTree: () => Promise.resolve(checkout({ env: process.env })),
        sourceHistory: () => Promise.resolve(gitHistory(around)),
        sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
      };
    },
    text: (branch, path) => fake.git(["show", `refs/heads/${branch}:${path}`]).out,
    headers: (branch, without) =>
      fake
        .git(["log", "--format=%s", `refs/heads/${branch}`, `^refs/heads/${without}`])
        .out.split("\n")
        .filter(Boolean),
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What a run of these commands says, as far as tests look at it. */
export interface ToldFlow {
  readonly exit: number;
  readonly headline: string;
  readonly version: string;
  readonly branch: string;
  readonly changed: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** Name of each step with its state. */
  readonly states: Readonly<Record<string, string>>;
  /** Name of each step with what is said of it. */
  readonly said: Readonly<Record<string, string>>;
}

export function toldFlow({ exit, outputs, report }: Outcome): ToldFlow {
  const steps = outputs["steps"] as unknown as readonly Readonly<Record<"name" | "state" | "what", string>>[];
  const found = outputs as unknown as Pick<
    ToldFlow,
    "version" | "branch" | "changed" | "problems" | "warnings"
  >;
  return {
    ...found,
    exit,
    headline: report.headline,
    notes: report.notes,
    states: Object.fromEntries(steps.map(({ name, state }) => [name, state])),
    said: Object.fromEntries(steps.map(({ name, what }) => [name, what])),
  };
}
