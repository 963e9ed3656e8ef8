import { isHoldfastError, withHint } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
import type { Forge } from "../../ports/forge.ts";
import type { Log } from "../../ports/log.ts";
import { stateOfAnswer } from "./classic-state.ts";
import { canonical, same } from "./item.ts";
import { look, type Look } from "./look.ts";
import type { Protection } from "./settings.ts";
import { bodyOfLive } from "./stricter.ts";
import { writesOf, type Write } from "./writes.ts";

/** Somebody else writes at the same time: after so many looks it is left to the next run. */
const ROUNDS_MAX = 4;

/** What `apply` did and what is there now. */
export interface Applied {
  readonly written: readonly Write[];
  /** Read again after the last write; what it says is what counts. */
  readonly after: Look;
}

/**
 * Writes what differs, what tightens first, and reads all of it again. Before each write the thing is looked
 * at once more: GitHub has no condition to send along, so that this narrows the moment in which another's
 * change could be overwritten, and does not close it.
 *
 * @throws what a write threw, saying what was done before it; a run that is started again finishes
 */
export async function applyDeclaration(
  forge: Forge,
  declared: Protection,
  log: Pick<Log, "stage" | "info">,
  first: Look,
): Promise<Applied> {
  const written: Write[] = [];
  let now = first;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const writes = writesOf(now);
    if (writes.length === 0) break;
    for (const [at, write] of writes.entries()) {
      try {
        if (!(await isStill(forge, write))) {
          log.info(`${write.subject} was changed by somebody else in the meantime; looking again`);
          break;
        }
        log.stage(`${write.subject}: ${write.kind}, which ${write.effect}`);
        log.info(JSON.stringify(write.body));
        if (!(await send(forge, write))) break;
      } catch (error) {
        throw withHint(error, progress(written.length, writes.length - at));
      }
      written.push(write);
    }
    now = await look(forge, declared, first.squash);
  }
  return { written, after: now };
}

function progress(written: number, left: number): string {
  const done = written === 0 ? "Nothing was written" : `Before it ${written} were written`;
  return (
    `${done}, ${left} are left. What tightens is written first, so nothing is less protected than it was ` +
    "or is to be. Run apply again: it finishes."
  );
}

/** Whether there is what the write was worked out from. */
async function isStill(forge: Forge, write: Write): Promise<boolean> {
  if (write.kind === "create-ruleset") return true;
  if (write.kind === "update-ruleset") {
    const live = await forge.ruleset(write.id);
    const body = live.kind === "found" ? bodyOfLive(live.value) : undefined;
    return body !== undefined && write.from !== null && sameText(canonical(body), write.from);
  }
  const live = await forge.classic(write.branch);
  if (live.kind === "hidden") return false;
  if (live.kind === "absent") return write.from === null;
  return write.from !== null && sameText(canonical(stateOfAnswer(live.value)), write.from);
}

function sameText(one: string, other: string): boolean {
  return same(JSON.parse(one) as Json, JSON.parse(other) as Json);
}

/** @returns false where another run has made the same ruleset first */
async function send(forge: Forge, write: Write): Promise<boolean> {
  switch (write.kind) {
    case "create-ruleset":
      try {
        await forge.createRuleset(write.body);
        return true;
      } catch (error) {
        if (isHoldfastError(error, "forge.refused") && (await isThere(forge, write.body.name))) return false;
        throw error;
      }
    case "update-ruleset":
      await forge.updateRuleset(write.id, write.body);
      return true;
    case "put-classic":
      await forge.putClassic(write.branch, write.body);
      return true;
  }
}

async function isThere(forge: Forge, name: string): Promise<boolean> {
  const heads = await forge.rulesets();
  return heads.kind === "found" && heads.value.some((head) => head.own && head.name === name);
}
