import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { requireWritable } from "../../nouns/server/require-writable.ts";
import { compareKeys } from "../../nouns/migration-files/version.ts";
import { begunOf, requireSameVersion } from "../history/begun.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { readLiveSchema, withoutSchemas } from "../live/live-schema.ts";
import { withEntries } from "../history/position.ts";
import { standingOf, type Standing } from "../history/standing.ts";
import { readHistory } from "../history/table.ts";
import { unrecorded } from "../history/unrecorded.ts";
import { prepareScript, type PreparedScript } from "../script/prepare.ts";
import { leftOpen } from "../script/transactions.ts";
import { requireSameStart } from "../steps/same-start.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { goingOf, type Going } from "./guard/going.ts";
import { isDrift } from "./drift.ts";
import { readMigrations, refuseUnclearMarks } from "./read-migrations.ts";
import type { PlannedMigration } from "./planned-migration.ts";
import { onlyPlans } from "./only-plans.ts";
import { refuseAppliedElsewhere } from "./known-books.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/** What a takeover would write down. */
export interface Taken {
  readonly entries: readonly HistoryEntry[];
  /** Another application's schemas. */
  readonly others: readonly string[];
}

/** What will be applied. */
export interface MigratePlan {
  readonly request: MigrateRequest;
  readonly standing: Standing;
  readonly steps: readonly PlannedMigration[];
  /** Files of the folder that are not read, and why. */
  readonly ignored: readonly string[];
  /** Of a dry run that takes a history over: what the history would have then, and does not have yet. */
  readonly taken: readonly HistoryEntry[];
  /** The live schema is not what its last migration left. */
  readonly drifted: boolean;
  /** The live schema's fingerprint: what files do depends on it, by `CASCADE` for one. */
  readonly live: string;
  /** What of the live database the files destroy. */
  readonly going: readonly Going[];
  /** Files whose work is not known from their text. */
  readonly opaque: readonly string[];
  /** Of a dry run on a database with tables and no history: a word about that. */
  readonly unrecorded: string | undefined;
  /** Of a dry run: why its role could not carry the plan out. */
  readonly onlyPlanned: string | undefined;
}

/**
 * Holds the folder against the database; changes nothing.
 *
 * @param taken what counts as if the history had it
 * @throws database.pooler, database.unsupported, refused.unsafe
 */
export async function planMigrate(
  request: MigrateRequest,
  ports: MigratePorts,
  taken: Taken = { entries: [], others: [] },
): Promise<MigratePlan> {
  const { migrations, ignored, unclear } = await readMigrations(request, ports);
  await refuseTransactionPooler(request.database);
  await requireWritable(request.database);
  await using session = await request.database.connect({ purpose: "migrate plan" });
  const { to } = request;
  if (to !== undefined && !migrations.some(({ key }) => compareKeys(key, to.key) === 0)) {
    throw new HoldfastError("input.malformed", `to is '${to.version}', which no file has`, {
      hint: "Give the version of the last migration that is to be applied, as in its file's name.",
    });
  }
  const standing = standingOf(migrations, withEntries(await readHistory(session), taken.entries));
  refuseChanged(standing);
  await refuseAppliedElsewhere(session, standing, request);
  refuseLate(standing, request);
  const wanted = standing.pending.filter(
    ({ key }) => request.to === undefined || compareKeys(key, request.to.key) <= 0,
  );
  refuseUnclearMarks(unclear, wanted);
  const steps: PlannedMigration[] = [];
  for (const migration of wanted) {
    const forward = await prepareScript(migration.forward);
    if (forward.script.problem !== undefined) {
      const { line, message, hint } = forward.script.problem;
      throw new HoldfastError(
        "refused.unsafe",
        `${migration.forward.file}:${line} is no script that a server takes: ${message}`,
        { hint },
      );
    }
    refuseLeftOpen(forward);
    const begun = begunOf(standing.begun, migration.version);
    if (begun !== undefined) {
      requireSameVersion(begun, migration.version, migration.forward.file);
      const { file, forward: text, steps: done } = begun;
      await requireSameStart(forward, { file, text, steps: done, state: "half applied" });
    }
    steps.push({ migration, forward, begun });
  }
  const live = schemaFingerprint(withoutSchemas(await readLiveSchema(session), taken.others)).hash;
  const drifted = isDrift(live, standing);
  const { going, opaque } = await goingOf(session, steps);
  const isFirst = standing.applied.length + standing.missing.length + standing.begun.length === 0;
  const told = isFirst && request.dryRun ? await unrecorded(session) : undefined;
  const onlyPlanned = steps.length > 0 && request.dryRun ? await onlyPlans(session) : undefined;
  return {
    request,
    standing,
    steps,
    ignored,
    taken: taken.entries,
    live,
    drifted,
    going,
    opaque,
    unrecorded: told,
    onlyPlanned,
  };
}

/** psql would take back what such a file did; nobody can have meant that. */
function refuseLeftOpen({ execution, source }: PreparedScript): void {
  const open = leftOpen(execution);
  if (open === undefined) return;
  throw new HoldfastError(
    "refused.unsafe",
    `${source.file}:${open.line} begins a transaction, and the file does not end it`,
    { hint: "Say COMMIT at the end, or leave BEGIN out: each file is a transaction anyway." },
  );
}

function refuseChanged({ changed, begun }: Standing): void {
  if (changed.length > 0) {
    throw new HoldfastError(
      "refused.unsafe",
      `applied and changed since: ${listed(
        changed.map(({ migration, entry }) =>
          entry.file === migration.forward.file
            ? entry.file
            : `${migration.forward.file} (on record as ${entry.file})`,
        ),
        5,
      )}`,
      {
        hint:
          "What was applied stays as it was applied: put the file back, and write the change " +
          "as a new migration. Where other names are on record, see that this is the right folder.",
      },
    );
  }
  const back = begun.find(({ state }) => state === "rolling-back");
  if (back === undefined) return;
  throw new HoldfastError("refused.unsafe", `${back.file} is half taken back, by ${back.appliedBy}`, {
    hint: "End that rollback first, with holdfast migrate-rollback.",
  });
}

function refuseLate({ late, applied }: Standing, { allowLate }: MigrateRequest): void {
  if (late.length === 0 || allowLate) return;
  throw new HoldfastError(
    "refused.unsafe",
    `${listed(
      late.map(({ forward }) => forward.file),
      5,
    )} would be applied after ${applied.at(-1)?.migration.forward.file ?? "newer ones"}, although it comes \
before`,
    {
      hint:
        "Give it a version after the newest applied one; or, where migrate-check has shown that the order " +
        "makes no difference, --allow-late.",
    },
  );
}
