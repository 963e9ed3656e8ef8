import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { displayPart } from "../../postgres/display-name.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { destroyedBy } from "../script/destroys.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { RollbackPorts } from "./ports.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { requireWritable } from "../../nouns/server/require-writable.ts";
import { isWanted } from "../../nouns/migration-files/classify.ts";
import type { Migration } from "../folder/migration.ts";
import { readFolder } from "../folder/read-folder.ts";
import { compareKeys, versionKey } from "../../nouns/migration-files/version.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { scriptOf } from "../history/script-of.ts";
import { liveFingerprint, readLiveSchema } from "../live/live-schema.ts";
import { readHistory } from "../history/table.ts";
import { prepareScript, type PreparedScript, type ScriptSource } from "../script/prepare.ts";
import { serverFacts } from "../../nouns/content/read/objects/server-facts.ts";
import { platformOfState } from "../proof/compare-databases.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { proveHistory, type HistoryProof } from "./prove-history.ts";
import type { KnownProofs } from "./known-proofs.ts";
import { requireSameStart } from "../steps/same-start.ts";
import type { RollbackRequest } from "./request.ts";

/** One migration that will be taken back. */
export interface RollbackStep {
  readonly entry: HistoryEntry;
  readonly rollback: PreparedScript;
  /** Where the script is from; of a migration that did nothing there need not be one. */
  readonly from: "checkout" | "history" | "nothing";
  /** What proving it on a shadow came to; undefined where it could not be tried. */
  readonly proof: HistoryProof | undefined;
}

/** What a rollback destroys of what lies in the database now. */
export interface Loss {
  /** `table app.t`, `column app.t.c`. */
  readonly object: string;
  /** Rows of the table, or values in the column; null where it could not be counted. */
  readonly rows: number | null;
}

/** What will be taken back. */
export interface RollbackPlan {
  readonly request: RollbackRequest;
  /** The newest first. */
  readonly steps: readonly RollbackStep[];
  readonly losses: readonly Loss[];
  /** Why the pairs could not be tried on a shadow. */
  readonly unprovedBecause: string | undefined;
  /** The schema's fingerprint that the end has to have; null where the history does not tell. */
  readonly target: string | null;
  /** The live schema is not what its last migration left. */
  readonly drifted: boolean;
  /** The live schema's fingerprint. */
  readonly live: string;
}

/** What is to be taken back, and by which scripts; not yet tried. */
interface Chosen {
  readonly history: readonly HistoryEntry[];
  readonly found: readonly Omit<RollbackStep, "proof">[];
}

async function choose(
  session: DatabaseSession,
  request: RollbackRequest,
  ports: RollbackPorts,
): Promise<Chosen> {
  const history = await withoutUnbegun(session, await readHistory(session));
  const here = await filesOf(request, ports);
  return { history, found: await findScripts(chosen(history, request), here, request) };
}

/**
 * A script that is carried out step by step says that it has begun before it does anything. Where its first
 * statement was refused nothing has happened, which the schema shows: there is nothing to end first.
 */
async function withoutUnbegun(
  session: DatabaseSession,
  history: readonly HistoryEntry[],
): Promise<readonly HistoryEntry[]> {
  const isUnbegun = ({ state, steps }: HistoryEntry): boolean => state === "applying" && steps === 0;
  if (!history.some(isUnbegun)) return history;
  const left = history.findLast(({ state }) => state === "applied")?.fingerprintAfter;
  const asItWas = left != null && (await liveFingerprint(session)) === left;
  return asItWas ? history.filter((entry) => !isUnbegun(entry)) : history;
}

/**
 * Whether the plan would be the same now: the same scripts for the same migrations, as far as each of
 * them has come, on the schema that was looked at.
 */
export async function isStillTrue(plan: RollbackPlan, ports: RollbackPorts): Promise<boolean> {
  await using session = await plan.request.database.connect({ purpose: "rollback plan" });
  if ((await liveFingerprint(session)) !== plan.live) return false;
  const names = (steps: readonly Omit<RollbackStep, "proof">[]): string =>
    steps
      .map(({ entry, rollback }) => `${entry.version} ${entry.state} ${entry.steps}\n${rollback.source.text}`)
      .join("\n");
  return names(plan.steps) === names((await choose(session, plan.request, ports)).found);
}

/**
 * Reads the history, finds every script, tries them on a shadow and counts what would be lost;
 * changes nothing.
 *
 * @param known proofs that were made a moment ago, and are made of the same
 * @throws refused.unsafe where a rollback is missing or half of one is done; input.malformed where the
 *   version is not applied
 */
export async function planRollback(
  request: RollbackRequest,
  ports: RollbackPorts,
  known: KnownProofs,
): Promise<RollbackPlan> {
  await refuseTransactionPooler(request.database);
  await requireWritable(request.database);
  await using session = await request.database.connect({ purpose: "rollback plan" });
  const { history, found } = await choose(session, request, ports);
  const state = await readLiveSchema(session);
  const { major } = await serverFacts(session);
  const ground = { major, platform: platformOfState(state) };
  const proofs = await known.of(history, found, ground, () => proveHistory(history, found, ground, ports));
  const steps = found.map((step) => ({ ...step, proof: proofs.of.get(step.entry.version) }));
  const now = schemaFingerprint(state).hash;
  const last = history.findLast(({ state }) => state === "applied");
  return {
    request,
    steps,
    unprovedBecause: proofs.why,
    losses: [...(await countLosses(session, steps)), ...lossesBySelf(steps)],
    target: steps.at(-1)?.entry.fingerprintBefore ?? null,
    live: now,
    drifted: last?.fingerprintAfter != null && last.fingerprintAfter !== now,
  };
}

function chosen(history: readonly HistoryEntry[], { to, database }: RollbackRequest): HistoryEntry[] {
  const half = history.find(({ state }) => state === "applying");
  if (half !== undefined) {
    throw new HoldfastError(
      "refused.unsafe",
      `${half.file} is half applied: ${quantity(half.steps, "statement")} done`,
      {
        hint:
          "End it first with holdfast migrate, for which its file has to be in the folder; then it can be " +
          "taken back.",
      },
    );
  }
  const at = history.findIndex(
    ({ version }) => to !== undefined && compareKeys(versionKey(version), to.key) === 0,
  );
  if (to !== undefined && at === -1) {
    const known = history.map(({ version }) => version).slice(-5);
    throw new HoldfastError(
      "input.malformed",
      `version ${to.version} is not applied to ${describeAddress(database.address)}`,
      {
        hint:
          known.length === 0
            ? "No migration is on record there."
            : `The newest on record are ${known.join(", ")}.`,
      },
    );
  }
  return history.slice(at + 1).reverse();
}

const keyOf = (version: string): string => versionKey(version).join(".");

/** The checkout's migrations by version; none where there is no such folder, which is older than they are. */
async function filesOf(
  { folder }: RollbackRequest,
  ports: RollbackPorts,
): Promise<ReadonlyMap<string, Migration>> {
  const tree = await ports.sourceTree();
  const files = await tree.files(folder, isWanted).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === "source.missing") return { files: [], links: [] };
    throw error;
  });
  return new Map(
    readFolder(files, { supabase: false }).migrations.map((migration) => [
      migration.key.join("."),
      migration,
    ]),
  );
}

/**
 * The checkout's own script where it has one; else the one that was written down when the
 * migration was applied.
 */
async function findScripts(
  going: readonly HistoryEntry[],
  here: ReadonlyMap<string, Migration>,
  { folder }: RollbackRequest,
): Promise<Omit<RollbackStep, "proof">[]> {
  const missing: string[] = [];
  const found: Omit<RollbackStep, "proof">[] = [];
  for (const entry of going) {
    const file = here.get(keyOf(entry.version))?.rollback;
    const source = file ?? scriptOf(entry, "rollback");
    if (source === undefined && (await didNothing(entry))) {
      found.push({ entry, rollback: await prepareScript(nothingOf(entry)), from: "nothing" });
      continue;
    }
    const script = source && (await prepareScript(source));
    if (script === undefined || (script.empty && entry.fingerprintBefore !== entry.fingerprintAfter)) {
      missing.push(entry.file);
    } else found.push({ entry, rollback: script, from: file === undefined ? "history" : "checkout" });
  }
  if (missing.length > 0) {
    throw new HoldfastError(
      "refused.unsafe",
      `there is no rollback for ${listed(missing, 10)}, neither in ${folder} nor on record`,
      {
        hint: "Write it and put it into the folder; or go back by a restore of a backup from before.",
      },
    );
  }
  for (const { entry, rollback } of found) {
    if (entry.state !== "rolling-back") continue;
    const begun = { file: entry.file, text: entry.rollback, steps: entry.steps };
    await requireSameStart(rollback, { ...begun, state: "half taken back" });
  }
  const broken = found.find(({ rollback }) => rollback.script.problem !== undefined);
  if (broken !== undefined) {
    throw new HoldfastError(
      "refused.unsafe",
      `${broken.rollback.source.file}:${broken.rollback.script.problem!.line} is no script that a server ` +
        `takes: ${broken.rollback.script.problem!.message}`,
      { hint: "Mend it in the folder." },
    );
  }
  return found;
}

/** Comments alone were applied: nothing is there to be taken back, whatever else changed meanwhile. */
async function didNothing(entry: HistoryEntry): Promise<boolean> {
  const forward = scriptOf(entry, "forward");
  return forward !== undefined && (await prepareScript(forward)).empty;
}

function nothingOf({ file }: HistoryEntry): ScriptSource {
  return { file: `the rollback of ${file}`, text: "", firstLine: 1, transaction: true };
}

/** By what each pair's proof says that it takes away; what came after the migration is in there. */
async function countLosses(session: DatabaseSession, steps: readonly RollbackStep[]): Promise<Loss[]> {
  const objects = [...new Set(steps.flatMap(({ proof }) => proof?.destroys ?? []))];
  const losses: Loss[] = [];
  for (const object of objects) {
    const [, kind, name] = /^(table|column) (.*)$/s.exec(object) ?? [];
    if (kind === undefined || name === undefined) continue;
    // Names are as the server quotes them.
    const parts = name.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
    const table = parts.slice(0, 2).join(".");
    const counted =
      kind === "table" ? "pg_catalog.count(*)" : `pg_catalog.count(${parts[2] ?? quoteIdentifier("")})`;
    const [row] = await session
      .query<{ rows: string }>(`SELECT ${counted}::text AS rows FROM ${table}`)
      .catch((error: unknown) => {
        if (!isUncountable(error)) throw error;
        return [];
      });
    losses.push({ object, rows: row === undefined ? null : Number(row.rows) });
  }
  return losses;
}

/** Rows and values that the scripts themselves take away of what stays; how many, only they know. */
function lossesBySelf(steps: readonly RollbackStep[]): Loss[] {
  const objects = steps.flatMap(({ rollback }) =>
    rollback.execution.statements.flatMap(destroyedBy).flatMap(({ what, name, column, to }) => {
      const written = name.map(displayPart).join(".");
      if (what === "rows") return [`rows of ${written}`];
      // Of a type alone nobody sees whether it is a narrower one.
      return what === "values" && to === undefined
        ? [`values of ${written}.${displayPart(column ?? "")}`]
        : [];
    }),
  );
  return [...new Set(objects)].map((object) => ({ object, rows: null }));
}

/**
 * 42P01, 42703: gone by hand; 42501: may not be read; 57014: takes longer than it may. The rest is no answer.
 */
function isUncountable(error: unknown): boolean {
  return (
    isHoldfastError(error, "database.query", "database.permission") &&
    /\(SQLSTATE (?:42P01|42703|3F000|42501|57014)\)/.test(error.message)
  );
}
