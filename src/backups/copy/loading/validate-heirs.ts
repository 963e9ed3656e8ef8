import { RELATION } from "../../../nouns/content/read/objects/names.ts";
import { readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { Log } from "../../../ports/log.ts";
import { serverWords } from "../../../postgres/server-words.ts";

/** The field of a constraint that holds for new rows only. */
const NOT_VALID = "not-valid";

const INHERITED_NOT_VALID = `
  SELECT ${RELATION} || '.' || quote_ident(k.conname) AS identity,
         format('ALTER TABLE %I.%I VALIDATE CONSTRAINT %I', n.nspname, c.relname, k.conname) AS sql
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'c'
     AND k.coninhcount > 0
     AND NOT k.convalidated
     AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
   ORDER BY c.oid
`;

/** A check of an heir that has to be validated. */
export interface Heir {
  readonly identity: string;
  readonly sql: string;
}

/**
 * Checks of heirs that were valid at the source although those above them were not. pg_dump writes
 * such a check once, at the top and `NOT VALID`, and the heirs get it from there (getTableAttrs in
 * src/bin/pg_dump/pg_dump.c).
 */
export async function heirsToValidate(
  session: DatabaseSession,
  { digests, objects }: ContentRecord,
): Promise<readonly Heir[]> {
  if (digests !== 2) return [];
  const recorded = objects.constraint ?? {};
  const found = await session.query<Heir>(INHERITED_NOT_VALID);
  return found.filter(
    ({ identity }) => Object.hasOwn(recorded, identity) && !readDigests(recorded[identity]!).has(NOT_VALID),
  );
}

/**
 * One that is refused is left to the comparison, which says that it differs; why, the log does.
 *
 * @param session in a transaction, whose locks on the tables stay until its end
 */
export async function validateHeir(
  session: DatabaseSession,
  { identity, sql }: Heir,
  log: Pick<Log, "debug">,
): Promise<void> {
  const error = await refusal(session, () => session.query(sql));
  if (error !== undefined) {
    log.debug(`constraint ${identity}, valid at the source, could not be validated: ${serverWords(error)}`);
  }
}
