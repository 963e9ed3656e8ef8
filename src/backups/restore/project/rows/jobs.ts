import { quantity } from "../../../../kernel/quantity.ts";
import { quoteIdentifier, quoteLiteral } from "../../../../postgres/quoting.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { displayPart } from "../../../../postgres/display-name.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { commonColumns, isFitting, tableSql, type Fitting, type Staged } from "./staged.ts";

/** What became of jobs by the clock. */
interface Jobs {
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
  /** Jobs of the target that are none of the backup's, and stay as they are. */
  readonly further: number;
}

/** Columns that mean something in one project alone: the number of a job, and where it runs. */
const OF_ONE_PROJECT: ReadonlySet<string> = new Set(["jobid", "active", "database", "nodename", "nodeport"]);

/** Brings jobs back, paused; one of the same name and role at the target becomes the backup's. */
export async function restoreJobs(
  session: DatabaseSession,
  staged: readonly Staged[],
  database: string,
): Promise<Jobs> {
  const notes: string[] = [];
  const findings: Finding[] = [];
  let further = 0;
  for (const one of staged) {
    const jobs = await session.query<Job>(`SELECT * FROM ${one.temporary} ORDER BY jobid::int8`);
    if (jobs.length === 0) continue;
    const gap = (message: string): void =>
      void findings.push({ severity: "gap", about: "table", name: one.title, message });
    if (!isFitting(one)) {
      gap(
        `stays behind (${quantity(jobs.length, "job")}): the project has no pg_cron; ` +
          "enable it and schedule them anew",
      );
      continue;
    }
    const columns = commonColumns(one).filter((name) => !OF_ONE_PROJECT.has(name));
    const { writes, role } = await writer(session, one);
    // Two jobs may be alike in everything: each of the backup's stands for one of the target's.
    const taken: string[] = [];
    for (const job of jobs) {
      const refused = await refusal(
        session,
        async () => {
          const table = tableSql(one);
          const place = { job, columns, database, taken };
          const there = await sameJob(session, table, place);
          if (there !== undefined) taken.push(there);
          if (!writes && job["username"] !== role) {
            const runs =
              there !== undefined && (await refusal(session, () => pause(session, there))) !== undefined;
            gap(
              othersSentence(job) + (runs ? "; the one that is there could not be paused, and goes on" : ""),
            );
            return;
          }
          const id = writes
            ? await putJob(session, table, place, there)
            : await scheduleJob(session, job, there);
          taken.push(id);
          notes.push(
            `${titleOf(job, id)} is paused; to run it again: SELECT cron.alter_job(${id}, active := true)`,
          );
        },
        "database.permission",
        "database.query",
      );
      if (refused !== undefined) {
        gap(`${titleOf(job, job["jobid"]!)} stays behind: ${serverWords(refused)}; schedule it anew`);
      }
    }
    const [others] = await session.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${tableSql(one)} WHERE jobid::text <> ALL ($1::text[])`,
      [taken],
    );
    further += Number(others!.n);
  }
  return { notes, findings, further };
}

/**
 * Jobs that this role may not schedule: in its own name it would run another role's SQL with its own power.
 */
export async function jobsOfOthers(session: DatabaseSession, one: Fitting): Promise<readonly string[]> {
  const { writes, role } = await writer(session, one);
  if (writes) return [];
  const jobs = await session.query<Job>(
    `SELECT * FROM ${one.temporary} WHERE username IS DISTINCT FROM $1 ORDER BY jobid::int8`,
    [role],
  );
  return jobs.map(othersSentence);
}

/**
 * Whether any job of the backup may get another number than it had: it is not there, or under another number,
 * or whoever may write the table puts it in again. How many there are says nothing: the number of one that is
 * lacking may be another one's.
 */
export async function numbersAnew(session: DatabaseSession, one: Staged): Promise<boolean> {
  const jobs = await session.query<Job>(`SELECT * FROM ${one.temporary} ORDER BY jobid::int8`);
  if (jobs.length === 0) return false;
  if (!isFitting(one) || (await writer(session, one)).writes) return true;
  const [row] = await session.query<{ database: string }>("SELECT current_database()::text AS database");
  const taken: string[] = [];
  for (const job of jobs) {
    const there = await sameJob(session, tableSql(one), { job, columns: [], database: row!.database, taken });
    if (there === undefined || there !== job["jobid"]) return true;
    taken.push(there);
  }
  return false;
}

type Job = Readonly<Record<string, string | null>>;

interface OneJob {
  readonly job: Job;
  /** Columns that are brought. */
  readonly columns: readonly string[];
  readonly database: string;
  /** Numbers of the target's jobs that are the backup's already. */
  readonly taken: readonly string[];
}

function titleOf(job: Job, id: string): string {
  return job["jobname"] == null ? `job ${id}` : `job ${id} (${job["jobname"]})`;
}

/** With the statement but for the command, which may hold passwords. */
function othersSentence(job: Job): string {
  const { jobname, username, schedule } = job;
  const named = jobname == null ? "" : `${quoteLiteral(jobname)}, `;
  return (
    `${titleOf(job, job["jobid"]!)} stays behind: it runs as ${displayPart(username ?? "")}, in whose name ` +
    "only that role itself may schedule it; as that role, with the command that the backup has in its row: " +
    `SELECT cron.schedule(${named}${quoteLiteral(schedule ?? "")}, '…')`
  );
}

/** Who restores, and whether he may write the table itself; the platform gives only the right to read it. */
async function writer(
  session: DatabaseSession,
  one: Fitting,
): Promise<{ readonly writes: boolean; readonly role: string }> {
  const [row] = await session.query<{ writes: boolean; role: string }>(
    `
      SELECT has_table_privilege($1::regclass, 'INSERT')
               AND has_table_privilege($1::regclass, 'UPDATE')
               AND has_table_privilege($1::regclass, 'DELETE')
               AND NOT row_security_active($1::regclass) AS writes, current_user::text AS role
    `,
    [tableSql(one)],
  );
  return row!;
}

/**
 * The job of the target that is this one: of its role, and by its name, or where it has none by what runs
 * when and where.
 */
async function sameJob(
  session: DatabaseSession,
  table: string,
  { job, database, taken }: OneJob,
): Promise<string | undefined> {
  const [row] = await session.query<{ id: string }>(
    `
      SELECT jobid::text AS id
        FROM ${table} t
       WHERE t.username = $1
         AND t.jobid::text <> ALL ($6::text[])
         AND CASE WHEN $2::text IS NOT NULL THEN t.jobname = $2 ELSE to_jsonb(t) ->> 'jobname' IS NULL
                    AND t.schedule = $3
                    AND t.command = $4
                    AND t.database = $5 END
       ORDER BY t.jobid
       LIMIT 1
    `,
    [job["username"], job["jobname"] ?? null, job["schedule"], job["command"], database, [...taken]],
  );
  return row?.id;
}

/** By the table itself, where that is allowed: then the role that it runs as comes back too. */
async function putJob(
  session: DatabaseSession,
  table: string,
  { job, columns, database }: OneJob,
  there: string | undefined,
): Promise<string> {
  if (there !== undefined) await session.query(`DELETE FROM ${table} WHERE jobid = $1::int8`, [there]);
  const names = [...columns, "database", "active"];
  const values = [...columns.map((name) => job[name] ?? null), database, false];
  const [row] = await session.query<{ id: string }>(
    `
      INSERT INTO ${table} (${names.map(quoteIdentifier).join(", ")})
      VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")}) RETURNING jobid::text AS id
    `,
    values,
  );
  return row!.id;
}

/**
 * By pg_cron's own functions (https://github.com/citusdata/pg_cron), as the role that restores. What is there
 * is paused first: it must not start while it becomes another one.
 */
async function scheduleJob(session: DatabaseSession, job: Job, there: string | undefined): Promise<string> {
  if (there !== undefined) await pause(session, there);
  const id = there !== undefined && job["jobname"] == null ? there : await schedule(session, job);
  await pause(session, id);
  return id;
}

async function pause(session: DatabaseSession, id: string): Promise<void> {
  await session.query("SELECT cron.alter_job($1::int8, active := false)", [id]);
}

/** One of a name is altered where it is there; one without is another one each time. */
async function schedule(session: DatabaseSession, job: Job): Promise<string> {
  const [row] =
    job["jobname"] == null
      ? await session.query<{ id: string }>("SELECT cron.schedule($1, $2)::text AS id", [
          job["schedule"],
          job["command"],
        ])
      : await session.query<{ id: string }>("SELECT cron.schedule($1, $2, $3)::text AS id", [
          job["jobname"],
          job["schedule"],
          job["command"],
        ]);
  return row!.id;
}
