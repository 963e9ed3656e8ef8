import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { PRODUCTION_SLOT } from "../../../ports/slot-host.ts";
import type { Acting, FailureRule, Step } from "../../../nouns/runbook/runbook.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { inItsPlace, surelyInItsPlace } from "../not-the-app.ts";
import { versionOf } from "../release-mark.ts";
import { addressOfBuild } from "./health.ts";
import { judgedBy } from "../settings.ts";
import { lookStep } from "./look-step.ts";
import { MINUTE_MS, type OnApp } from "./on-app.ts";

/** The tests that somebody declared, against the slot; undefined where none are. */
export function testsStep(on: OnApp, onFailure: FailureRule = "undo"): Step | undefined {
  const { settings } = on;
  // What stops a whole rollback is at its end: the build is production by then.
  const where = onFailure === "stop" ? PRODUCTION_SLOT : on.slot;
  const { paths, command, within } = settings.tests;
  if (paths.length === 0 && command === undefined) return undefined;
  const parts = [
    ...(paths.length === 0 ? [] : [`ask ${quantity(paths.length, "path")}`]),
    ...(command === undefined ? [] : [`run ${command}`]),
  ];
  return lookStep({
    id: "tests",
    title: `test ${where}`,
    what: `${parts.join(", and ")} against ${where}`,
    by: judgedBy(settings.tests),
    timeoutMs: within + (1 + paths.length) * MINUTE_MS,
    onFailure,
    async look(acting) {
      const address = await addressOfBuild(on, acting.signal);
      for (const path of paths) await askPath(on, address, path, acting);
      if (command !== undefined) await runCommand({ ...on, slot: where }, address, command, acting);
      return `${parts.join(", and ")}: good`;
    },
  });
}

async function askPath(
  { web }: OnApp,
  address: string,
  path: string,
  { signal, progress }: Acting,
): Promise<void> {
  let why: string;
  try {
    const answer = await web.get(address + path, { signal, withinMs: MINUTE_MS });
    const { status } = answer;
    progress(`${path}: ${status}`);
    const instead = status < 400 ? surelyInItsPlace(answer) : inItsPlace(answer);
    if (status < 400 && instead === undefined) return;
    why = `${path} of ${address} answers ${status}${instead === undefined ? "" : `: ${instead}`}`;
  } catch (error) {
    if (!isHoldfastError(error, "web.unreachable", "web.untrusted")) throw error;
    why = error.message;
  }
  throw failed(why);
}

async function runCommand(
  { programs, settings, build, slot }: OnApp,
  address: string,
  command: string,
  { signal, progress }: Acting,
): Promise<void> {
  const env = { HOLDFAST_ADDRESS: address, HOLDFAST_SLOT: slot, HOLDFAST_VERSION: versionOf(build) };
  const end = await programs.run(command, { env, signal, withinMs: settings.tests.within, heard: progress });
  if ("code" in end && end.code === 0) return;
  const how =
    "code" in end
      ? `ended with ${end.code}`
      : end.ended === "timeout"
        ? "did not end in its time"
        : `was ended by ${end.ended}`;
  throw failed(`${command} ${how}`);
}

function failed(why: string): HoldfastError {
  return new HoldfastError("app.tests-failed", why, {
    hint: "Its output is above. Production was not changed; mend it, and deploy again.",
  });
}
