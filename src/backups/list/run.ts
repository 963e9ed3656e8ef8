import { EXIT, type HoldfastError } from "../../kernel/errors.ts";
import { formatBytes } from "../../kernel/bytes.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import { ageMs } from "../../kernel/duration.ts";
import { Catalog, type Orphan } from "../../nouns/catalog/catalog.ts";
import type { CatalogTier, Manifest } from "../../nouns/catalog/manifest.ts";
import { concernsOneDocument, isDamaged } from "../../nouns/store/one-document.ts";
import { manifestPath, type BackupKey } from "../../nouns/catalog/paths.ts";
import { explainEmpty, type EmptyList } from "../../nouns/catalog/none-found.ts";
import { readStanding, type Standing } from "../../nouns/catalog/standing.ts";
import { inOrder } from "../../kernel/in-order.ts";
import { grouped, quantity } from "../../kernel/quantity.ts";
import type { ListPorts } from "./ports.ts";

/** The parsed inputs of `holdfast list`. */
export interface ListInputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly source: string | undefined;
  readonly tier: CatalogTier | undefined;
}

/** Manifests read at once: enough to hide the store's latency, few enough to stay small in memory. */
const READS_AT_ONCE = 8;

interface Row {
  readonly key: BackupKey;
  /** Absent when the manifest is damaged or could not be read. */
  readonly manifest: Manifest | undefined;
  readonly standing: Standing | undefined;
  readonly problem: HoldfastError | undefined;
}

/**
 * `holdfast list`: every backup, newest first, with what its receipts say; damaged manifests, those that
 * cannot be read, and leftovers are shown, never hidden.
 */
export async function runList(inputs: ListInputs, ports: ListPorts): Promise<Outcome> {
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(false);
  const catalog = new Catalog(store);
  const keys = await catalog.keys(inputs);
  const receipts = await catalog.receiptPaths();
  const rows: Row[] = [];
  for await (const row of inOrder(keys, READS_AT_ONCE, (key) =>
    readRow(catalog, key, receipts.get(key.id) ?? []),
  )) {
    rows.push(row);
  }
  const orphans = (await catalog.orphans()).filter(
    ({ key }) =>
      (!inputs.source || key.source === inputs.source) && (!inputs.tier || key.tier === inputs.tier),
  );
  const empty = rows.length === 0 ? await explainEmpty(catalog, inputs) : undefined;
  return outcome(store.url, { rows, orphans, empty }, ports);
}

/** What was found, and what to say where that is no backup. */
interface Found {
  readonly rows: readonly Row[];
  readonly orphans: readonly Orphan[];
  readonly empty: EmptyList | undefined;
}

async function readRow(catalog: Catalog, key: BackupKey, receipts: readonly string[]): Promise<Row> {
  try {
    const { manifest, sha256 } = await catalog.read(key);
    return {
      key,
      manifest,
      standing: await readStanding(catalog, key, receipts, sha256),
      problem: undefined,
    };
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    return { key, manifest: undefined, standing: undefined, problem: error };
  }
}

function outcome(url: string, { rows, orphans, empty }: Found, ports: ListPorts): Outcome {
  const [damaged, unread] = problems(rows);
  // An archive is where a rule of the store's puts what is old: it answered, and nothing is wrong.
  const unreadReceipts = rows.flatMap((row) => row.standing?.unreadReceipts ?? []);
  const unanswered = [...unread.map(({ error }) => error), ...unreadReceipts].filter(
    ({ code }) => code !== "store.archived",
  );
  const badReceipts = rows.flatMap((row) => row.standing?.damagedReceipts ?? []);
  const verified = rows.find((row) => row.standing?.state === "verified" && row.key.tier !== "safety");
  const latest = rows.find((row) => row.key.tier !== "safety");
  const counts = [quantity(rows.length, "backup"), ...standingCounts(rows)].join(", ");
  return {
    exit:
      damaged.length + badReceipts.length > 0
        ? EXIT.integrity
        : unanswered.length > 0
          ? EXIT.outside
          : EXIT.done,
    outputs: {
      backups: rows.map((row) => rowJson(row, ports)),
      count: rows.length,
      latest: latest?.key.id ?? "",
      "latest-verified": verified?.key.id ?? "",
      orphans: orphans.map((orphan) => ({
        id: orphan.key.id,
        source: orphan.key.source,
        tier: orphan.key.tier,
        blobs: orphan.blobs,
        bytes: orphan.bytes,
        newest: orphan.newest.toISOString(),
      })),
    },
    report: {
      good:
        damaged.length + badReceipts.length + unread.length + unreadReceipts.length === 0 &&
        empty?.good !== false,
      headline: `${url} ${empty?.says ?? `holds ${counts}`}`,
      tables:
        rows.length === 0
          ? []
          : [
              {
                columns: ["backup", "source", "tier", "age", "stored", "tables", "rows", "state"],
                rows: rows.map((row) => rowCells(row, ports)),
              },
            ],
      notes: [
        ...(empty?.next ?? []),
        ...damaged.map(({ error }) => `damaged: ${error.message}`),
        ...unread.map(
          ({ error }) => `not read: ${error.message}${error.hint === undefined ? "" : `; ${error.hint}`}`,
        ),
        ...unreadReceipts.map(({ message }) => `receipt not read, not counted: ${message}`),
        ...badReceipts.map((path) => `damaged receipt, not counted: ${path}`),
        ...orphans.map(
          (orphan) =>
            `${orphan.key.source}/${orphan.key.tier}/${orphan.key.id} has ` +
            `${quantity(orphan.blobs, "blob")}, ${formatBytes(orphan.bytes)}, but no manifest: ` +
            "a run that was killed or is still running; it is no backup and harms nothing",
        ),
      ],
    },
  };
}

/** Of rows without a manifest those whose document is damaged, and those of which nobody knows. */
function problems(rows: readonly Row[]): [{ error: HoldfastError }[], { error: HoldfastError }[]] {
  const all = rows.flatMap(({ problem }) => (problem === undefined ? [] : [{ error: problem }]));
  return [all.filter(({ error }) => isDamaged(error)), all.filter(({ error }) => !isDamaged(error))];
}

/** Verified ones always, the others where there are any: a zero beside nothing else would hide failures. */
function standingCounts(rows: readonly Row[]): string[] {
  const count = (state: Standing["state"]): number =>
    rows.filter(({ standing }) => standing?.state === state).length;
  const counts = [
    [count("failed verification"), "failed verification"],
    [count("unverified"), "unverified"],
    [problems(rows)[0].length, "damaged"],
    [problems(rows)[1].length, "not readable"],
  ] as const;
  return [
    `${count("verified")} verified`,
    ...counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`),
  ];
}

function rowCells({ key, manifest, standing, problem }: Row, ports: ListPorts): string[] {
  const age = formatDuration(ageMs(key.time, ports.clock));
  if (!manifest || !standing) {
    const what = problem !== undefined && isDamaged(problem) ? "DAMAGED MANIFEST" : "MANIFEST NOT READABLE";
    return [key.id, key.source, key.tier, age, "?", "?", "?", `${what}: ${problem?.message ?? ""}`];
  }
  const { tables, rows } = sizes(manifest);
  const state =
    standing.state === "verified"
      ? `verified ${standing.at?.slice(0, 10) ?? ""}`
      : `${standing.state}: ${standing.reason ?? ""}`;
  // What was accepted counts those of the backup's own that its proof left open, by their names too.
  const gaps = standing.accepted?.length ?? manifest.gaps?.length ?? 0;
  return [
    key.id,
    key.source,
    key.tier,
    age,
    formatBytes(storedBytes(manifest)),
    String(tables),
    rows === null ? "–" : grouped(rows),
    gaps === 0
      ? state
      : `${state}; ${quantity(gaps, standing.accepted === undefined ? "gap" : "accepted gap")}`,
  ];
}

function rowJson({ key, manifest, standing, problem }: Row, ports: ListPorts): Json {
  const common = {
    id: key.id,
    source: key.source,
    tier: key.tier,
    time: key.time.toISOString(),
    ageSeconds: Math.round(ageMs(key.time, ports.clock) / 1000),
    manifest: manifestPath(key),
  };
  if (!manifest || !standing) {
    const state = problem !== undefined && isDamaged(problem) ? "damaged" : "unreadable";
    return { ...common, state, problem: problem?.message ?? "", code: problem?.code ?? "" };
  }
  const recipients = [...new Set(manifest.artifacts.flatMap((artifact) => artifact.encryption.recipients))];
  return {
    ...common,
    state: standing.state,
    depth: standing.depth ?? null,
    verifiedAt: standing.state === "verified" ? (standing.at ?? null) : null,
    reason: standing.reason ?? null,
    snapshotAt: manifest.snapshotAt,
    storedBytes: storedBytes(manifest),
    plainBytes: manifest.artifacts.reduce((sum, artifact) => sum + artifact.plain.size, 0),
    ...sizes(manifest),
    kinds: manifest.artifacts.map((artifact) => artifact.kind),
    encrypted: recipients.length > 0,
    recipients,
    gaps: (manifest.gaps ?? []).map((gap) => ({ ...gap })),
    acceptedGaps: (standing.accepted ?? []).map((gap) => ({ ...gap })),
    proof: manifest.content.proof,
    serverVersion: manifest.server.version,
    platform: manifest.platform?.name ?? null,
  };
}

function sizes(manifest: Manifest): { tables: number; rows: number | null } {
  const tables = manifest.content.tables.filter((table) => table.kind === "table");
  return {
    tables: tables.length,
    rows:
      manifest.content.proof === "none" ? null : tables.reduce((sum, table) => sum + (table.rows ?? 0), 0),
  };
}

function storedBytes(manifest: Manifest): number {
  return manifest.artifacts.reduce((sum, artifact) => sum + artifact.stored.size, 0);
}
