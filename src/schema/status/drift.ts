import { isHoldfastError } from "../../kernel/errors.ts";
import type { Ports } from "../../ports/ports.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { scriptOf, withoutScript } from "../history/script-of.ts";
import { Chain } from "../proof/chain.ts";
import { compareDatabases, platformOfState, type Deviation } from "../proof/compare-databases.ts";
import { replay } from "../proof/replay.ts";
import type { SchemaState } from "../proof/state.ts";
import { preludeFor } from "../shadow/platform.ts";
import { privateShadow } from "../shadow/shadow.ts";
import { toldFailure } from "../shadow/run-script.ts";

/** What of the schema is not what its migrations made. */
export interface Drift {
  readonly deviations: readonly Deviation[];
  /** Why the objects could not be named, or not for certain. */
  readonly doubt: string | undefined;
}

/** What naming the objects of a drift needs of the outside. */
export type DriftPorts = Pick<
  Ports,
  "scratchServers" | "openDatabase" | "log" | "random" | "clock" | "cancelled"
>;

/** Builds the history anew on a private server, and names what the live database has otherwise. */
export async function nameDrift(
  live: { readonly state: SchemaState; readonly major: number },
  history: readonly HistoryEntry[],
  ports: DriftPorts,
): Promise<Drift> {
  const unknown = (why: string): Drift => ({ deviations: [], doubt: `its objects cannot be named: ${why}` });
  const lacking = history.filter(({ forward }) => forward === null);
  if (lacking.length > 0) return unknown(withoutScript(lacking));
  const scripts = history.flatMap((entry) => scriptOf(entry, "forward") ?? []);
  const platform = platformOfState(live.state);
  try {
    await using shadow = await privateShadow(live.major, ports);
    await using chain = await Chain.open(shadow, preludeFor(platform));
    const ground = await chain.state();
    const stopped = await replay(chain, scripts);
    if (stopped !== undefined) {
      return unknown(
        `${stopped.file} does not go through on ${shadow.described}: ${toldFailure(stopped.failure)}`,
      );
    }
    return {
      deviations: compareDatabases(live.state, { state: await chain.state(), ground, platform }),
      doubt:
        shadow.major === live.major
          ? undefined
          : `the database's major is ${live.major}, and this was compared on ${shadow.described}`,
    };
  } catch (error) {
    if (!isHoldfastError(error) || ports.cancelled.aborted) throw error;
    return unknown(error.message);
  }
}
