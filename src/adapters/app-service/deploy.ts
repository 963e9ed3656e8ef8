import { createReadStream } from "node:fs";
import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { SlotFacts } from "../../ports/slot-host.ts";
import { retryAfterMs, type ArmClient } from "./arm-client.ts";
import type { Budget } from "./budget.ts";
import type { Package } from "./zip-folder.ts";

const POLL_MS = 3_000;
const POLL_MS_MIN = 20;
/** How long a deployment that was taken may be unknown: its record is made a moment later. */
const UNKNOWN_MS = 60_000;

/** `DeployResult` of Kudu; 3 is failed, 4 is success. */
const deployment = z.looseObject({
  id: z.string(),
  status: z.int(),
  complete: z.boolean(),
  status_text: z.string().nullish(),
  message: z.string().nullish(),
});
const SUCCESS = 4;

/**
 * The deployment service ends what it is at when it is started anew, which every change of an app's settings
 * does a while later, ours too: https://github.com/Azure-Samples/healthcare-agent-orchestrator/pull/62
 */
const RESTARTED = /\bSCM (?:container|site) restart|deployment has been stopped/i;
const RESTARTS = 3;
const RESTART_PAUSE_MS = 15_000;

/** How a deployment is waited for. */
interface Waiting {
  readonly budget: Budget;
  readonly now: () => Date;
}

/**
 * Sends a package to a slot's deployment service and waits for its end, asking by its id: `latest` may be
 * somebody else's, and a failed build is an answer of 200. Sent again where the service was started anew
 * meanwhile.
 *
 * @throws deployment.failed; what the client throws
 */
export async function deployTo(
  client: ArmClient,
  slot: SlotFacts,
  zip: Package,
  waiting: Waiting,
): Promise<string> {
  const { budget } = waiting;
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await deployOnce(client, slot, zip, waiting);
    } catch (error) {
      if (!(error instanceof HoldfastError) || !RESTARTED.test(error.message)) throw error;
      if (restarts >= RESTARTS) throw error;
      await budget.pause(RESTART_PAUSE_MS, error.message);
    }
  }
}

async function deployOnce(
  client: ArmClient,
  slot: SlotFacts,
  { path, bytes }: Package,
  { budget, now }: Waiting,
): Promise<string> {
  const doing = `deploy to ${slot.name}`;
  const taken = await client.ask(
    {
      method: "POST",
      url: `${slot.deployAddress}/api/publish?type=zip&async=true`,
      doing,
      repeatable: true,
      waitsForOthers: true,
      stream: { open: () => createReadStream(path), bytes },
    },
    budget,
  );
  const id = taken.header("scm-deployment-id");
  if (id === undefined || !/^[\w-]+$/.test(id)) {
    throw new HoldfastError("deployment.failed", `${slot.name} took the package and gave it no id`, {
      hint: "Look at the deployment center of the slot, and deploy again.",
    });
  }
  const until = budget.left - UNKNOWN_MS;
  for (let answer = taken; ;) {
    const waitMs = Math.min(POLL_MS, retryAfterMs(answer, now()) ?? POLL_MS);
    await budget.pause(Math.max(POLL_MS_MIN, waitMs), doing);
    const url = `${slot.deployAddress}/api/deployments/${id}`;
    const question = { method: "GET", url, doing, repeatable: true, waitsForOthers: false } as const;
    answer = await client.ask(question, budget, budget.left > until ? [404] : []);
    if (answer.status === 404) continue;
    const told = toldBy(answer.text, doing);
    if (!told.complete) continue;
    if (told.status === SUCCESS) return id;
    const words = printableLine(reasonOf(told)).slice(0, 600);
    throw new HoldfastError("deployment.failed", `the deployment ${id} to ${slot.name} failed: ${words}`, {
      hint: `Its log is at ${slot.deployAddress}/api/deployments/${id}/log.`,
    });
  }
}

/** One of the two may be empty, or say less: that the service was started anew counts wherever it stands. */
function reasonOf({ status_text, message }: z.infer<typeof deployment>): string {
  const said = [status_text, message].map((text) => text?.trim() ?? "").filter((text) => text !== "");
  return said.find((text) => RESTARTED.test(text)) ?? said[0] ?? "it gives no reason";
}

function toldBy(text: string, doing: string): z.infer<typeof deployment> {
  try {
    return deployment.parse(JSON.parse(text));
  } catch (cause) {
    throw new HoldfastError("slots.unreachable", `the deployment service gave no record of: ${doing}`, {
      hint: "Look at the deployment center of the slot, and deploy again.",
      cause,
    });
  }
}
