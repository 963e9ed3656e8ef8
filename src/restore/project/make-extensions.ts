import { HoldfastError } from "../../kernel/errors.ts";
import { quoteIdentifier } from "../../kernel/sql.ts";
import type { UnavailableExtension } from "../../archive/extensions.ts";
import { serverWords } from "../../archive/server-words.ts";
import { refusal } from "../../content/refusal.ts";
import type { ExtensionRecord } from "../../content/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Makes the user's extensions in their schemas; one that needs another is tried again after it.
 *
 * @returns those that could not be made, where that was allowed
 * @throws database.lacks
 */
export async function makeExtensions(
  session: DatabaseSession, extensions: readonly ExtensionRecord[], allowGaps: boolean,
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
  const words = failed.map(({ name, version, reason }) => `${name} ${version} (${reason ?? "not available"})`).join(", ");
  return new HoldfastError("database.lacks", `the project cannot have ${words}`, {
    hint: "Enable them in the project first, or use --allow-gaps to do without them and what depends on them.",
  });
}

/** Why it could not be made; undefined where it is there. */
async function makeExtension(session: DatabaseSession, { name, schema }: ExtensionRecord): Promise<string | undefined> {
  const refused = await refusal(session, async () => {
    const [there] = await session.query("SELECT FROM pg_extension WHERE extname = $1", [name]);
    if (there !== undefined) return;
    const [known] = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
    if (known === undefined) await session.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
    await session.query(`CREATE EXTENSION ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)}`);
  });
  return refused === undefined ? undefined : serverWords(refused);
}
