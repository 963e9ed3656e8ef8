import { Secret } from "../../../kernel/secret.ts";
import type { Step } from "../../../nouns/runbook/runbook.ts";
import type { PackageSource } from "../package-shelf.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import { markAt, markOf, RELEASE_MARK } from "../release-mark.ts";
import { APPLICATION, callOf, MINUTE_MS, ONCE, type OnApp } from "./on-app.ts";

const TIMEOUT_MS = 40 * MINUTE_MS;

/**
 * The slot holds the build. The mark is taken off before the package is put in and set after it, so that a
 * slot is never marked with what it does not hold.
 *
 * @param source of the package; undefined where the slot is expected to hold the build already
 */
export function packageStep(on: OnApp, source: PackageSource | undefined): Step {
  const { host, slot, build } = on;
  const mark = markOf(build);
  return {
    id: "package",
    title: `have ${mark} in ${slot}`,
    component: APPLICATION,
    isRepeatable: true,
    timeoutMs: TIMEOUT_MS,
    retry: ONCE,
    onFailure: "stop",
    async observe({ signal }) {
      const call = callOf(signal, TIMEOUT_MS);
      // After the swap it is production that has it.
      if ((await markAt(host, PRODUCTION_SLOT, call)) === mark) {
        return { kind: "true", what: `production holds ${mark}` };
      }
      if ((await host.slot(slot, call)) === undefined) {
        return source === undefined ? lacking(slot) : { kind: "missing", what: `deploy ${mark} to ${slot}` };
      }
      const there = await markAt(host, slot, call);
      if (there === mark) return { kind: "true", what: `${slot} holds ${mark}` };
      if (source === undefined) return lacking(slot, there);
      const instead = there === undefined ? "" : `, instead of ${there}`;
      return { kind: "missing", what: `deploy ${mark} to ${slot}${instead}` };
    },
    async act({ signal, progress }) {
      const call = callOf(signal, TIMEOUT_MS);
      await using pack = await source!.open(signal);
      await setMark(on, undefined, signal);
      progress(`deploying ${source!.name} to ${slot}`);
      const id = await host.deploy(slot, pack.path, call);
      progress(`deployed as ${id}`);
      await setMark(on, mark, signal);
    },
    undo: "not-needed",
  };
}

function lacking(
  slot: string,
  there?: string,
): { readonly kind: "wrong"; readonly what: string; readonly hint: string } {
  return {
    kind: "wrong",
    what: there === undefined ? `${slot} holds nothing of ours` : `${slot} holds ${there}`,
    hint: "The store has no package of it: give it with --package, and it is deployed anew.",
  };
}

async function setMark(
  { host, slot }: Pick<OnApp, "host" | "slot">,
  mark: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const call = callOf(signal, TIMEOUT_MS);
  const settings = new Map(await host.settings(slot, call));
  if (settings.get(RELEASE_MARK)?.reveal() === mark) return;
  if (mark === undefined) settings.delete(RELEASE_MARK);
  else settings.set(RELEASE_MARK, new Secret(mark));
  await host.putSettings(slot, settings, call);
}
