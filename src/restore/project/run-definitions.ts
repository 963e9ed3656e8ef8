import type { HoldfastError } from "../../kernel/errors.ts";
import { withoutOwner, type DefinitionText } from "../../archive/definition-script.ts";
import { inPlace, type Places } from "../../archive/places.ts";
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

/** `TRIGGER auth users on_auth_user_created`, as an archive names it, without the owner. */
export function entryTitle({ type, rest }: TocEntry): string {
  const name = rest.replace(/^- /, "").replace(/ [^ ]*$/, "");
  // A user mapping's name says what it is.
  return name.startsWith(`${type} `) ? name : `${type} ${name}`;
}

export function refusedSentence({ entry, error }: Refused): string {
  return `${entryTitle(entry)}: ${serverWords(error)}`;
}

/** The same as a content record and {@link nameKey} name it; arguments of functions are left out. */
export function entryKey({ type, rest }: TocEntry): string {
  const kind = type.replace(/^(?:FK|CHECK) /, "").replaceAll(" ", "-").toLowerCase();
  return `${kind} ${rest.replace(/^- /, "").replace(/ [^ ]*$/, "").replace(/\(.*$/s, "")}`;
}
