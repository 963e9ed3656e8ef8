import { adviceSentence } from "../../../copy/judging/advice.ts";
import type { HoldfastError } from "../../../../kernel/errors.ts";
import { withoutOwner, type DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { inPlace, type Places } from "../../../copy/artifacts/places.ts";
import { entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { lendCreate, takeBackCreate } from "./owners-out-of-reach.ts";

/** A definition that the server refused for good. */
export interface Refused {
  readonly entry: TocEntry;
  readonly error: HoldfastError;
}

/** What came of a round. */
export interface RoundOutcome {
  readonly refused: readonly Refused[];
  /** What could not be given to its owner, and belongs to whoever restores it. */
  readonly kept: readonly Refused[];
}

/**
 * Makes definitions inside a transaction, each in a savepoint. pg_dump does not know of everything that one
 * needs of another, so those that failed are tried again in the archive's order as long as that helps.
 */
export async function runDefinitions(
  session: DatabaseSession,
  texts: readonly DefinitionText[],
  signal: AbortSignal,
): Promise<RoundOutcome> {
  let waiting = texts;
  const kept: Refused[] = [];
  for (;;) {
    const failed: (Refused & { readonly text: DefinitionText })[] = [];
    for (const text of waiting) {
      signal.throwIfAborted();
      const error = await runOne(session, text, kept);
      if (error !== undefined) failed.push({ entry: text.entry, error, text });
    }
    if (failed.length === 0 || failed.length === waiting.length) {
      return { refused: failed.map(({ entry, error }) => ({ entry, error })), kept };
    }
    waiting = failed.map(({ text }) => text);
  }
}

async function runOne(
  session: DatabaseSession,
  text: DefinitionText,
  kept: Refused[],
): Promise<HoldfastError | undefined> {
  const { entry, sql, places } = text;
  const error = await attempt(session, sql, places);
  const alone = error === undefined || error.code !== "database.permission" ? undefined : withoutOwner(text);
  if (alone === undefined) return error;
  if (await attemptLending(session, text)) return undefined;
  // The role may make it and may not give it away.
  const second = await attempt(session, alone, places);
  if (second === undefined && error !== undefined) kept.push({ entry, error });
  return second === undefined ? undefined : error;
}

/** An owner who may not make things in the schema any more is allowed to while his is given to him. */
async function attemptLending(
  session: DatabaseSession,
  { entry, sql, places }: DefinitionText,
): Promise<boolean> {
  const { schema, owner } = namesOf(entry);
  if (schema === undefined || owner === "") return false;
  const statements = [lendCreate(schema, owner), inPlace(sql, places), takeBackCreate(schema, owner)];
  return (
    (await refusal(session, async () => {
      for (const statement of statements) await session.query(statement);
    })) === undefined
  );
}

async function attempt(
  session: DatabaseSession,
  sql: string,
  places: Places,
): Promise<HoldfastError | undefined> {
  return sql === "" ? undefined : await refusal(session, () => session.query(inPlace(sql, places)));
}

/** What the server said of a definition, and what to do about it where that is known. */
export function refusedSentence({ entry, error }: Refused): string {
  const [title, said] = [entryTitle(entry), serverWords(error)];
  // Which function was running, say; only read, because it may hold values.
  const { where } = (error.cause ?? {}) as { readonly where?: unknown };
  return (
    `${title}: ${said}` +
    adviceSentence({
      entry: title,
      message: typeof where === "string" ? `${said}; CONTEXT:  ${where}` : said,
    })
  );
}
