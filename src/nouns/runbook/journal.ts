import { formatBytes, KiB, MiB } from "../../kernel/bytes.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
import { isTriedOut, withRetry } from "../../kernel/retry.ts";
import { collect, once, sha256 } from "../../kernel/streams.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import { JOURNALS } from "../store/layout.ts";
import { journalEntry, type JournalEntry, type JournalEvent } from "./journal-entry.ts";

/** One entry holds a plan of some thousand steps, or a step's words; what is larger is not written. */
const ENTRY_SIZE_MAX = 4 * MiB;
/** Characters of one text: an outside may answer with a page. */
const TEXT_MAX = 64 * KiB;
/** What a plan of some hundred steps has; a journal is read whole. */
const ENTRIES_MAX = 100_000;
const WRITES = 4;
const FIRST_PAUSE_MS = 500;

/** What a journal asks of a store. */
type JournalStore = Pick<BlobStore, "put" | "get" | "list" | "url">;

/** What a journal needs. */
export interface JournalSurroundings {
  readonly store: JournalStore;
  readonly clock: Clock;
  readonly random: Pick<Random, "fraction">;
  /** Covers every secret in a text. Each text of an entry goes through it. */
  readonly redact: (text: string) => string;
  readonly warn: (text: string) => void;
}

/** Where the entries of a run lie. @throws input.malformed */
export function journalFolder(run: string): string {
  // Names of blobs are built from it, and it may come from an input.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(run)) {
    throw new HoldfastError("input.malformed", `'${run.slice(0, 100)}' is no id of a run`, {
      hint: "Give it as the run printed it, such as 20261128T093000Z-4f2a.",
    });
  }
  return `${JOURNALS}${run}/`;
}

/**
 * The journal of one run: entries that are created and never changed. Two writers cannot both write one:
 * the second one's number is taken, and it ends.
 */
export class Journal {
  readonly run: string;
  readonly #around: JournalSurroundings;
  readonly #entries: JournalEntry[];
  #previous: string | null;
  #lost: unknown;
  /** Steps side by side write one after the other. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(run: string, around: JournalSurroundings, read: ReadEntries) {
    this.run = run;
    this.#around = around;
    this.#entries = [...read.entries];
    this.#previous = read.last;
  }

  /** A journal of which nothing lies in the store yet. @throws input.malformed */
  static begin(run: string, around: JournalSurroundings): Journal {
    journalFolder(run);
    return new Journal(run, around, { entries: [], last: null });
  }

  /** One that is there, to be gone on with. @throws as {@link readJournal} */
  static async reopen(run: string, around: JournalSurroundings): Promise<Journal> {
    return new Journal(run, around, await read(run, around.store));
  }

  /** A value as an entry would hold it: every secret covered. */
  covered(value: Json): Json {
    return redacted(value, (text) => this.#around.redact(text));
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** Why entries are missing in the store; undefined where all of them are there. */
  get lost(): unknown {
    return this.#lost;
  }

  /**
   * Writes what happened. Returns once it is durable.
   *
   * @throws lock.lost where somebody else writes this journal; what the store throws, but only for the
   * first entry: a run whose journal is lost on the way is finished, and says so
   */
  async write(event: JournalEvent): Promise<void> {
    const turn = this.#writing.then(() => this.#write(event));
    this.#writing = turn.catch(() => undefined);
    await turn;
  }

  async #write(event: JournalEvent): Promise<void> {
    const number = this.#entries.length + 1;
    const entry = journalEntry.parse({
      format: "holdfast.journal/1",
      run: this.run,
      number,
      at: this.#around.clock.now().toISOString(),
      previous: this.#previous,
      event: redacted(event, (text) => this.#around.redact(text)),
    });
    const bytes = Buffer.from(`${JSON.stringify(entry, null, 2)}\n`);
    // Later entries without the one before would look like a journal that was tampered with.
    if (this.#lost === undefined) await this.#put(number, bytes);
    this.#entries.push(entry);
    this.#previous = sha256(bytes);
  }

  async #put(number: number, bytes: Buffer): Promise<void> {
    const { store, clock, random, warn } = this.#around;
    const path = pathOf(this.run, number);
    let tries = 0;
    try {
      if (bytes.length > ENTRY_SIZE_MAX) throw tooLarge(bytes.length);
      await withRetry(
        {
          attempts: WRITES,
          firstDelayMs: FIRST_PAUSE_MS,
          delayMsMax: 8 * FIRST_PAUSE_MS,
          // Where the store has used up tries of its own, more would multiply them.
          isTransient: (error) =>
            isHoldfastError(error, "store.unreachable", "store.unreadable") && !isTriedOut(error),
          sleep: (ms) => clock.sleep(ms),
          random: () => random.fraction(),
        },
        async () => {
          tries += 1;
          await store.put(path, once(bytes), { contentType: "application/json" });
        },
      );
    } catch (error) {
      if (isHoldfastError(error, "store.exists")) {
        // The store took it, and its answer was lost.
        if (tries > 1 && (await isThere(store, path, bytes))) return;
        throw new HoldfastError("lock.lost", `another process writes the journal of the run ${this.run}`, {
          hint: "Let that one end; then see where it stands.",
          cause: error,
        });
      }
      if (number === 1) throw error;
      this.#lost = error;
      warn(
        `the journal of the run ${this.run} cannot be written from entry ${number} on: ` +
          `${(error as Error).message}; what is begun is finished all the same`,
      );
    }
  }
}

function pathOf(run: string, number: number): string {
  return `${journalFolder(run)}${String(number).padStart(6, "0")}.json`;
}

async function isThere(store: Pick<BlobStore, "get">, path: string, bytes: Buffer): Promise<boolean> {
  return bytes.equals(await collect((await store.get(path)).content, ENTRY_SIZE_MAX));
}

/** Every text in it, names of fields too, and none longer than it may be. */
function redacted(value: Json, redact: (text: string) => string): Json {
  if (typeof value === "string") return cut(redact(value));
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => redacted(each, redact));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [redact(name), redacted(each, redact)]),
  );
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}

/** Whoever would go on with the run could not read it. */
function tooLarge(size: number): HoldfastError {
  return new HoldfastError(
    "input.malformed",
    `an entry of the journal would have ${formatBytes(size)}, and may have ${formatBytes(ENTRY_SIZE_MAX)}`,
    { hint: "Do less in one run: name some of the functions, then the others." },
  );
}

interface ReadEntries {
  readonly entries: readonly JournalEntry[];
  /** SHA-256 of the last one's bytes. */
  readonly last: string | null;
}

/**
 * The entries of a run, in their order, whole and unchanged.
 *
 * @throws input.no-such-run where there are none; journal.damaged where one is missing or not what was
 * written; journal.unknown-format; what the store throws
 */
export async function readJournal(
  run: string,
  store: Pick<BlobStore, "get" | "list" | "url">,
): Promise<readonly JournalEntry[]> {
  return (await read(run, store)).entries;
}

async function read(run: string, store: Pick<BlobStore, "get" | "list" | "url">): Promise<ReadEntries> {
  const folder = journalFolder(run);
  const entries: JournalEntry[] = [];
  let last: string | null = null;
  for await (const { path, size } of store.list(folder)) {
    const number = entries.length + 1;
    if (path !== pathOf(run, number) || number > ENTRIES_MAX) {
      throw damaged(run, `${path} is there, and entry ${number} is not`);
    }
    if (size > ENTRY_SIZE_MAX) throw damaged(run, `${path} has ${size} bytes, which no entry has`);
    const bytes = await collect((await store.get(path)).content, ENTRY_SIZE_MAX);
    const entry = parsed(run, path, bytes);
    if (entry.run !== run || entry.number !== number) throw damaged(run, `${path} is of another place`);
    if (entry.previous !== last) throw damaged(run, `${path} does not follow the entry before it`);
    entries.push(entry);
    last = sha256(bytes);
  }
  if (entries.length === 0) {
    throw new HoldfastError("input.no-such-run", `${store.url} holds no journal of the run ${run}`, {
      hint: "Give the id as the run printed it, and the store that it was given.",
    });
  }
  if (entries[0]!.event.kind !== "opened") throw damaged(run, "its first entry does not open it");
  return { entries, last };
}

function parsed(run: string, path: string, bytes: Buffer): JournalEntry {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw damaged(run, `${path} is no JSON`, error);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "string" && /^holdfast\.journal\/(?!1$)\d+$/.test(format)) {
    throw new HoldfastError("journal.unknown-format", `${path} has the format '${format}'`, {
      hint: "Use the version of Holdfast that wrote it, or a newer one.",
    });
  }
  const checked = journalEntry.safeParse(value);
  if (checked.success) return checked.data;
  throw damaged(run, `${path} breaks its format at '${checked.error.issues[0]?.path.join(".") ?? ""}'`);
}

function damaged(run: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("journal.damaged", `the journal of the run ${run} is not as written: ${why}`, {
    hint: "Do not go on with it: look at the target, and begin a new run, which looks before it acts.",
    cause,
  });
}
