import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
import type { Backup } from "../../nouns/catalog/catalog.ts";
import { findClient } from "../copy/artifacts/client-programs.ts";
import { chooseKeys } from "../../nouns/catalog/choose.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import type { Depth } from "../../nouns/catalog/manifest.ts";
import { concernsOneDocument } from "../../nouns/store/one-document.ts";
import type { BackupKey } from "../../nouns/catalog/paths.ts";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { ValidatePorts } from "./ports.ts";
import { requireKnownDemands } from "../../postgres/client-demands.ts";
import type { ValidateRequest } from "./request.ts";

/** One backup to be validated, and how deep. */
export interface ValidateItem {
  readonly key: BackupKey;
  /** Absent when its manifest cannot be read; that is the finding then. */
  readonly backup: Backup | undefined;
  readonly damage: HoldfastError | undefined;
  readonly depth: Depth;
  /** Why it is not validated deeper than asked or wished, for the summary. */
  readonly note: string | undefined;
  /** Client programs that can read its archives; absent when none here can. */
  readonly tools: ToolSet | undefined;
}

/** A backup that cannot be read, which says nothing about it. */
export interface Unread {
  readonly key: BackupKey;
  readonly error: HoldfastError;
}

/** What a validation will do. */
export interface ValidatePlan {
  readonly request: ValidateRequest;
  /** Of several the ones whose manifests cannot be read. */
  readonly unread: readonly Unread[];
  readonly items: readonly ValidateItem[];
}

/**
 * Reads the store's manifests and looks at the machine; changes nothing.
 *
 * @throws database.pooler where the scratch server's address cannot keep a session
 */
export async function planValidate(request: ValidateRequest, ports: ValidatePorts): Promise<ValidatePlan> {
  await request.catalog.store.check(false);
  const keys = await chooseKeys(request.catalog, request.selection, request);
  const machine = await lookAtMachine(request, ports);
  const items: ValidateItem[] = [];
  const unread: Unread[] = [];
  for (const key of keys) {
    try {
      items.push(await planItem(request, key, machine, ports));
    } catch (error) {
      // The only one, or all of them: then that is the answer.
      if (!concernsOneDocument(error) || unread.length + 1 === keys.length) throw error;
      ports.log.warn(`backup ${key.id} cannot be validated: ${error.message}`);
      unread.push({ key, error });
    }
  }
  return { request, items, unread };
}

/** What this machine can do. */
interface Machine {
  readonly toolSets: readonly ToolSet[];
  /** Major version of the server that backups would be restored into. */
  readonly scratchMajor: number | undefined;
  readonly reason: string;
}

async function lookAtMachine(request: ValidateRequest, ports: ValidatePorts): Promise<Machine> {
  if (request.depth === "stored") return { toolSets: [], scratchMajor: undefined, reason: "not asked for" };
  const toolSets = await (await ports.dumpTools()).installed();
  if (request.scratch) {
    await refuseTransactionPooler(request.scratch);
    await using session = await request.scratch.connect({ purpose: "plan" });
    const [row] = await session.query<{ num: string }>("SELECT current_setting('server_version_num') AS num");
    return { toolSets, scratchMajor: Math.floor(Number(row?.num) / 10_000), reason: "" };
  }
  const local = await (await ports.scratchServers()).available();
  return local.major === undefined
    ? { toolSets, scratchMajor: undefined, reason: local.reason }
    : { toolSets, scratchMajor: local.major, reason: "" };
}

async function planItem(
  request: ValidateRequest,
  key: BackupKey,
  machine: Machine,
  ports: ValidatePorts,
): Promise<ValidateItem> {
  let backup: Backup;
  try {
    backup = await request.catalog.read(key);
  } catch (error) {
    if (!isHoldfastError(error, "catalog.damaged")) throw error;
    return { key, backup: undefined, damage: error, depth: "stored", note: undefined, tools: undefined };
  }
  const major = Number.parseInt(backup.manifest.tools.pgDump, 10);
  const tools =
    request.depth === "stored" ? undefined : await findClient(major, request.installClient, ports);
  if (tools !== undefined) requireKnownDemands(tools, request.scratch?.address.demands ?? {});
  const obstacle = obstacleToRestoring(backup, machine, tools);
  if (request.depth === "restored" && obstacle) throw obstacle;
  const depth = request.depth ?? (obstacle ? "opened" : "restored");
  requireIdentity(backup, depth, request);
  const note = request.depth === undefined && obstacle ? `not restored: ${obstacle.message}` : undefined;
  return { key, backup, damage: undefined, depth, note, tools };
}

function obstacleToRestoring(
  backup: Backup,
  machine: Machine,
  tools: ToolSet | undefined,
): HoldfastError | undefined {
  const { server, tools: made, id } = backup.manifest;
  if (!tools) {
    return new HoldfastError(
      machine.toolSets.length === 0 ? "tool.missing" : "tool.too-old",
      `backup ${id} needs pg_restore ${made.pgDump} or newer`,
      {
        hint:
          "Install PostgreSQL client programs of that major version, or name their folder " +
          "in HOLDFAST_PG_BIN.",
      },
    );
  }
  if (machine.scratchMajor === undefined) {
    return new HoldfastError("tool.missing", `no PostgreSQL server to restore into: ${machine.reason}`, {
      hint: "Install PostgreSQL's server programs, or give a throw-away server with --scratch.",
    });
  }
  if (machine.scratchMajor < server.major) {
    return new HoldfastError(
      "tool.too-old",
      `backup ${id} is of PostgreSQL ${server.major}, and the scratch server is ${machine.scratchMajor}`,
      {
        hint:
          `Install PostgreSQL ${server.major}'s server programs, or give a throw-away server ` +
          "with --scratch.",
      },
    );
  }
  return undefined;
}

function requireIdentity(backup: Backup, depth: Depth, request: ValidateRequest): void {
  const encrypted = backup.manifest.artifacts.some((artifact) => artifact.encryption.format !== "none");
  if (depth === "stored" || !encrypted || request.identities.length > 0) return;
  throw new HoldfastError("input.missing", `backup ${backup.key.id} is encrypted and no identity was given`, {
    hint:
      "Give the age secret key with --identity-file or HOLDFAST_IDENTITY, or use --depth stored, " +
      "which needs none.",
  });
}

export function validatePlanRows(plan: ValidatePlan): string[][] {
  return plan.items.map((item) => [
    item.key.id,
    item.key.source,
    item.key.tier,
    item.damage ? "manifest damaged" : item.depth,
    item.note ?? "",
  ]);
}

export function validatePlanJson(plan: ValidatePlan): Json {
  return plan.items.map(({ key, depth, note, damage }) => ({
    id: key.id,
    source: key.source,
    tier: key.tier,
    depth,
    note: note ?? null,
    damage: damage?.message ?? null,
  }));
}
