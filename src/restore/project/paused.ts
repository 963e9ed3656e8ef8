import { quantity } from "../../kernel/quantity.ts";
import { quoteIdentifier } from "../../kernel/sql.ts";
import { serverWords } from "../../archive/server-words.ts";
import type { Finding } from "../../catalog/manifest.ts";
import { refusal } from "../../content/refusal.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { ProjectPlan } from "./plan.ts";
import { commonColumns, isFitting, tableSql, type Staged } from "./staged.ts";

/** A trigger that sends nothing until it is switched on. */
export interface PausedWebhook {
  /** As a content record names it. */
  readonly identity: string;
  /** What a person has to know. */
  readonly note: string;
}

/**
 * Switches off the triggers that reach out of the database: two projects would send everything twice. Said with the statement that switches
 * each on.
 */
export async function pauseWebhooks(session: DatabaseSession, { profile }: ProjectPlan): Promise<PausedWebhook[]> {
  const triggers = await session.query<{ name: string; relation: string; onPlatform: boolean }>(
    `SELECT quote_ident(t.tgname) AS name, c.oid::regclass::text AS relation
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
      WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND pn.nspname || '.' || p.proname = ANY ($1) ORDER BY 2, 1`,
    [[...profile.webhookFunctions]],
  );
  for (const { name, relation } of triggers) await session.query(`ALTER TABLE ${relation} DISABLE TRIGGER ${name}`);
  return triggers.map(({ name, relation }) => ({
    identity: `${relation}.${name}`, note: `webhook ${name} on ${relation} is paused; to send again: ALTER TABLE ${relation} ENABLE TRIGGER ${name}`,
  }));
}

/** What became of jobs by the clock. */
interface Jobs {
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
}

/** Columns that mean something in one project alone: the number of a job, and where it runs. */
const OF_ONE_PROJECT: ReadonlySet<string> = new Set(["jobid", "active", "database", "nodename", "nodeport"]);

/** Brings jobs back, paused; one of the same name and role at the target becomes the backup's. */
export async function restoreJobs(session: DatabaseSession, staged: readonly Staged[], database: string): Promise<Jobs> {
  const notes: string[] = [];
  const findings: Finding[] = [];
  for (const one of staged) {
    const jobs = await session.query<Record<string, string | null>>(`SELECT * FROM ${one.temporary} ORDER BY jobid::int8`);
    if (jobs.length === 0) continue;
    const gap = (message: string): void => void findings.push({ severity: "gap", about: "table", name: one.title, message });
    if (!isFitting(one)) {
      gap(`stays behind (${quantity(jobs.length, "job")}): the project has no pg_cron; enable it and schedule them anew`);
      continue;
    }
    const made: string[] = [];
    const refused = await refusal(session, async () => {
      const columns = commonColumns(one).filter((name) => !OF_ONE_PROJECT.has(name));
      // Two jobs may be alike in everything: each of the backup's stands for one of the target's.
      const taken: string[] = [];
      for (const job of jobs) {
        const restored = await restoreJob(session, tableSql(one), { job, columns, database, taken });
        taken.push(restored.id);
        made.push(restored.note);
      }
    }, "database.permission", "database.query");
    if (refused === undefined) notes.push(...made);
    else gap(`stays behind (${quantity(jobs.length, "job")}): ${serverWords(refused)}; schedule them anew`);
  }
  return { notes, findings };
}

interface OneJob {
  readonly job: Readonly<Record<string, string | null>>;
  /** Columns that are brought. */
  readonly columns: readonly string[];
  readonly database: string;
  /** Numbers of the target's jobs that are the backup's already. */
  readonly taken: readonly string[];
}

async function restoreJob(session: DatabaseSession, table: string, one: OneJob): Promise<{ readonly id: string; readonly note: string }> {
  const { job } = one;
  const [rights] = await session.query<{ direct: boolean }>("SELECT has_table_privilege($1::regclass, 'INSERT, UPDATE') AND has_table_privilege($1::regclass, 'DELETE') AS direct", [table]);
  const there = await sameJob(session, table, one);
  const id = rights!.direct ? await putJob(session, table, one, there) : await scheduleJob(session, job, there);
  const called = job["jobname"] == null ? `job ${id}` : `job ${id} (${job["jobname"]})`;
  return { id, note: `${called} is paused; to run it again: SELECT cron.alter_job(${id}, active := true)` };
}

/**
 * The job of the target that is this one: by its name, or where it has none by what runs when, where and as whom. What this role had to schedule
 * for another one runs as this role.
 */
async function sameJob(session: DatabaseSession, table: string, { job, database, taken }: OneJob): Promise<string | undefined> {
  const [row] = await session.query<{ id: string }>(
    `SELECT jobid::text AS id FROM ${table} t
      WHERE t.username IN ($1, current_user) AND t.jobid::text <> ALL ($6::text[]) AND CASE WHEN $2::text IS NOT NULL THEN t.jobname = $2
        ELSE to_jsonb(t) ->> 'jobname' IS NULL AND t.schedule = $3 AND t.command = $4 AND t.database = $5 END
      ORDER BY t.username <> $1, t.jobid LIMIT 1`,
    [job["username"], job["jobname"] ?? null, job["schedule"], job["command"], database, [...taken]],
  );
  return row?.id;
}

/** By the table itself, where that is allowed: then the role that it runs as comes back too. */
async function putJob(session: DatabaseSession, table: string, { job, columns, database }: OneJob, there: string | undefined): Promise<string> {
  if (there !== undefined) await session.query(`DELETE FROM ${table} WHERE jobid = $1::int8`, [there]);
  const names = [...columns, "database", "active"];
  const values = [...columns.map((name) => job[name] ?? null), database, false];
  const [row] = await session.query<{ id: string }>(
    `INSERT INTO ${table} (${names.map(quoteIdentifier).join(", ")}) VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")}) RETURNING jobid::text AS id`,
    values,
  );
  return row!.id;
}

/** By pg_cron's own functions (https://github.com/citusdata/pg_cron), as the role that restores. */
async function scheduleJob(session: DatabaseSession, job: OneJob["job"], there: string | undefined): Promise<string> {
  const id = there !== undefined && job["jobname"] == null ? there : await schedule(session, job);
  await session.query("SELECT cron.alter_job($1::int8, active := false)", [id]);
  return id;
}

/** One of a name is altered where it is there; one without is another one each time. */
async function schedule(session: DatabaseSession, job: OneJob["job"]): Promise<string> {
  const [row] = job["jobname"] == null
    ? await session.query<{ id: string }>("SELECT cron.schedule($1, $2)::text AS id", [job["schedule"], job["command"]])
    : await session.query<{ id: string }>("SELECT cron.schedule($1, $2, $3)::text AS id", [job["jobname"], job["schedule"], job["command"]]);
  return row!.id;
}
