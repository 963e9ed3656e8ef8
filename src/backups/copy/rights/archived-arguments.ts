import { serverFacts } from "../../../nouns/content/read/objects/server-facts.ts";
import { decodeText, textColumn } from "../../../nouns/content/read/objects/server-text.ts";
import { named } from "../../../nouns/content/read/objects/names.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/** The routine `p` in the schema `n`. */
const NAME = named("n.nspname", "p.proname");
const IDENTITY_ARGUMENTS = "pg_get_function_identity_arguments(p.oid)";
const ARGUMENT_TYPES = "oidvectortypes(p.proargtypes)";

/**
 * SQL of the routine `p` in the schema `n` as an archive's rights name it: an aggregate by the types of its
 * arguments alone, without their names and without VARIADIC and ORDER BY (`format_function_signature` in
 * src/bin/pg_dump/pg_dump.c), anything else as the server does.
 */
export const ARCHIVED_ROUTINE = `
  ${NAME} || '(' || CASE p.prokind WHEN 'a' THEN ${ARGUMENT_TYPES} ELSE ${IDENTITY_ARGUMENTS} END || ')'
`;

/** How an archive's rights name an aggregate → how a content record does, of those where the two differ. */
export async function recordedAggregates(session: DatabaseSession): Promise<ReadonlyMap<string, string>> {
  const server = await serverFacts(session);
  const rows = await session.query<{ archived: string; recorded: string }>(`
    SELECT ${textColumn(server, ARCHIVED_ROUTINE)} AS archived,
           ${textColumn(server, `${NAME} || '(' || ${IDENTITY_ARGUMENTS} || ')'`)} AS recorded
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.prokind = 'a' AND ${ARGUMENT_TYPES} <> ${IDENTITY_ARGUMENTS}
  `);
  return new Map(
    rows.map(({ archived, recorded }) => [decodeText(server, archived), decodeText(server, recorded)]),
  );
}
