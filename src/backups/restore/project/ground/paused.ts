import type { DatabaseSession } from "../../../../ports/database.ts";
import type { Kept } from "./kept.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";

/** What became of triggers that reach out of the database. */
export interface Webhooks {
  /** Those that send nothing until they are switched on, as a content record names them. */
  readonly paused: ReadonlySet<string>;
  /** What a person has to know. */
  readonly notes: readonly string[];
}

/**
 * Switches off the triggers that reach out of the database: two projects would send everything twice. Said
 * with the statement that switches each on. One that was there and could not be dropped is the target's own
 * and stays as it was: it is named.
 */
export async function pauseWebhooks(
  session: DatabaseSession,
  { profile }: { readonly profile: PlatformProfile },
  kept: Kept,
): Promise<Webhooks> {
  const triggers = await session.query<{ name: string; relation: string }>(
    `
      SELECT quote_ident(t.tgname) AS name, c.oid::regclass::text AS relation
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_namespace pn ON pn.oid = p.pronamespace
       WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND pn.nspname || '.' || p.proname = ANY ($1)
       ORDER BY 2, 1
    `,
    [[...profile.webhookFunctions]],
  );
  const paused = new Set<string>();
  const notes: string[] = [];
  for (const { name, relation } of triggers) {
    if (
      kept.has("trigger", `${relation}.${name}`) ||
      kept.objects.some(({ identity }) => identity === relation)
    ) {
      notes.push(`webhook ${name} on ${relation} was there, could not be replaced and goes on sending`);
      continue;
    }
    await session.query(`ALTER TABLE ${relation} DISABLE TRIGGER ${name}`);
    paused.add(`${relation}.${name}`);
    notes.push(
      `webhook ${name} on ${relation} is paused; to send again: ALTER TABLE ${relation} ENABLE ` +
        `TRIGGER ${name}`,
    );
  }
  return { paused, notes };
}

/**
 * Triggers whose own functions name what reaches out. They are the application's own code, which may do other
 * things too, so they are not switched off, and named.
 */
export async function reachingOut(
  session: DatabaseSession,
  { profile, target }: { readonly profile: PlatformProfile; readonly target: PlatformRecord },
): Promise<string[]> {
  const triggers = await session.query<{ name: string; relation: string; called: string }>(
    `
      SELECT quote_ident(t.tgname) AS name, c.oid::regclass::text AS relation, p.oid::regproc::text AS called
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE NOT t.tgisinternal
         AND t.tgparentid = 0
         AND t.tgenabled <> 'D'
         AND n.nspname <> ALL ($2)
         AND EXISTS (SELECT FROM unnest($1::text[]) AS out(name) WHERE strpos(p.prosrc, out.name) > 0)
       ORDER BY 2, 1
    `,
    [[...profile.webhookFunctions], [...target.schemas]],
  );
  return triggers.map(
    ({ name, relation, called }) =>
      `trigger ${name} on ${relation} calls ${called}(), which may reach out of the database, ` +
      `and is not paused; to keep it from that: ALTER TABLE ${relation} DISABLE TRIGGER ${name}`,
  );
}
