import { HoldfastError } from "../kernel/errors.ts";
import type { Outcome } from "../kernel/outcome.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Ports } from "../ports/ports.ts";
import { environmentName } from "./common-inputs.ts";
import type { InputSpec } from "./define.ts";

/**
 * The input `takes-turns-in` of a command that takes its turn only where an environment is named. Not called
 * `environment`, as that of deploy and rollback, which always take theirs: somebody's HOLDFAST_ENVIRONMENT is
 * meant for them.
 */
export const turnOf = {
  type: "string",
  text:
    "Environment whose turn is taken: while this runs, nobody else who names it deploys, rolls back, " +
    "migrates, restores or backs up there. The lock is kept in `store`; deploy and rollback always take it.",
  example: "production",
  ...environmentName,
} as const satisfies InputSpec;

interface TurnInputs {
  readonly takesTurnsIn: string | undefined;
  readonly store: string | undefined;
  readonly storeSecret: Secret | undefined;
  readonly dryRun: boolean;
}

/**
 * Carries a command out while it has the turn of its environment, where one is named; when the turn is lost
 * the command is cancelled. A dry run changes nothing, and takes none.
 *
 * @param turn `doing` for whoever finds it taken (`migrate`), `ifLost` for whoever loses it: what may have
 *   been done by then, and what to do next
 * @throws lock.held; input.missing where there is no store to keep the lock in; what `work` throws
 */
export async function inTurn(
  { takesTurnsIn: environment, store: url, storeSecret, dryRun }: TurnInputs,
  turn: { readonly doing: string; readonly ifLost: string },
  ports: Ports,
  work: (ports: Ports) => Promise<Outcome>,
): Promise<Outcome> {
  if (environment === undefined || dryRun) return await work(ports);
  if (url === undefined) {
    throw new HoldfastError(
      "input.missing",
      `the turn of ${environment} was asked for, and no store to keep its lock in`,
      { hint: "Give --store too, or leave --takes-turns-in out." },
    );
  }
  // Not for a help text: it reads documents, and loads what checks them.
  const { lockEnvironment } = await import("../nouns/store/environment-lock.ts");
  const store = await ports.openStore(url, storeSecret);
  await store.check(true);
  await using held = await lockEnvironment(environment, turn, store, ports);
  return await work({ ...ports, cancelled: AbortSignal.any([ports.cancelled, held.lost]) });
}
