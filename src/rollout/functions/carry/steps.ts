import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Observed, Observing, RetryRule, Runbook, Stage, Step } from "../../../nouns/runbook/runbook.ts";
import type { UploadedFunction } from "../../../ports/function-host.ts";
import { bundleOf } from "../archive/archive.ts";
import { takeSnapshot } from "../archive/take-snapshot.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import type { Live } from "./live-view.ts";
import type { Reached, Rollout } from "./reached.ts";
import { PutBack } from "./put-back.ts";
import { smokeCall, tryFunction } from "./try-function.ts";
import { isServed, uploadOf, wantedJwt } from "./uploads.ts";

const MINUTE_MS = 60_000;
/** A hundred others may be uploaded before, and the host allows some hundred calls a minute. */
const UPLOAD_MS = 30 * MINUTE_MS;
export const FUNCTIONS = "functions";

const AGAIN: RetryRule = {
  attempts: 2,
  pauseMs: 5_000,
  mayHelp: (error) =>
    isHoldfastError(
      error,
      ...(["functions.unreachable", "functions.moved", "store.unreachable", "store.unreadable"] as const),
    ),
};
const ONCE: RetryRule = { attempts: 1, pauseMs: 0, mayHelp: () => false };

/**
 * The road of every deployment and every rollback: what is served is kept; each function is uploaded, and
 * nobody is served it; all are activated by one call; each is called. The steps are the same whatever is
 * served now, so that a run that was killed is gone on with by the same runbook; what is so already is found.
 */
export function runbookOf(rollout: Rollout, reached: Reached): Runbook {
  const wanted = rollout.levels.flat();
  const ids = stepIds(wanted.map(({ slug }) => slug));
  const trials = wanted.map((each) => trialStep(each, ids.get(each.slug)!, reached));
  const stages: Stage[] = [
    [snapshotStep(rollout, reached)],
    ...rollout.levels.map((level) => level.map((each) => uploadStep(each, ids.get(each.slug)!, reached))),
    [activateStep(rollout, wanted, reached)],
    trials,
  ];
  return {
    name: `functions-${rollout.kind}`,
    target: rollout.project,
    inputs: {
      asked: rollout.asked,
      functions: wanted.map(({ slug, digest, version, verifyJwt }) => [
        slug,
        digest,
        version ?? null,
        verifyJwt ?? null,
      ]),
    },
    stages,
  };
}

/** Ids of steps have small letters and digits; names of functions have more, and stay apart all the same. */
function stepIds(slugs: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    [...slugs].sort().map((slug) => {
      const plain =
        slug
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-")
          .replace(/^-|-$/g, "") || "function";
      let id = plain;
      for (let count = 2; taken.has(id); count += 1) id = `${plain}-${count}`;
      taken.add(id);
      return [slug, id];
    }),
  );
}

function snapshotStep({ kind }: Rollout, reached: Reached): Step {
  const { id, host, archive, live, clock, run } = reached;
  return {
    id: "snapshot",
    title: "keep what is served now",
    component: FUNCTIONS,
    isRepeatable: true,
    timeoutMs: UPLOAD_MS,
    retry: { ...AGAIN, attempts: 3 },
    onFailure: "stop",
    async observe({ signal }) {
      const kept = await archive.snapshot(id);
      if (kept !== undefined) {
        return { kind: "true", what: `snapshot ${id} of ${quantity(kept.functions.length, "function")}` };
      }
      const served = [...(await live.now(signal)).values()];
      const unknown = served.filter((each) => !archive.knows(each.slug, bundleOf(each)));
      return {
        kind: "missing",
        what:
          `keeps ${quantity(served.length, "function")}, of which ${unknown.length} ` +
          "have to be fetched from the host",
      };
    },
    async act({ signal, progress }) {
      try {
        await takeSnapshot({ id, before: kind, host, archive, clock, run, signal, progress });
      } catch (error) {
        // It is there: only the answer was lost.
        if (!isHoldfastError(error, "store.exists")) throw error;
      } finally {
        live.forget();
      }
    },
    undo: "not-needed",
  };
}

function uploadStep(wanted: WantedFunction, id: string, reached: Reached): Step {
  const { host, archive, live, uploads } = reached;
  const { slug, version, digest } = wanted;
  const named = version === undefined ? slug : `${slug}@${version}`;
  return {
    id: `upload-${id}`,
    title: `upload ${named}`,
    component: FUNCTIONS,
    isRepeatable: true,
    timeoutMs: UPLOAD_MS,
    retry: AGAIN,
    // Nobody is served it yet, so that there is nothing to be taken back, and the same run can go on.
    onFailure: "stop",
    async observe({ signal }) {
      const served = (await live.now(signal)).get(slug);
      if (isServed(wanted, served, archive)) {
        return { kind: "true", what: `${named} is served: version ${served?.version}` };
      }
      const uploaded = await uploads.of(wanted, served);
      if (uploaded !== undefined) {
        return { kind: "true", what: `${named} is uploaded as version ${uploaded.version}` };
      }
      const from = served === undefined ? "a new function" : `now version ${served.version}`;
      return {
        kind: "missing",
        what: `uploads ${quantity(wanted.files.length, "file")} of ${named} (${from})`,
      };
    },
    async act({ signal }) {
      const served = (await live.now(signal)).get(slug);
      const upload = await uploadOf(wanted, served);
      const stored = await archive.keepFiles(upload.files);
      const uploaded = await host.upload(upload, signal);
      await archive.keepSources({
        slug,
        bundle: bundleOf(uploaded),
        origin: "uploaded",
        entrypoint: wanted.entrypoint,
        "import-map": wanted.importMap ?? null,
        "static-files": [...wanted.staticFiles],
        digest,
        version: version ?? null,
        smoke: wanted.smoke ?? null,
        files: [...stored],
        made: reached.clock.now().toISOString(),
        run: reached.run,
      });
      await uploads.add(wanted, uploaded);
    },
    undo: "not-needed",
  };
}

function activateStep({ kind }: Rollout, wanted: readonly WantedFunction[], reached: Reached): Step {
  const { host, archive, live, uploads } = reached;
  const open = async (signal: AbortSignal): Promise<readonly WantedFunction[]> => {
    const served = await live.now(signal);
    return wanted.filter((each) => !isServed(each, served.get(each.slug), archive));
  };
  const observe = async ({ signal }: Observing): Promise<Observed> => {
    // What is decided on here must not be a moment old: somebody else may have deployed in it.
    live.forget();
    const waiting = await open(signal);
    if (waiting.length === 0) {
      return { kind: "true", what: `${quantity(wanted.length, "function")} served as wanted` };
    }
    const moved = await movedSince(waiting, reached, signal);
    if (moved.length > 0) {
      return {
        kind: "wrong",
        what: `somebody else deployed ${listed(moved)} since the snapshot of this run`,
        hint: "Let whoever deploys end; then begin a new run, which keeps what is served then.",
      };
    }
    const served = await live.now(signal);
    const from = waiting.map(({ slug }) => `${slug} ${served.get(slug)?.version ?? "new"}`);
    return {
      kind: "missing",
      what: `activates ${quantity(waiting.length, "function")} at once: ${listed(from, 8)}`,
      evidence: Object.fromEntries(waiting.map(({ slug }) => [slug, served.get(slug)?.version ?? null])),
    };
  };
  return {
    id: "activate",
    title: "activate all by one call",
    component: FUNCTIONS,
    isRepeatable: true,
    timeoutMs: 10 * MINUTE_MS,
    retry: AGAIN,
    onFailure: "undo",
    observe,
    async act({ signal }) {
      const served = await live.now(signal);
      const ready: UploadedFunction[] = [];
      for (const each of await open(signal)) {
        const uploaded = await uploads.of(each, served.get(each.slug));
        if (uploaded === undefined) throw (await uploads.unreadOf(each.slug)) ?? lacking(each.slug);
        ready.push(uploaded);
      }
      try {
        await host.activate(ready, signal);
      } finally {
        live.forget();
      }
    },
    undo: new PutBack(wanted, reached).undo(kind),
  };
}

function lacking(slug: string): HoldfastError {
  return new HoldfastError("functions.moved", `the upload of ${slug} was overtaken by another deployment`, {
    hint: "Let whoever deploys end; then begin a new run.",
  });
}

/** Functions that are neither as the run's snapshot has them nor as the run has uploaded them. */
async function movedSince(
  waiting: readonly WantedFunction[],
  { id, archive, live, uploads }: Reached,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const kept = await archive.snapshot(id);
  // Nothing was begun yet.
  if (kept === undefined) return [];
  const was = new Map(kept.functions.map((each) => [each.slug, each]));
  const served = await live.now(signal);
  const moved: string[] = [];
  for (const { slug } of waiting) {
    const [before, now] = [was.get(slug), served.get(slug)];
    const isAsBefore = before?.id === now?.id && before?.["live-version"] === now?.version;
    if (isAsBefore || (now !== undefined && (await uploads.isOurs(now)))) continue;
    // It may be ours: nobody is blamed for what cannot be read.
    const unread = await uploads.unreadOf(slug);
    if (unread !== undefined) throw unread;
    moved.push(slug);
  }
  return moved;
}

function trialStep(wanted: WantedFunction, id: string, reached: Reached): Step {
  const { host, archive, live, clock } = reached;
  const { slug, smoke } = wanted;
  const call = smokeCall(slug, smoke);
  const shown = `${call.method} ${slug}${call.path}`;
  let last: Observed | undefined;
  return {
    id: `call-${id}`,
    title: `call ${slug}`,
    component: FUNCTIONS,
    isRepeatable: true,
    timeoutMs: 20 * MINUTE_MS,
    retry: ONCE,
    onFailure: "undo",
    // Before all are active a call would say nothing, and a plan calls nobody.
    observe: () => Promise.resolve({ kind: "missing", what: `calls ${shown}` }),
    async act({ signal }) {
      last = undefined;
      const trial = await tryFunction(slug, smoke, host, clock, signal);
      last = trial.isGood ? { kind: "true", what: trial.what } : bad(trial.what);
    },
    async confirm({ signal }) {
      const served = (await live.now(signal)).get(slug);
      if (!isServed(wanted, served, archive)) {
        return bad(`${slug} is at version ${served?.version ?? "none"}, which is another`);
      }
      if (last === undefined) return bad(`${shown} gave no answer`);
      return last.kind === "true" ? { ...last, what: `${last.what}, version ${served?.version}` } : last;
    },
    undo: "not-needed",
  };
}

function bad(what: string): Observed {
  return { kind: "wrong", what, hint: "Look at the function's logs at the host; mend it, and deploy again." };
}

/** Whether anything but calls would be done. */
export function isIdle(steps: readonly { readonly id: string; readonly observed: Observed }[]): boolean {
  return steps.every(
    ({ id, observed }) => observed.kind === "true" || id === "snapshot" || id.startsWith("call-"),
  );
}

/** Functions that ask for a token, and whose declared request would need a key for it. */
export function needKey(wanted: readonly WantedFunction[], served: Live): readonly string[] {
  return wanted
    .filter(({ smoke }) => smoke !== undefined && smoke.method !== "OPTIONS")
    .filter((each) => wantedJwt(each, served.get(each.slug)))
    .map(({ slug }) => slug);
}
