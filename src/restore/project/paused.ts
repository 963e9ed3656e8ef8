import type { DatabaseSession } from "../../ports/database.ts";
import type { ProjectPlan } from "./plan.ts";

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
