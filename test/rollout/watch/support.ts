import { join } from "node:path";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import type { WatchInputs } from "../../../src/rollout/watch/request.ts";
import { runWatch } from "../../../src/rollout/watch/run.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeReleases } from "../../support/github/fake-releases.ts";
import { repository } from "../../support/repository.ts";
import { runSmall } from "../../support/small-process.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { INPUTS, QuickClock, scripted, type Answered } from "./scripted.ts";

export const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("releases", "pulls");
/** A repository at a fake GitHub with `rollback.yml` on its branch `main`, which a watch may start. */
export interface WatchWorld extends AsyncDisposable {
  readonly fake: FakeReleases;
  /** Address of its API. */
  readonly api: string;
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
    api,
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
