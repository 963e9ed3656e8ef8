import type { HoldfastError } from "../../kernel/errors.ts";
import { withoutOwner, type DefinitionText } from "../../archive/definition-script.ts";
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

async function runOne(session: DatabaseSession, { entry, sql }: DefinitionText, kept: string[]): Promise<HoldfastError | undefined> {
  const error = await attempt(session, sql);
  const alone = error === undefined || error.code !== "database.permission" ? undefined : withoutOwner(sql);
  if (alone === undefined) return error;
  // The role may make it and may not give it away.
  const second = await attempt(session, alone);
  if (second === undefined) kept.push(entryTitle(entry));
  return second === undefined ? undefined : error;
}

async function attempt(session: DatabaseSession, sql: string): Promise<HoldfastError | undefined> {
  return sql === "" ? undefined : await refusal(session, () => session.query(sql));
}

/** `TRIGGER auth users on_auth_user_created`, as an archive names it, without the owner. */
export function entryTitle({ type, rest }: TocEntry): string {
  return `${type} ${rest.replace(/^- /, "").replace(/ [^ ]*$/, "")}`;
}

export function refusedSentence({ entry, error }: Refused): string {
  return `${entryTitle(entry)}: ${serverWords(error)}`;
}

/** The same as a content record and {@link nameKey} name it; arguments of functions are left out. */
export function entryKey(entry: TocEntry): string {
  const kind = entry.type.replace(/^(?:FK|CHECK) |^FOREIGN (?=TABLE$)/, "").replace("DOMAIN", "TYPE").replaceAll(" ", "-").toLowerCase();
  const names = entry.rest.replace(/^- /, "").replace(/ [^ ]*$/, "");
  return `${kind} ${isFunction(entry) ? names.replace(/\(.*$/s, "") : names}`;
}

/** Whether an entry is named with arguments. */
export function isFunction({ type }: TocEntry): boolean {
  return type === "FUNCTION" || type === "PROCEDURE" || type === "AGGREGATE";
}
