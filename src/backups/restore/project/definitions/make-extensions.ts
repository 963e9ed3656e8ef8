import { HoldfastError } from "../../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { UnavailableExtension } from "../../../copy/loading/extensions.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { ExtensionRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * Makes the user's extensions in their schemas; one that needs another is tried again after it. One that
 * stands in another schema is moved, because what the archive says of it names its schema.
 *
 * @returns those that could not be made, where that was allowed
 * @throws database.lacks
 */
export async function makeExtensions(
  session: DatabaseSession,
  extensions: readonly ExtensionRecord[],
  allowGaps: boolean,
): Promise<readonly UnavailableExtension[]> {
  let waiting = extensions;
  for (;;) {
    const failed: UnavailableExtension[] = [];
    for (const extension of waiting) {
      const reason = await makeExtension(session, extension);
      if (reason !== undefined) failed.push({ ...extension, reason });
    }
    if (failed.length === 0) return [];
    if (failed.length === waiting.length) {
      if (allowGaps) return failed;
      throw lacking(failed);
    }
    waiting = failed;
  }
}

function lacking(failed: readonly UnavailableExtension[]): HoldfastError {
  const words = failed
    .map(({ name, version, reason }) => `${name} ${version} (${reason ?? "not available"})`)
    .join(", ");
  return new HoldfastError("database.lacks", `the project cannot have ${words}`, {
    hint:
      "Enable them in the project first, or use --allow-gaps to do without them and what " +
      "depends on them.",
  });
}

/** Why it could not be made; undefined where it is there. */
async function makeExtension(
  session: DatabaseSession,
  { name, schema }: ExtensionRecord,
): Promise<string | undefined> {
  let standsIn: string | undefined;
  const refused = await refusal(session, async () => {
    const [there] = await session.query<{ schema: string }>(
      `
        SELECT n.nspname::text AS schema
          FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
         WHERE extname = $1
      `,
      [name],
    );
    if (there?.schema === schema) return;
    const [known] = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
    if (known === undefined) await session.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
    standsIn = there?.schema;
    if (there !== undefined && (await mayMove(session, name, schema))) return;
    if (there !== undefined) await removeFromSchema(session, name);
    await session.query(`CREATE EXTENSION ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)}`);
  });
  if (refused === undefined) return undefined;
  if (standsIn === undefined) return serverWords(refused);
  return (
    `it stands in schema ${standsIn} there and in ${schema} in the backup, and could not be ` +
    `moved: ${serverWords(refused)}`
  );
}

/**
 * Whether it was moved: the server asks for an owner's right on every part, and these are a superuser's where
 * an ordinary role made it.
 */
async function mayMove(session: DatabaseSession, name: string, schema: string): Promise<boolean> {
  return (
    (await refusal(session, () =>
      session.query(`ALTER EXTENSION ${quoteIdentifier(name)} SET SCHEMA ${quoteIdentifier(schema)}`),
    )) === undefined
  );
}

/**
 * Drops it, so that it can be made elsewhere. What is the user's is gone by now; of anything else that hangs
 * on it the server says so, and rows that it keeps are not for us to throw away.
 */
async function removeFromSchema(session: DatabaseSession, name: string): Promise<void> {
  const [holding] = await session.query<{ title: string }>(
    `
      SELECT c.oid::regclass::text AS title
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('r', 'p')
       WHERE e.extname = $1
       LIMIT 1
    `,
    [name],
  );
  if (holding !== undefined) throw new HoldfastError("database.lacks", `it keeps rows in ${holding.title}`);
  await session.query(`DROP EXTENSION ${quoteIdentifier(name)}`);
}
