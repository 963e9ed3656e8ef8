import { EXIT, isHoldfastError } from "../../../kernel/errors.ts";
import type { Json, Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { LiveFunction } from "../../../ports/function-host.ts";
import type { Ports } from "../../../ports/ports.ts";
import { concernsOneDocument } from "../../../nouns/store/one-document.ts";
import { bundleOf, FunctionArchive } from "../archive/archive.ts";
import type { SnapshotDocument } from "../archive/documents.ts";
import { opened, type ProjectInputs, type RolloutPorts } from "../carry/request.ts";
import { isServed } from "../carry/uploads.ts";
import { committedFunctions } from "../sources/committed.ts";
import { plainFolder, type FunctionSet } from "../sources/function-set.ts";
import type { ManifestEntry } from "../manifest/manifest.ts";

/** The parsed inputs of `holdfast functions status`. */
export interface FunctionsStatusInputs extends ProjectInputs {
  readonly functionsFolder: string;
  readonly ref: string;
}

export type FunctionsStatusPorts = Pick<RolloutPorts, "openStore" | "openFunctions" | "log" | "cancelled"> &
  Pick<Ports, "sourceHistory">;

/** How a function stands. */
type State =
  /** What is served is what is committed. */
  | "as-declared"
  /** Other sources, or another setting, than is committed. */
  | "other"
  /** Served, and nobody has seen of what it is made. */
  | "unknown"
  | "not-deployed"
  /** Served, and not in the commit. */
  | "undeclared";

interface Row {
  readonly slug: string;
  readonly state: State;
  readonly declared: string;
  /** As far as the store knows of what the served bundle is made. */
  readonly served: string;
  readonly live: LiveFunction | undefined;
  readonly snapshot: "same" | "other" | "none" | "unknown";
}

/** `holdfast functions status`: see src/commands/rollout/functions-status.ts. */
export async function runFunctionsStatus(
  inputs: FunctionsStatusInputs,
  ports: FunctionsStatusPorts,
): Promise<Outcome> {
  const { host, store } = await opened(inputs, ports, { forWriting: false });
  const { committed, entries, note } = await declaredIn(inputs, ports);
  const archive = await FunctionArchive.open(store, inputs.project, (text) => ports.log.warn(text));
  const ids = await archive.snapshots();
  const newest = await newestOf(ids, archive, ports);
  ports.log.stage(`looking at the functions of ${inputs.project}`);
  const live = new Map((await host.list(ports.cancelled)).map((each) => [each.slug, each]));
  const names = [...new Set([...live.keys(), ...(committed?.names ?? [])])].sort();
  const rows: Row[] = [];
  for (const slug of names) {
    rows.push(await rowOf(slug, live.get(slug), { committed, entries, archive, newest }));
  }
  return outcomeOf(inputs.project, rows, ids, note);
}

/** @returns "unread" where it is there and cannot be read: what it has of each function is not known */
async function newestOf(
  [id]: readonly string[],
  archive: FunctionArchive,
  { log }: Pick<FunctionsStatusPorts, "log">,
): Promise<SnapshotDocument | "unread" | undefined> {
  try {
    return id === undefined ? undefined : await archive.snapshot(id);
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    log.warn(`the snapshot ${id} could not be read, and does not count: ${error.message}`);
    return "unread";
  }
}

interface Known {
  readonly committed: FunctionSet | undefined;
  readonly entries: Readonly<Record<string, ManifestEntry>>;
  readonly archive: FunctionArchive;
  readonly newest: SnapshotDocument | "unread" | undefined;
}

async function rowOf(slug: string, live: LiveFunction | undefined, known: Known): Promise<Row> {
  const { committed, entries, archive, newest } = known;
  const entry = entries[slug];
  const sources = live === undefined ? undefined : await archive.sourcesOf(slug, bundleOf(live));
  const row = {
    slug,
    declared: entry?.version ?? "",
    served: sources?.version ?? "",
    live,
    snapshot: newest === "unread" ? ("unknown" as const) : inSnapshot(slug, live, newest),
  };
  if (committed?.names.has(slug) !== true) return { ...row, state: "undeclared" };
  if (live === undefined) return { ...row, state: "not-deployed" };
  if (committed.startOf(slug).isPossible && isServed(committed.wanted(slug), live, archive)) {
    return { ...row, state: "as-declared", served: row.declared };
  }
  // Of what it is made is known by what the store's documents are called, whether they can be read or not.
  return { ...row, state: archive.knows(slug, bundleOf(live)) ? "other" : "unknown" };
}

function inSnapshot(
  slug: string,
  live: LiveFunction | undefined,
  newest: SnapshotDocument | undefined,
): Row["snapshot"] {
  const kept = newest?.functions.find((each) => each.slug === slug);
  if (kept === undefined) return "none";
  return live !== undefined && kept.id === live.id && kept["live-version"] === live.version
    ? "same"
    : "other";
}

/** Without a checkout what is live is told all the same. */
async function declaredIn(
  { ref, functionsFolder, project }: FunctionsStatusInputs,
  ports: Pick<Ports, "sourceHistory">,
): Promise<Pick<Known, "committed" | "entries"> & { readonly note: readonly string[] }> {
  try {
    const history = await ports.sourceHistory(".");
    const committed = await committedFunctions(
      history,
      await history.commit(ref),
      plainFolder(functionsFolder),
      project,
    );
    const manifest = committed.manifest?.read.manifest;
    const note =
      manifest === undefined ? ["the manifest is missing or broken: functions check says what"] : [];
    return { committed, entries: manifest?.functions ?? {}, note };
  } catch (error) {
    if (!isHoldfastError(error, "source.history", "source.missing")) throw error;
    return { committed: undefined, entries: {}, note: [`nothing is declared here: ${error.message}`] };
  }
}

const WORDS: Readonly<Record<State, string>> = {
  "as-declared": "as declared",
  other: "OTHER than declared",
  unknown: "deployed by others: of what is not known",
  "not-deployed": "NOT deployed",
  undeclared: "not declared",
};

const SNAPSHOT_WORDS: Readonly<Record<Row["snapshot"], string>> = {
  same: "has it",
  other: "has another version",
  none: "",
  unknown: "cannot be read",
};

function outcomeOf(
  project: string,
  rows: readonly Row[],
  ids: readonly string[],
  note: readonly string[],
): Outcome {
  const off = rows.filter(({ state }) => state !== "as-declared");
  const good = off.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      project,
      functions: rows.map(({ slug, state, declared, served, live, snapshot }): Json => ({
        name: slug,
        state,
        declared,
        served,
        version: live?.version ?? null,
        "verify-jwt": live?.verifyJwt ?? null,
        snapshot,
      })),
      "not-as-declared": off.map(({ slug }) => slug),
      snapshots: [...ids],
    },
    report: {
      good,
      headline: good
        ? `${project} serves all ${quantity(rows.length, "function")} as declared`
        : `${quantity(off.length, "function")} of ${rows.length} of ${project} not as declared`,
      tables: [
        {
          columns: ["Function", "Declared", "Served", "Live version", "", "Last snapshot"],
          rows: rows.map(({ slug, declared, served, live, state, snapshot }) => [
            slug,
            declared,
            served,
            live === undefined ? "" : String(live.version),
            WORDS[state],
            SNAPSHOT_WORDS[snapshot],
          ]),
        },
      ],
      notes: [
        ...note,
        ids[0] === undefined
          ? "there is no snapshot yet"
          : `the newest of ${quantity(ids.length, "snapshot")} is ${ids[0]}`,
      ],
    },
  };
}
