import { EXIT, HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { parseDatabaseUrl, describeAddress } from "../../postgres/database-url.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { requireWritable } from "../../nouns/server/require-writable.ts";
import type { Database } from "../../ports/database.ts";
import type { RollbackPorts } from "./ports.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { liveFingerprint } from "../live/live-schema.ts";
import { historyPresence, readHistory } from "../history/table.ts";
import { takeLease } from "../lease/lease.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";
import { parsePlanHash, requireApproved } from "../steps/plan-hash.ts";
import { hashOfRestore } from "./hash.ts";
import { recordRestore, type RestoreRecord } from "./record-restore.ts";
import type { MigrateRollbackInputs } from "./request.ts";

/**
 * Restores the backup into the database, or says what that would do; its outcome is `restore`'s, whose plan
 * says as of when the backup is. The command makes it of the other wing.
 */
export type RestoreBackup = (dryRun: boolean) => Promise<Outcome>;

/** What is to be undone by a restore. */
interface FromBackupPlan {
  readonly database: Database;
  readonly backup: string;
  /** As of when the database will be; undefined where the store has no such backup. */
  readonly snapshotAt: string | undefined;
  readonly history: readonly HistoryEntry[];
  /** Whether there is one that can be believed: else nobody knows what was applied. */
  readonly isKnown: boolean;
  /** Applied since then, the newest first. */
  readonly undone: readonly HistoryEntry[];
  /** Taken over since then: applied at some time before that, so the backup may hold them. */
  readonly taken: readonly HistoryEntry[];
  /** The live schema's fingerprint: whatever has come into it goes. */
  readonly live: string;
  readonly hash: string;
  /** What a restore would do, in its own words. */
  readonly looked: Outcome;
}

/**
 * `holdfast migrate-rollback --from-backup`: the other road. Everything is as the backup has it, the history
 * of migrations too, and what was written later is lost.
 *
 * The lease is held until the restore has ended, so that nobody migrates what is about to be replaced. It
 * goes with the database: where that is replaced whole, its session is ended with all others.
 */
export async function runRollbackFromBackup(
  inputs: MigrateRollbackInputs & { readonly fromBackup: string },
  ports: RollbackPorts,
  restore: RestoreBackup,
): Promise<Outcome> {
  const approved = parsePlanHash(inputs.planHash);
  const database = await ports.openDatabase(parseDatabaseUrl(inputs.database.reveal(), "database"));
  await refuseTransactionPooler(database);
  await requireWritable(database);
  const plan = await planAlone(inputs, database, restore, ports);
  requireApproved(
    approved,
    plan.hash,
    plan.undone.map(({ file }) => file),
  );
  if (inputs.dryRun) return planned(plan);
  for (const line of planLines(plan)) ports.log.info(line);
  await using held = await holdAlone(database, inputs.wait, ports);
  const isSame = held.history.map(lineOf).join("\n") === plan.history.map(lineOf).join("\n");
  if (!isSame || held.live !== plan.live) {
    throw new HoldfastError(
      "refused.unsafe",
      "the database's history or its schema has moved on since the plan was made, so what was shown " +
        "is not what would be done",
      { hint: "Run again, and read the new plan." },
    );
  }
  const restored = await restore(false);
  const record = await recordRestore(plan, inputs.reason ?? "", restored, ports).catch((error: unknown) => {
    ports.log.warn(`the restore is done, and its record could not be written: ${(error as Error).message}`);
    return undefined;
  });
  return told(plan, restored, record);
}

async function planAlone(
  { fromBackup: backup, wait, withoutBackup }: MigrateRollbackInputs & { readonly fromBackup: string },
  database: Database,
  restore: RestoreBackup,
  ports: RollbackPorts,
): Promise<FromBackupPlan> {
  const held = await holdAlone(database, wait, ports);
  await held[Symbol.asyncDispose]();
  const { history, isKnown, live } = held;
  const looked = await restore(true);
  const snapshotAt = snapshotOf(looked);
  const since =
    snapshotAt === undefined || history.length === 0 ? NONE_SINCE : await appliedSince(database, snapshotAt);
  return {
    database,
    backup,
    snapshotAt,
    history,
    isKnown,
    undone: history.filter(({ version }) => since.applied.has(version)).reverse(),
    taken: history.filter(({ version }) => since.taken.has(version)),
    live,
    hash: hashOfRestore({
      database: describeAddress(database.address),
      backup,
      withoutBackup,
      live,
      history: isKnown ? history.map(lineOf) : undefined,
      looked,
    }),
    looked,
  };
}

/** The history, and the lease under which it was read. */
interface Held extends AsyncDisposable {
  readonly history: readonly HistoryEntry[];
  readonly isKnown: boolean;
  readonly live: string;
}

/**
 * Nobody is at work on it while it is held. A database without a history has nobody who migrates it, and one
 * that a restore was stopped in has none that could be believed.
 */
async function holdAlone(database: Database, waitMs: number, ports: RollbackPorts): Promise<Held> {
  await using session = await database.connect({ purpose: "rollback plan" });
  const nothing = async (): Promise<Held> => ({
    history: [],
    isKnown: false,
    live: schemaFingerprint(await readState(session)).hash,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  try {
    if ((await historyPresence(session)) === "none") return await nothing();
  } catch (error) {
    if (!isHoldfastError(error, "database.half-restored")) throw error;
    ports.log.warn("the database is half restored; the restore begins anew");
    return await nothing();
  }
  const doing = "migrate-rollback --from-backup";
  const lease = await takeLease({ ...ports, database, doing, waitMs });
  try {
    const history = await readHistory(session);
    const live = await liveFingerprint(session);
    return { history, isKnown: true, live, [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose]() };
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}

function snapshotOf({ outputs: { plan } }: Outcome): string | undefined {
  const at = plan !== null && typeof plan === "object" && "snapshotAt" in plan ? plan["snapshotAt"] : null;
  return typeof at === "string" ? at : undefined;
}

const lineOf = ({ version, state, sha256 }: HistoryEntry): string => `${version} ${state} ${sha256 ?? ""}`;

/** Versions by what has become of them since a backup. */
interface Since {
  readonly applied: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

const NONE_SINCE: Since = { applied: new Set(), taken: new Set() };

/**
 * Versions that were applied after the snapshot, or are not applied whole; and those that were taken over
 * after it; by the server's own clock. When another tool has applied these nobody knows.
 */
async function appliedSince(database: Database, snapshotAt: string): Promise<Since> {
  await using session = await database.connect({ purpose: "rollback plan" });
  const rows = await session.query<{ version: string; taken: boolean }>(
    `
      SELECT version, adopted_from IS NOT NULL AS taken
        FROM holdfast.migrations
       WHERE state <> 'applied' OR applied_at > $1::timestamptz
          OR adopted_from IS NOT NULL AND started_at > $1::timestamptz
    `,
    [snapshotAt],
  );
  const of = (isTaken: boolean): ReadonlySet<string> =>
    new Set(rows.filter(({ taken }) => taken === isTaken).map(({ version }) => version));
  return { applied: of(false), taken: of(true) };
}

function planLines({ backup, snapshotAt, undone, taken, isKnown }: FromBackupPlan): string[] {
  const since = snapshotAt === undefined ? "" : `, as of ${snapshotAt}`;
  const files = undone.map(({ file }) => file).join(", ");
  const applied = files === "" ? "no migration was applied since" : `applied since, and not in it: ${files}`;
  const tools = [...new Set(taken.map(({ adoptedFrom }) => adoptedFrom))];
  const over = tools.map((tool) => {
    const of = taken.filter(({ adoptedFrom }) => adoptedFrom === tool).map(({ file }) => file);
    return (
      `taken over since: ${of.join(", ")}; whether the backup has ${of.length === 1 ? "it" : "them"} ` +
      (tool === "baseline" ? "only its schema can tell" : `its own table of ${tool} says`)
    );
  });
  return [
    `restores backup ${backup}${since}: everything that was written later is lost`,
    ...(isKnown
      ? [...(files === "" && over.length > 0 ? [] : [applied]), ...over]
      : ["the database has no whole history of migrations: what was applied since is not known"]),
  ];
}

function outputs(plan: FromBackupPlan, restored?: Outcome, record?: RestoreRecord): Record<string, Json> {
  const isDone = restored === undefined || restored.exit !== EXIT.integrity;
  return {
    // Without a record, what the plan said.
    "rolled-back": (record?.undone ?? (restored !== undefined && isDone ? plan.undone : [])).map(
      ({ version }) => version,
    ),
    // Without a record, what the plan says of it.
    to: record?.version ?? (isDone ? newestLeft(plan) : ""),
    "from-backup": plan.backup,
    backup: restored?.outputs["safety-backup"] ?? "",
    restored: record?.asRecorded ?? null,
    record: record?.id ?? "",
    "plan-hash": plan.hash,
    losses: [],
    plan: plan.looked.outputs["plan"] ?? null,
  };
}

/** The newest version that the backup has; empty where nobody knows. */
function newestLeft({ history, undone }: FromBackupPlan): string {
  return history.findLast((entry) => !undone.includes(entry))?.version ?? "";
}

/** What a restore says, and which migrations go with it. */
function planned(plan: FromBackupPlan): Outcome {
  const { looked, undone } = plan;
  return {
    exit: looked.exit,
    outputs: outputs(plan),
    report: {
      ...looked.report,
      notes: [...planLines(plan), ...looked.report.notes],
      tables: [...(undone.length === 0 ? [] : [undoneTable(undone)]), ...looked.report.tables],
    },
  };
}

function undoneTable(undone: readonly HistoryEntry[]): Outcome["report"]["tables"][number] {
  return {
    title: "applied since",
    columns: ["migration", "applied", "by"],
    rows: undone.map(({ file, appliedAt, appliedBy }) => [
      file,
      (appliedAt ?? "").slice(0, 16).replace("T", " "),
      appliedBy,
    ]),
  };
}

function otherThanBefore({ undone, broughtBack }: RestoreRecord): string {
  const fewer = undone.length === 0 ? [] : [`${quantity(undone.length, "migration")} that it had not then`];
  const more =
    broughtBack.length === 0 ? [] : [`with ${quantity(broughtBack.length, "migration")} taken back since`];
  return [...fewer.map((words) => `, without ${words}`), ...more.map((words) => `, ${words}`)].join("");
}

function told(plan: FromBackupPlan, restored: Outcome, record: RestoreRecord | undefined): Outcome {
  const { headline, notes, tables } = restored.report;
  const version =
    record === undefined
      ? ""
      : record.version === ""
        ? "; it has no migration"
        : `; it is at version ${record.version}${otherThanBefore(record)}`;
  return {
    exit: restored.exit,
    outputs: outputs(plan, restored, record),
    report: {
      ...restored.report,
      headline: `${headline}${version}`,
      tables: [
        ...(record === undefined || record.undone.length === 0 ? [] : [undoneTable(record.undone)]),
        ...tables,
      ],
      notes: [
        ...(record?.asRecorded === false
          ? [
              `when the backup was made the schema was not what version ${record.version} had left: ` +
                "migrate-status names what differs",
            ]
          : []),
        ...(record === undefined || record.unclear.length === 0
          ? []
          : [
              "whether it has these nobody can tell, which were taken over by --baseline since: " +
                listed(
                  record.unclear.map(({ file }) => file),
                  5,
                ),
            ]),
        ...notes,
      ],
    },
  };
}
