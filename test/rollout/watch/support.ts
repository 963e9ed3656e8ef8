import { join } from "node:path";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import type { Web } from "../../../src/ports/web.ts";
import type { WatchInputs } from "../../../src/rollout/watch/request.ts";
import { runWatch } from "../../../src/rollout/watch/run.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeReleases } from "../../support/github/fake-releases.ts";
import { repository } from "../../support/repository.ts";
import { runSmall } from "../../support/small-process.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";

export const TOKEN = "ghs_0123456789abcdef";
export const KEY = "code=very-secret-key";
const description = githubDescription("releases", "pulls");
export const MINUTE_MS = 60_000;

/** What `holdfast watch` takes where only the address is given. */
export const INPUTS: WatchInputs = {
  url: `https://shop.test/health?${KEY}`,
  status: 200,
  contains: undefined,
  every: 30_000,
  for: 55 * MINUTE_MS,
  timeout: 20_000,
  failures: 5,
  reference: undefined,
  workflow: undefined,
  ref: undefined,
  coolDown: 30 * MINUTE_MS,
  repository: undefined,
  token: undefined,
  dryRun: false,
};

/** One answer: a status, or none. */
export type Answered = number | "silence";

/** Answers of an address, one after the other; the last one from then on. Another host always answers 404. */
export function scripted(answers: readonly Answered[], isAlone = false): Web & { readonly asked: string[] } {
  const asked: string[] = [];
  let at = 0;
  const silence = (address: string): HoldfastError =>
    new HoldfastError("web.unreachable", `${address} gave no answer: getaddrinfo ENOTFOUND`, { hint: "Look." });
  return {
    asked,
    get(address, { signal }) {
      signal.throwIfAborted();
      asked.push(new URL(address).host);
      const isOurs = address.startsWith("https://shop.test");
      const answer = isOurs ? (answers[at] ?? answers.at(-1)!) : isAlone ? "silence" : 404;
      if (isOurs) at += 1;
      if (answer === "silence") return Promise.reject(silence(address));
      return Promise.resolve({ status: answer, headers: new Map(), body: answer === 200 ? "all is well" : "" });
    },
  };
}

/** A clock on which sleeping takes no time; who watches it can let something happen meanwhile. */
export class QuickClock implements Clock {
  ms = Date.parse("2026-11-28T12:00:00Z");
  slept: () => Promise<void> | void = () => undefined;

  now(): Date {
    return new Date(this.ms);
  }

  elapsed(): number {
    return this.ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.ms += ms;
    await this.slept();
    signal?.throwIfAborted();
  }
}

/** A repository at a fake GitHub with `rollback.yml` on its branch `main`, which a watch may start. */
export interface WatchWorld extends AsyncDisposable {
  readonly fake: FakeReleases;
  readonly clock: QuickClock;
  readonly lines: string[];
  /** Leaves the claim of a watcher that was killed right behind it. */
  leaveClaim(): Promise<void>;
  /** Watches an address that gives these answers; `shift` is how far this watcher's own clock is off. */
  watch(answers: readonly Answered[], given?: Partial<WatchInputs>, shift?: number): Promise<Outcome>;
}

export async function watchWorld(): Promise<WatchWorld> {
  const folder = scratchFolder("watched");
  const origin = join(folder.path, "shop.git");
  runSmall("git", ["init", "-q", "--bare", "-b", "main", origin]);
  const work = repository();
  work.commit("feat: begin", {});
  work.git("push", "-q", origin, "HEAD:main", "HEAD:refs/heads/hotline", "HEAD:refs/tags/v1.2.0");
  const fake = new FakeReleases(description, TOKEN, origin);
  fake.workflows = ["rollback.yml"];
  fake.rights = "write";
  const clock = new QuickClock();
  fake.now = () => clock.now();
  const api = await fake.listen();
  const lines: string[] = [];
  const forgeAt = (now: () => Date): Forge =>
    githubForge("acme/shop", {
      api,
      token: new Secret(TOKEN),
      version: "0.0.0-test",
      clock: { now, sleep: () => Promise.resolve() },
      random: { fraction: () => 0.5 },
      log: { debug: () => undefined, info: () => undefined },
      cancelled: new AbortController().signal,
    });
  return {
    fake,
    clock,
    lines,
    async leaveClaim() {
      const commit = fake.ref("refs/heads/main")!;
      const claim = { on: "watch/rollback.yml", number: 1, commit, since: clock.now(), by: "By nobody" };
      if (!(await forgeAt(() => clock.now()).claims.take(claim))) throw new Error("somebody has it");
    },
    watch(answers, given = {}, shift = 0) {
      const now = (): Date => new Date(clock.ms + shift);
      const forge = forgeAt(now);
      const ports = testPorts({ forge });
      const say = (text: string): void => void lines.push(text);
      const own: Clock = {
        now,
        elapsed: () => clock.elapsed(),
        sleep: (...asked) => clock.sleep(...asked),
      };
      return runWatch(
        { ...INPUTS, workflow: "rollback.yml", ...given },
        {
          ...ports,
          log: { ...ports.log, info: say, warn: say, debug: say },
          clock: own,
          web: scripted(answers),
        },
      );
    },
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
