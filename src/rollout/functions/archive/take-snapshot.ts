import { HoldfastError } from "../../../kernel/errors.ts";
import { inOrder } from "../../../kernel/in-order.ts";
import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FunctionHost, LiveFunction } from "../../../ports/function-host.ts";
import type { RunIdentity } from "../../../ports/run-identity.ts";
import { fetchedSources } from "../sources/fetched.ts";
import { digestOfSources } from "../sources/function-sources.ts";
import { bundleOf, type FunctionArchive } from "./archive.ts";
import type { SnapshotDocument, SnapshotFunction, SourceDocument } from "./documents.ts";

/** What a snapshot is taken of, and where it goes. */
export interface SnapshotRequest {
  readonly id: string;
  readonly before: SnapshotDocument["before"];
  readonly host: Pick<FunctionHost, "list" | "body">;
  readonly archive: FunctionArchive;
  readonly clock: Pick<Clock, "now">;
  readonly run: RunIdentity;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** What became of it. */
export interface TakenSnapshot {
  readonly id: string;
  readonly functions: number;
  /** Of which the sources had to be had back from the host. */
  readonly fetched: number;
}

/** Bodies under way at once: each is in memory whole. */
const AT_ONCE = 6;

/**
 * Keeps what is served: sources of every function, fetched where the store has them not yet, and what the
 * host says of each. A function that somebody deploys meanwhile makes it fail: half of one state and half of
 * another is no snapshot.
 *
 * @throws functions.moved, functions.unreadable, what the host and the store throw
 */
export async function takeSnapshot(request: SnapshotRequest): Promise<TakenSnapshot> {
  const { id, before, host, archive, clock, run, signal, progress } = request;
  const live = await host.list(signal);
  let fetched = 0;
  const functions: SnapshotFunction[] = [];
  const keep = async (each: LiveFunction): Promise<SnapshotFunction> => {
    signal.throwIfAborted();
    const bundle = bundleOf(each);
    let sources = await archive.sourcesOf(each.slug, bundle);
    if (sources === undefined) {
      sources = await fetchedNow(each, bundle);
      fetched += 1;
      progress(`fetched ${each.slug}, version ${each.version}`);
    }
    return shownIn(each, bundle, sources);
  };
  const fetchedNow = async (each: LiveFunction, bundle: string): Promise<SourceDocument> => {
    const { files, ...started } = fetchedSources(each, await host.body(each.slug, signal));
    const stored = await archive.keepFiles(files);
    const sources = {
      slug: each.slug,
      bundle,
      origin: "fetched" as const,
      entrypoint: started.entrypoint,
      "import-map": started.importMap ?? null,
      "static-files": [...started.staticFiles],
      digest: digestOfSources(stored, started),
      version: null,
      smoke: null,
      files: [...stored],
      made: clock.now().toISOString(),
      run,
    };
    await archive.keepSources(sources);
    return { format: "holdfast.function-sources/1", project: archive.project, ...sources };
  };
  for await (const each of inOrder(live, AT_ONCE, keep)) functions.push(each);
  requireUnmoved(live, await host.list(signal));
  await archive.keepSnapshot({ id, made: clock.now().toISOString(), run, before, functions });
  return { id, functions: functions.length, fetched };
}

function shownIn(live: LiveFunction, bundle: string, sources: SourceDocument): SnapshotFunction {
  return {
    slug: live.slug,
    name: live.name,
    id: live.id,
    status: live.status,
    "live-version": live.version,
    "verify-jwt": live.verifyJwt,
    bundle,
    entrypoint: sources.entrypoint,
    "import-map": sources["import-map"],
    "static-files": sources["static-files"],
    digest: sources.digest,
    version: sources.version,
    smoke: sources.smoke,
    files: sources.files,
  };
}

function requireUnmoved(before: readonly LiveFunction[], after: readonly LiveFunction[]): void {
  const marks = (functions: readonly LiveFunction[]): Map<string, string> =>
    new Map(
      functions.map((each) => [each.slug, `${each.id} ${each.version} ${each.verifyJwt} ${each.status}`]),
    );
  const [was, is] = [marks(before), marks(after)];
  const moved = [...new Set([...was.keys(), ...is.keys()])].filter((slug) => was.get(slug) !== is.get(slug));
  if (moved.length === 0) return;
  throw new HoldfastError(
    "functions.moved",
    `${quantity(moved.length, "function")} changed while the snapshot was taken: ${listed(moved)}`,
    { hint: "Let whoever deploys end, then run again." },
  );
}
