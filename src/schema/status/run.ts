import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Secret } from "../../kernel/secret.ts";
import { describeAddress, parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { Ports } from "../../ports/ports.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { isWanted } from "../../nouns/migration-files/classify.ts";
import type { Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { requireMigrations } from "../folder/require-migrations.ts";
import { standingOf, type Standing } from "../history/standing.ts";
import { appliedElsewhere, type AppliedElsewhere } from "../books/applied-elsewhere.ts";
import { begunOf } from "../history/begun.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { readLiveSchema } from "../live/live-schema.ts";
import { readHistory } from "../history/table.ts";
import { unrecorded } from "../history/unrecorded.ts";
import { serverFacts } from "../../nouns/content/read/objects/server-facts.ts";
import { nameDrift, type Drift, type DriftPorts } from "./drift.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import type { SchemaState } from "../proof/state.ts";
import { folderPath } from "../../kernel/cut.ts";

/** The parsed inputs of `holdfast migrate-status`. */
export interface MigrateStatusInputs {
  readonly database: Secret;
  readonly migrations: string;
}

/**
 * `holdfast migrate-status`: the folder held against what the database remembers, and against what it is.
 * Changes nothing.
 */
export async function runMigrateStatus(
  inputs: MigrateStatusInputs,
  ports: Pick<Ports, "sourceTree"> & DriftPorts,
): Promise<Outcome> {
  const folder = folderPath(inputs.migrations);
  const { migrations, problems } = readFolder(await (await ports.sourceTree()).files(folder, isWanted), {
    supabase: false,
  });
  requireMigrations(folder, migrations, problems);
  const database = await ports.openDatabase(parseDatabaseUrl(inputs.database.reveal(), "database"));
  // A pooler lends the server's session on, with the settings that were made in it.
  await refuseTransactionPooler(database);
  await using session = await database.connect({ purpose: "migrate status" });
  const { history, standing, elsewhere, state, unknown } = await look(session, migrations);
  const { applied, changed, pending, late, missing, begun } = standing;
  const last = history.findLast(({ state: each }) => each === "applied");
  const now = state && schemaFingerprint(state).hash;
  const drift = now === undefined ? undefined : now !== last!.fingerprintAfter;
  const named = drift
    ? await nameDrift(
        { state: state!, major: (await serverFacts(session)).major },
        history.filter((entry) => entry.state === "applied"),
        ports,
      )
    : undefined;
  const matches = drift ? history.findLast(({ fingerprintAfter }) => fingerprintAfter === now) : undefined;
  const where = describeAddress(database.address);
  const bad =
    changed.length + begun.length > 0 || elsewhere.some(({ concerns }) => concerns) || drift === true;
  return {
    exit: bad ? EXIT.verdict : EXIT.done,
    outputs: {
      version: last?.version ?? "",
      applied: applied.map(({ entry }) => entry.version),
      pending: pending.map(({ version }) => version),
      late: late.map(({ version }) => version),
      changed: changed.map(({ entry }) => entry.version),
      missing: missing.map(({ version }) => version),
      begun: begun.map(({ version }) => version),
      // Of a database without a migration there is nothing that it could have drifted from.
      drift: drift ?? (last === undefined && begun.length === 0 ? false : null),
      "matches-version": matches?.version ?? "",
      drifted: (named?.deviations ?? []).map(({ object, message }) => ({ object, message })),
    },
    report: {
      good: !bad,
      headline:
        `${where} is at ${last === undefined ? "no version" : `version ${last.version}`}: ` +
        `${quantity(applied.length + missing.length, "migration")} applied` +
        (missing.length === 0 ? "" : ` (${missing.length} not in this checkout)`) +
        `, ${pending.length} pending${drift ? "; its schema is not what that version left" : ""}`,
      tables: tablesOf(standing, named),
      notes: [
        ...elsewhere.map(elsewhereWords),
        ...(unknown === undefined ? [] : [unknown]),
        ...(drift === true ? driftNotes(matches, named) : []),
        ...(drift === undefined ? untold(last, begun) : []),
      ],
    },
  };
}

/** What one answer is made of. */
interface Look {
  readonly history: readonly HistoryEntry[];
  readonly standing: Standing;
  readonly elsewhere: readonly AppliedElsewhere[];
  /** Undefined where the history does not tell what it should be, and while a file is half done. */
  readonly state: SchemaState | undefined;
  /** A word about a database without any history. */
  readonly unknown: string | undefined;
}

/**
 * All of it in one snapshot: what another run commits in between would be in the schema and not in the
 * history, which is what drift looks like.
 */
async function look(session: DatabaseSession, migrations: readonly Migration[]): Promise<Look> {
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const history = await readHistory(session);
  const standing = standingOf(migrations, history);
  const elsewhere = await appliedElsewhere(session, standing);
  const last = history.findLast(({ state }) => state === "applied");
  // Half of a file is no drift, and is told by itself.
  const isTold = last?.fingerprintAfter != null && standing.begun.length === 0;
  const state = !isTold ? undefined : await readLiveSchema(session);
  const unknown = history.length === 0 && elsewhere.length === 0 ? await unrecorded(session) : undefined;
  await session.query("COMMIT");
  return { history, standing, elsewhere, state, unknown };
}

/** Why nobody can say whether the schema has drifted. */
function untold(last: HistoryEntry | undefined, begun: Standing["begun"]): string[] {
  if (begun.length > 0) return ["whether the schema has drifted cannot be told while a file is half done"];
  if (last === undefined) return [];
  return [
    `whether the schema has drifted cannot be told: what version ${last.version} left is not on record, as ` +
      "after one that was applied late; the next migration writes it down again",
  ];
}

function driftNotes(matches: HistoryEntry | undefined, named: Drift | undefined): string[] {
  return [
    matches === undefined
      ? "the schema is that of no version on record: somebody changed it by hand, or by another tool; " +
        "write what is to stay as a migration, and take back the rest"
      : `the schema is that of version ${matches.version}`,
    ...(named?.doubt === undefined ? [] : [named.doubt]),
  ];
}

function elsewhereWords({ tool, table, names, unclear }: AppliedElsewhere): string {
  if (unclear !== undefined) return `${table} of ${tool} is not clear: ${unclear.message}`;
  return (
    `${tool} has applied ${quantity(names.length, "migration")} that the history does not know ` +
    `(${table}): ${listed(names, 5)}; migrate --adopt ${tool} takes them over`
  );
}

/** How far one is that is begun and not ended. */
function begunWords({ state, steps }: HistoryEntry): string {
  const half = state === "rolling-back" ? "half taken back" : "half applied";
  return `${half}: ${quantity(steps, "statement")} done`;
}

function tablesOf(
  { applied, changed, pending, late, missing, begun }: Standing,
  named: Drift | undefined,
): Outcome["report"]["tables"] {
  const standingOfOne = (version: string): string =>
    changed.some(({ entry }) => entry.version === version)
      ? "changed since"
      : late.some((each) => each.version === version)
        ? "pending, late"
        : "pending";
  return [
    {
      columns: ["migration", "state", "when", "who"],
      rows: [
        ...applied.map(({ migration, entry }) => [
          migration.forward.file,
          changed.some((each) => each.entry === entry)
            ? "applied, changed since"
            : entry.adoptedFrom === null
              ? "applied"
              : `taken over: ${entry.adoptedFrom}`,
          (entry.appliedAt ?? "").slice(0, 16).replace("T", " "),
          entry.appliedBy,
        ]),
        ...missing.map((entry) => [
          entry.file,
          "applied, not in this checkout",
          (entry.appliedAt ?? "").slice(0, 16).replace("T", " "),
          entry.appliedBy,
        ]),
        ...begun
          .filter((entry) => !pending.some(({ version }) => begunOf([entry], version) !== undefined))
          .map((entry) => [entry.file, `${begunWords(entry)}, not in this checkout`, "", entry.appliedBy]),
        ...pending.map(({ forward, version }) => {
          const half = begunOf(begun, version);
          return [forward.file, half === undefined ? standingOfOne(version) : begunWords(half), "", ""];
        }),
      ],
    },
    ...(named === undefined || named.deviations.length === 0
      ? []
      : [
          {
            columns: ["drifted", "what"],
            rows: named.deviations.map(({ object, message }) => [object, message]),
          },
        ]),
  ];
}
