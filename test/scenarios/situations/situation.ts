import { expect } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { Cluster, TestDatabase } from "../../support/postgres.ts";
import { output, said, type BackupChoice, type RestoreChoice, type Vault } from "../../support/vault.ts";
import { inTurns } from "../../support/sampling.ts";

/** How proof and restore end: `refused` is an error before anything is touched. */
export type Verdict = "proved" | "gaps" | "failed";

/** A database that real backups stumbled over, in the least SQL that shows it, and how it has to go. */
export interface Situation {
  readonly name: string;
  /** Run by the superuser in a new database. */
  readonly sql: string;
  /** Encoding of the database; default UTF8. */
  readonly encoding?: string;
  readonly backup?: BackupChoice;
  /**
   * Verdict of the proof, and of restores into a new database, in place and beside it unless they are named.
   */
  readonly verdict: Verdict;
  readonly restore?: Verdict;
  readonly inPlace?: Verdict | "not tried";
  readonly beside?: Verdict | "not tried";
  readonly choice?: RestoreChoice;
  /** What the proof, or one of its findings, has to say. */
  readonly says?: RegExp;
  /** What the restore has to say. */
  readonly restoreSays?: RegExp;
  /** What the backup has to say when it is made. */
  readonly backupSays?: RegExp;
}

let count = 0;

/** Runs one step and tells its verdict with every word of the report, so that a failed test shows why. */
async function verdictOf(
  step: string,
  work: () => Promise<Outcome>,
): Promise<{ step: string; verdict: string; words: string }> {
  try {
    const outcome = await work();
    return { step, verdict: String(outcome.outputs["verdict"] ?? ""), words: said(outcome) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { step, verdict: `refused: ${error.code}`, words: `${error.message}\n${error.hint ?? ""}` };
  }
}

/** Words that are told only when the verdict is another one than expected. */
function hold(actual: { step: string; verdict: string; words: string }, verdict: string): void {
  expect(actual.verdict === verdict ? { step: actual.step, verdict } : actual).toEqual({
    step: actual.step,
    verdict,
  });
}

/**
 * Makes the database, backs it up, proves it, and restores it into a new database; then onto a copy, in
 * place and beside.
 */
export async function holdSituation(situation: Situation, cluster: Cluster, vault: Vault): Promise<void> {
  const source = `situation-${(count += 1)}`;
  await using database = await cluster.createDatabase({
    owner: "postgres",
    sql: situation.sql,
    ...(situation.encoding === undefined ? {} : { encoding: situation.encoding }),
  });
  const tools = { binDir: cluster.facts.binDir };
  const made = await vault.backup(database.adminUrl, { source, ...situation.backup }, tools);
  expect([made.exit, said(made)]).toEqual([
    0,
    situation.backupSays === undefined ? expect.anything() : expect.stringMatching(situation.backupSays),
  ]);
  const validated = await verdictOf("validate", () =>
    vault.validate({ source, jobs: 2, depth: "restored", scratch: cluster.adminUrl() }, tools),
  );
  hold(validated, situation.verdict);
  if (situation.says !== undefined) expect(validated.words).toMatch(situation.says);
  await restores(situation, { cluster, vault, source, encoding: situation.encoding });
  // A throw-away database that stays would count against the next situation.
  expect(
    await cluster.admin("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast_scratch%'"),
  ).toEqual([]);
}

interface Setting {
  readonly cluster: Cluster;
  readonly vault: Vault;
  readonly source: string;
  readonly encoding: string | undefined;
}

/** Onto a copy, in place and beside take turns where neither ends otherwise than the restore before them. */
function waysInTurn({ name, inPlace, beside }: Situation): readonly ("in place" | "beside")[] {
  const both = ["in place", "beside"] as const;
  if (inPlace !== undefined || beside !== undefined) return both;
  // One after the other within a file.
  const turned = count % 2 === 0 ? both : both.toReversed();
  return inTurns(`restored onto a copy: ${name.slice(0, 60)}`, [name], turned).map(({ way }) => way);
}

async function restores(situation: Situation, { cluster, vault, source, encoding }: Setting): Promise<void> {
  await using copy = await cluster.createDatabase({
    owner: "postgres",
    ...(encoding === undefined ? {} : { encoding }),
  });
  const restore = (mode: "auto" | "in-place" | "beside"): Promise<Outcome> =>
    vault.restore(
      copy.adminUrl,
      { source, jobs: 2, mode, confirm: copy.name, safetyBackup: false, ...situation.choice },
      { binDir: cluster.facts.binDir },
    );
  const whole = situation.restore ?? situation.verdict;
  const restored = await verdictOf("restore", () => restore("auto"));
  hold(restored, whole);
  if (situation.restoreSays !== undefined) expect(restored.words).toMatch(situation.restoreSays);
  const ways = waysInTurn(situation);
  const inPlace = ways.includes("in place") ? (situation.inPlace ?? whole) : "not tried";
  if (inPlace !== "not tried") hold(await verdictOf("restore in place", () => restore("in-place")), inPlace);
  const beside = ways.includes("beside") ? (situation.beside ?? whole) : "not tried";
  if (beside !== "not tried") {
    const swapped = await verdictOf("restore beside", async () => {
      const outcome = await restore("beside");
      const old = output(outcome, "old-database");
      if (old !== "") await dropWhole(cluster, old);
      return outcome;
    });
    hold(swapped, beside);
  }
  await detach(cluster, copy);
}

/** A database with a subscription cannot be dropped. */
export async function detach(cluster: Cluster, { name }: Pick<TestDatabase, "name">): Promise<void> {
  const subscriptions = await cluster.admin(
    `
      SELECT quote_ident(s.subname) AS name
        FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
       WHERE d.datname = $1
    `,
    [name],
  );
  for (const subscription of subscriptions) {
    await cluster.admin(
      `
        ALTER SUBSCRIPTION ${String(subscription["name"])} DISABLE;
        ALTER SUBSCRIPTION ${String(subscription["name"])} SET (slot_name = NONE)
      `,
      [],
      name,
    );
    await cluster.admin(`DROP SUBSCRIPTION ${String(subscription["name"])}`, [], name);
  }
}

async function dropWhole(cluster: Cluster, name: string): Promise<void> {
  await detach(cluster, { name });
  await cluster.admin(`DROP DATABASE "${name}" WITH (FORCE)`);
}
