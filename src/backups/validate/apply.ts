import { isHoldfastError, type HoldfastError } from "../../kernel/errors.ts";
import type { Backup } from "../../nouns/catalog/catalog.ts";
import {
  receiptFormat,
  recordedFinding,
  type Finding,
  type Manifest,
  type NotCompared,
  type Receipt,
} from "../../nouns/catalog/manifest.ts";
import { concernsOneDocument } from "../../nouns/store/one-document.ts";
import { manifestPath } from "../../nouns/catalog/paths.ts";
import { interruptible } from "../copy/artifacts/interruptible.ts";
import { withRecordedGaps } from "../copy/judging/judge-copy.ts";
import { notComparedNote } from "../copy/judging/platforms-own.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import type { Difference } from "../../nouns/content/compare/difference.ts";
import { openAfterComparing } from "../../nouns/content/omissions/open.ts";
import type { ValidatePorts } from "./ports.ts";
import { accountFor } from "./accepted.ts";
import { fileReceipt } from "./file-receipt.ts";
import type { Unread, ValidateItem, ValidatePlan } from "./plan.ts";
import { readDatabase, readOpened, readStoredArtifacts } from "./read-back.ts";
import { proveRestored } from "./restored.ts";
import { openScratchHosts, type ScratchHost } from "./scratch.ts";

/** What came of one backup. */
export interface Validated {
  readonly item: ValidateItem;
  readonly verdict: Receipt["verdict"];
  readonly findings: readonly Difference[];
  /** Gaps that were accepted by name, and what hangs on them: they count for no verdict. */
  readonly accepted: readonly Difference[];
  /** What was to be accepted and is no finding. */
  readonly unmatched: readonly string[];
  readonly notes: readonly string[];
  /** What differs of the platform's own, and counts for no verdict. */
  readonly notCompared: readonly NotCompared[];
  readonly tables: number;
  readonly rows: number;
  readonly tookMs: number;
  /** The receipt could not be written although the store lets it be. */
  readonly isReceiptLost: boolean;
  /**
   * Path of the receipt; empty when none could be written, which the notes say, or the manifest is damaged.
   */
  readonly receipt: string;
}

/** What came of all of them. */
export interface AllValidated {
  readonly results: readonly Validated[];
  /** Those that could not be read, which says nothing about them. */
  readonly unread: readonly Unread[];
}

/**
 * Validates one backup after the other. Damage is a finding and goes on to the next backup, and so does what
 * could not be read of one of several; a store or server that cannot be asked stops the run.
 */
export async function applyValidate(plan: ValidatePlan, ports: ValidatePorts): Promise<AllValidated> {
  const unread = [...plan.unread];
  const restoring = plan.items.filter((item) => item.depth === "restored" && item.backup);
  const results: Validated[] = [];
  await using hosts = openScratchHosts(
    plan.request.scratch,
    restoring.map((one) => (one.backup as Backup).manifest),
    ports,
  );
  for (const item of plan.items) {
    ports.cancelled.throwIfAborted();
    const host =
      item.depth === "restored" && item.backup ? await hosts.hostFor(item.backup.manifest) : undefined;
    try {
      results.push(await validateOne(item, plan, host, ports));
    } catch (error) {
      if (!concernsOneDocument(error) || plan.items.length + plan.unread.length === 1) throw error;
      ports.log.warn(`backup ${item.key.id} cannot be validated: ${error.message}`);
      unread.push({ key: item.key, error });
    }
  }
  // Nothing was looked at: that is the answer, and no verdict, of which the best would be taken for the
  // worst.
  if (results.length === 0 && unread.length > 0) throw unread.at(-1)!.error;
  return { results, unread };
}

async function validateOne(
  item: ValidateItem,
  plan: ValidatePlan,
  host: ScratchHost | undefined,
  ports: ValidatePorts,
): Promise<Validated> {
  const startedAt = ports.clock.now();
  const began = ports.clock.elapsed();
  if (!item.backup) {
    const finding = damageFinding(item.damage as HoldfastError, manifestPath(item.key));
    return {
      item,
      verdict: "failed",
      findings: [finding],
      accepted: [],
      unmatched: [],
      notes: [],
      notCompared: [],
      tables: 0,
      rows: 0,
      tookMs: ports.clock.elapsed() - began,
      receipt: "",
      isReceiptLost: false,
    };
  }
  const proof = await prove(item, item.backup, plan, host, ports);
  // Whatever was read: what is not in the backup cannot be proved to be.
  const recorded = item.backup.manifest.gaps ?? [];
  const open = item.depth === "restored" ? openAfterComparing(recorded) : recorded;
  const found = withRecordedGaps([...(await chainFindings(item.backup, plan)), ...proof.findings], open);
  const {
    findings,
    accepted,
    unmatched,
    notes: accounts,
  } = accountFor(found, plan.request.acceptGaps, item.backup.manifest.content);
  const verdict = findings.some((finding) => finding.severity === "difference")
    ? "failed"
    : findings.length > 0
      ? "gaps"
      : "proved";
  const { manifest, sha256, key } = item.backup;
  const more = {
    ...(accepted.length === 0 ? {} : { accepted: accepted.map(recordedFinding) }),
    ...(proof.notCompared.length === 0 ? {} : { notCompared: [...proof.notCompared] }),
  };
  const filed = await fileReceipt(plan.request.catalog, {
    format: receiptFormat(more),
    backup: key.id,
    source: key.source,
    tier: key.tier,
    manifest: sha256,
    kind: item.depth,
    verdict,
    findings: [...findings],
    ...more,
    startedAt: startedAt.toISOString(),
    finishedAt: ports.clock.now().toISOString(),
    against: item.depth === "restored" ? (host?.described ?? "") : "the store",
    counts: {
      bytes: manifest.artifacts.reduce((sum, artifact) => sum + artifact.stored.size, 0),
      tables: proof.tables,
      rows: proof.rows,
    },
    tools: { holdfast: ports.version },
    run: ports.run,
  });
  const notes = [
    ...(item.note ? [item.note] : []),
    ...accounts,
    ...proof.notes,
    ...ownNote(manifest, proof.notCompared),
    ...filed.notes,
  ];
  return {
    item,
    verdict,
    findings,
    accepted,
    unmatched,
    notes,
    notCompared: proof.notCompared,
    tables: proof.tables,
    rows: proof.rows,
    tookMs: ports.clock.elapsed() - began,
    receipt: filed.path,
    isReceiptLost: filed.isLost,
  };
}

interface ItemProof {
  readonly findings: readonly Difference[];
  readonly notes: readonly string[];
  readonly notCompared: readonly NotCompared[];
  readonly tables: number;
  readonly rows: number;
}

function ownNote({ platform }: Manifest, own: readonly NotCompared[]): string[] {
  return platform === undefined ? [] : notComparedNote(profileOf(platform.name).title, own);
}

async function prove(
  item: ValidateItem,
  backup: Backup,
  plan: ValidatePlan,
  host: ScratchHost | undefined,
  ports: ValidatePorts,
): Promise<ItemProof> {
  const store = interruptible(plan.request.catalog.store, ports.cancelled);
  const { identities, jobs } = plan.request;
  const nothing = { notes: [], notCompared: [], tables: 0, rows: 0 };
  try {
    if (item.depth === "stored") {
      await readStoredArtifacts(backup.manifest, store, ports.log);
      return { ...nothing, findings: [] };
    }
    const dumpTools = await ports.dumpTools();
    const proof =
      item.depth === "opened" || !host || !item.tools
        ? {
            ...nothing,
            findings: await readOpened(backup.manifest, {
              store,
              log: ports.log,
              identities,
              dumpTools,
              tools: item.tools,
            }),
          }
        : await proveRestored(backup, { store, host, tools: item.tools, identities, jobs, ports });
    const database = await readDatabase(backup.manifest, { store, identities, dumpTools });
    return {
      ...proof,
      findings: [...proof.findings, ...database.findings],
      notes: [...proof.notes, ...database.notes],
    };
  } catch (error) {
    if (!isHoldfastError(error, "artifact.missing", "artifact.damaged", "seal.damaged")) throw error;
    return { ...nothing, findings: [artifactFinding(error, backup)] };
  }
}

function damageFinding(error: HoldfastError, name: string): Finding {
  return {
    severity: "difference",
    about: error.code.split(".")[0] ?? "artifact",
    name,
    message: error.message,
  };
}

/** By the artifact's path, which its error begins with; else by the backup's id. */
function artifactFinding(error: HoldfastError, { key, manifest }: Backup): Finding {
  const path = manifest.artifacts
    .map((artifact) => artifact.path)
    .find((one) => error.message.startsWith(`${one} `));
  const found = damageFinding(error, path ?? key.id);
  return path === undefined ? found : { ...found, message: error.message.slice(path.length + 1) };
}

/**
 * The chain of manifests: the one before, if it is still there, must be the one this backup was made after.
 */
async function chainFindings(backup: Backup, plan: ValidatePlan): Promise<Finding[]> {
  const { previous } = backup.manifest;
  if (!previous) return [];
  const { catalog } = plan.request;
  const key = (await catalog.keys(backup.key)).find((one) => one.id === previous.id);
  // Gone is no finding: retention removes old backups.
  if (!key) return [];
  try {
    const { sha256 } = await catalog.read(key);
    if (sha256 === previous.sha256) return [];
    return [
      {
        severity: "difference",
        about: "catalog",
        name: manifestPath(key),
        message:
          `backup ${key.id} was replaced after ${backup.key.id} was made: ` +
          "its manifest has another checksum",
      },
    ];
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    // That manifest's damage is found when it is validated itself; it says nothing about this backup's bytes.
    return [];
  }
}
