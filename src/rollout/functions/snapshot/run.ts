import { EXIT } from "../../../kernel/errors.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { newBackupId } from "../../../nouns/catalog/backup-id.ts";
import { bundleOf, FunctionArchive } from "../archive/archive.ts";
import { takeSnapshot } from "../archive/take-snapshot.ts";
import { opened, type ProjectInputs, type RolloutPorts } from "../carry/request.ts";
import { locked } from "../carry/roll-out.ts";

/** The parsed inputs of `holdfast functions snapshot`. */
export interface FunctionsSnapshotInputs extends ProjectInputs {
  readonly dryRun: boolean;
}

export type FunctionsSnapshotPorts = Pick<
  RolloutPorts,
  "openStore" | "openFunctions" | "clock" | "random" | "log" | "cancelled" | "run" | "remember"
>;

/** `holdfast functions snapshot`: see src/commands/rollout/functions-snapshot.ts. */
export async function runFunctionsSnapshot(
  inputs: FunctionsSnapshotInputs,
  ports: FunctionsSnapshotPorts,
): Promise<Outcome> {
  const { clock, random, log, run, cancelled } = ports;
  const { project } = inputs;
  const { host, store } = await opened(inputs, ports, { forWriting: !inputs.dryRun });
  const warn = (text: string): void => log.warn(text);
  if (inputs.dryRun) {
    const archive = await FunctionArchive.open(store, project, warn);
    const live = await host.list(cancelled);
    const unknown = live.filter((each) => !archive.knows(each.slug, bundleOf(each))).length;
    return outcome(
      project,
      "",
      live.length,
      unknown,
      `A snapshot would keep ${quantity(live.length, "function")}`,
    );
  }
  await using lock = await locked({ kind: "snapshot", project }, store, ports);
  const archive = await FunctionArchive.open(store, project, warn);
  const id = newBackupId(clock.now(), random);
  const signal = AbortSignal.any([cancelled, lock.lost]);
  log.stage(`keeping the functions of ${project}`);
  const progress = (text: string): void => log.info(text);
  const taken = await takeSnapshot({ id, before: "snapshot", host, archive, clock, run, signal, progress });
  const headline = `Snapshot ${id} keeps ${quantity(taken.functions, "function")} of ${project}`;
  return outcome(project, id, taken.functions, taken.fetched, headline);
}

function outcome(project: string, id: string, functions: number, fetched: number, headline: string): Outcome {
  const doing = id === "" ? "would have to be fetched" : "were fetched";
  return {
    exit: EXIT.done,
    outputs: { project, snapshot: id, functions, fetched },
    report: {
      good: true,
      headline,
      tables: [],
      notes: [`sources of ${fetched} ${doing} from the host, the others were in the store already`],
    },
  };
}
