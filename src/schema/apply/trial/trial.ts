import { isHoldfastError } from "../../../kernel/errors.ts";
import type { HistoryEntry } from "../../history/entry.ts";
import { scriptOf, withoutScript } from "../../history/script-of.ts";
import { withEntries } from "../../history/position.ts";
import { readHistory } from "../../history/table.ts";
import type { Migration } from "../../folder/migration.ts";
import { Chain } from "../../proof/chain.ts";
import { provePair } from "../../proof/prove-pair.ts";
import { replay } from "../../proof/replay.ts";
import type { PairProof } from "../../proof/verdict.ts";
import { prepareScript, type ScriptSource } from "../../script/prepare.ts";
import { platformOf, preludeFor } from "../../shadow/platform.ts";
import type { ScriptFailure } from "../../shadow/run-script.ts";
import { privateShadow } from "../../shadow/shadow.ts";
import type { MigratePlan } from "../plan.ts";
import type { PlannedMigration } from "../planned-migration.ts";
import type { MigratePorts } from "../request.ts";
import { toldFailure } from "../../shadow/run-script.ts";

/** How one pending file went on the private server. */
export interface TriedFile {
  readonly step: PlannedMigration;
  readonly proof: PairProof;
  /** Undefined where it goes through. */
  readonly failure: ScriptFailure | undefined;
}

/** What trying the pending files came to. */
export interface Trial {
  /** In the order of the plan, up to the first that fails. */
  readonly files: readonly TriedFile[];
  /** What was tried on; undefined where no server could be had. */
  readonly on: string | undefined;
  /** Why nothing, or not all, was tried; undefined where all was. */
  readonly why: string | undefined;
  /** The live schema is not what its last migration left, so that the trial was on another one. */
  readonly drifted: boolean;
  /** The server's major is not the database's. */
  readonly otherMajor: { readonly tried: number; readonly live: number } | undefined;
  /** Extensions that this machine lacks and that were left out. */
  readonly extensions: readonly string[];
}

/**
 * Builds the database's history anew on a private server of its major and carries the pending files out
 * there, each with its rollback. The live database is only read.
 *
 * @throws database.* where the live database cannot be read; run.cancelled
 */
export async function tryPending(plan: MigratePlan, ports: MigratePorts): Promise<Trial> {
  const live = await readLive(plan);
  const nothing = { files: [], on: undefined, drifted: live.drifted, otherMajor: undefined, extensions: [] };
  const unknown = live.history.filter(({ source }) => source === undefined);
  if (unknown.length > 0) {
    const why = `${withoutScript(unknown)} and not found in the folder, so the history cannot be built anew`;
    return { ...nothing, why };
  }
  const history = live.history.flatMap(({ source }) => source ?? []);
  try {
    return await tryOn(plan, { ...live, history }, ports);
  } catch (error) {
    // A machine without a server to spare is no reason to keep the plan back.
    if (!isHoldfastError(error) || ports.cancelled.aborted) throw error;
    return { ...nothing, why: error.message };
  }
}

interface Live {
  readonly major: number;
  readonly drifted: boolean;
  readonly history: readonly { readonly file: string; readonly source: ScriptSource | undefined }[];
}

async function readLive({ request, standing, taken, drifted }: MigratePlan): Promise<Live> {
  await using session = await request.database.connect({ purpose: "migrate trial" });
  const [version] = await session.query<{ number: number }>(
    "SELECT pg_catalog.current_setting('server_version_num')::integer AS number",
  );
  const history = withEntries(await readHistory(session), taken).filter(({ state }) => state === "applied");
  return {
    major: Math.floor(version!.number / 10_000),
    drifted,
    history: history.map((entry) => ({
      file: entry.file,
      source: sourceOf(
        entry,
        standing.applied.find(({ entry: { version: other } }) => other === entry.version)?.migration,
      ),
    })),
  };
}

/** What was carried out counts; what was only written down has its script in the folder. */
function sourceOf(entry: HistoryEntry, migration: Migration | undefined): ScriptSource | undefined {
  const recorded = scriptOf(entry, "forward");
  if (recorded === undefined) return migration?.forward;
  return { ...recorded, firstLine: migration?.forward.firstLine ?? 1 };
}

async function tryOn(
  { steps, request }: MigratePlan,
  live: { readonly major: number; readonly drifted: boolean; readonly history: readonly ScriptSource[] },
  ports: MigratePorts,
): Promise<Trial> {
  const texts = [...live.history, ...steps.map(({ migration }) => migration.forward)].map(({ text }) => text);
  await using shadow = await privateShadow(live.major, ports);
  await using chain = await Chain.open(shadow, preludeFor(platformOf(request.folder, texts)));
  ports.log.stage(`trying what is pending on ${shadow.described}`);
  const files: TriedFile[] = [];
  const end = (why: string | undefined): Trial => ({
    files,
    why,
    on: shadow.described,
    drifted: live.drifted,
    otherMajor: shadow.major === live.major ? undefined : { tried: shadow.major, live: live.major },
    extensions: chain.standIns.extensions,
  });
  const stopped = await replay(chain, live.history, () => {
    ports.cancelled.throwIfAborted();
    return Promise.resolve();
  });
  if (stopped !== undefined) {
    return end(
      `${stopped.file}, which is applied, does not go through there: ${toldFailure(stopped.failure)}`,
    );
  }
  for (const step of steps) {
    ports.cancelled.throwIfAborted();
    const { forward, migration } = step;
    const rollback = migration.rollback === undefined ? undefined : await prepareScript(migration.rollback);
    const { proof, after } = await provePair(chain, { forward, rollback }, () => ports.clock.elapsed());
    const failure = await chain.apply(forward, after);
    files.push({ step, proof, failure });
    if (failure !== undefined) {
      return end(step === steps.at(-1) ? undefined : `what comes after ${forward.source.file} was not tried`);
    }
  }
  return end(undefined);
}
