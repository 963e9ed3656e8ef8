import { adviceSentence } from "../../archive/advice.ts";
import type { HoldfastError } from "../../kernel/errors.ts";
import { withoutOwner, type DefinitionText } from "../../archive/definition-script.ts";
import { inPlace, type Places } from "../../archive/places.ts";
import { entryTitle } from "../../archive/toc-names.ts";
import { serverWords } from "../../archive/server-words.ts";
import { refusal } from "../../content/refusal.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/** A definition that the server refused for good. */
export interface Refused {
  readonly entry: TocEntry;
  readonly error: HoldfastError;
}

/** What came of a round. */
export interface RoundOutcome {
  readonly refused: readonly Refused[];
  /** What could not be given to its owner, and belongs to whoever restores it: `TABLE public.posts`. */
  readonly kept: readonly string[];
}

/**
 * Makes definitions inside a transaction, each in a savepoint. pg_dump does not know of everything that one needs of another, so those that
 * failed are tried again in the archive's order as long as that helps.
 */
export async function runDefinitions(session: DatabaseSession, texts: readonly DefinitionText[], signal: AbortSignal): Promise<RoundOutcome> {
  let waiting = texts;
  const kept: string[] = [];
  for (;;) {
    const failed: (Refused & { readonly text: DefinitionText })[] = [];
    for (const text of waiting) {
      signal.throwIfAborted();
      const error = await runOne(session, text, kept);
      if (error !== undefined) failed.push({ entry: text.entry, error, text });
    }
    if (failed.length === 0 || failed.length === waiting.length) return { refused: failed.map(({ entry, error }) => ({ entry, error })), kept };
    waiting = failed.map(({ text }) => text);
  }
}

async function runOne(session: DatabaseSession, { entry, sql, places }: DefinitionText, kept: string[]): Promise<HoldfastError | undefined> {
  const error = await attempt(session, sql, places);
  const alone = error === undefined || error.code !== "database.permission" ? undefined : withoutOwner(sql);
  if (alone === undefined) return error;
  // The role may make it and may not give it away.
  const second = await attempt(session, alone, places);
  if (second === undefined) kept.push(entryTitle(entry));
  return second === undefined ? undefined : error;
}

async function attempt(session: DatabaseSession, sql: string, places: Places): Promise<HoldfastError | undefined> {
  return sql === "" ? undefined : await refusal(session, () => session.query(inPlace(sql, places)));
}

/** What the server said of a definition, and what to do about it where that is known. */
export function refusedSentence({ entry, error }: Refused): string {
  const [title, said] = [entryTitle(entry), serverWords(error)];
  // Which function was running, say; only read, because it may hold values.
  const { where } = (error.cause ?? {}) as { readonly where?: unknown };
  return `${title}: ${said}${adviceSentence({ entry: title, message: typeof where === "string" ? `${said}; CONTEXT:  ${where}` : said })}`;
}
