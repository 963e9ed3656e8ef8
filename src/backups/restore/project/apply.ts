import { isHoldfastError } from "../../../kernel/errors.ts";
import type { DefinitionText } from "../../copy/artifacts/definition-script.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { RestorePorts } from "../request/ports.ts";
import { FILL_SETTINGS } from "../rows/fill-tables.ts";
import { loadContext } from "../chosen/load-context.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import { Untouched } from "../care/untouched.ts";
import { readDefinitions } from "../../copy/artifacts/read-definitions.ts";
import { ProjectLoader } from "./load-project.ts";
import type { PlanOfProject, LoadedProject } from "./loaded-project.ts";
import { onAbort } from "../../../kernel/on-abort.ts";

/**
 * Carries a restore into a project out, in one transaction of one session: at its end everything is there,
 * or everything is as it was, whatever happened in between (a refused definition, a lost connection,
 * a killed process). Sequences of the platform's, whose values no rollback takes back, are moved last,
 * and only forward.
 *
 * @throws Untouched; database.lost when it is not known whether the last statement, the commit,
 *   was carried out
 */
export async function applyProject(plan: PlanOfProject, ports: RestorePorts): Promise<LoadedProject> {
  const { request, project } = plan;
  const context = await loadContext(plan, request.target, ports);
  const signal = ports.cancelled;
  ports.log.stage("reading the definitions of the backup");
  const { before, after, rights, rightsOnPlatform, commentsOnPlatform } = project.entries;
  const wanted = [...before, ...after, ...rights, ...rightsOnPlatform, ...commentsOnPlatform];
  const parts = new Set(project.parts.map(({ entry }) => entry.id));
  const read = await untouched(
    readDefinitions(
      context,
      project.definitionsIn,
      wanted.filter(({ id }) => !parts.has(id)),
    ),
    "reading the definitions",
  );
  const texts = [...project.parts, ...read];
  await using session = await request.target.connect({ purpose: "restore", settings: FILL_SETTINGS });
  const cancel = (): void => void session.cancel().catch(() => undefined);
  const cancelling = onAbort(signal, cancel);
  let loaded: LoadedProject;
  try {
    signal.throwIfAborted();
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    loaded = await new ProjectLoader(plan, session, ports, (entries) => textsOf(texts, entries)).run(context);
    signal.throwIfAborted();
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    // Whatever failed because of it: that the run was stopped is the news.
    if (signal.aborted) throw new Untouched(signal.reason);
    throw error instanceof Untouched ? error : new Untouched(error);
  } finally {
    // What is committed is not cancelled.
    cancelling[Symbol.dispose]();
  }
  try {
    await session.query("COMMIT");
  } catch (error) {
    throw isHoldfastError(error, "database.lost") ? error : new Untouched(error);
  }
  return loaded;
}

async function untouched<T>(work: Promise<T>, during: string): Promise<T> {
  return await work.catch((error: unknown) => {
    throw new Untouched(error, during);
  });
}

function textsOf(texts: readonly DefinitionText[], entries: readonly TocEntry[]): DefinitionText[] {
  const wanted = new Set(entries.map(({ id }) => id));
  return texts.filter(({ entry }) => wanted.has(entry.id));
}
