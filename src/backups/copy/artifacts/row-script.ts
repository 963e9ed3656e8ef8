import { HoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { ByteStream } from "../../../kernel/streams.ts";

/** A name or a literal as the script has it: bytes in the script's encoding. */
export type RawText = Buffer;

/**
 * Rows of one table, in COPY's text format; they must be read (or left) before the next step is asked for.
 */
export interface CopyStep {
  readonly step: "copy";
  readonly schema: RawText;
  readonly table: RawText;
  /** In the order of the values; absent when the table has no column to fill. */
  readonly columns: readonly RawText[] | undefined;
  readonly rows: ByteStream;
}

/** The state of one sequence. */
export interface SequenceStep {
  readonly step: "sequence";
  /** Qualified and quoted as in SQL: what `regclass` reads. */
  readonly sequence: RawText;
  /** Decimal. */
  readonly value: string;
  readonly called: boolean;
}

/** A large object begins; its bytes follow as {@link BytesStep}s. */
export interface LargeObjectStep {
  readonly step: "large-object";
  readonly oid: string;
}

/** The next bytes of the large object that began last. */
export interface BytesStep {
  readonly step: "bytes";
  readonly bytes: Buffer;
}

/** What a script asks for. */
export type RowStep = CopyStep | SequenceStep | LargeObjectStep | BytesStep;

/**
 * A statement longer than this is no statement of pg_restore's: a row of columns and one piece of a large
 * object both stay far below.
 */
const STATEMENT_MAX = 4 * 1024 * 1024;

/**
 * Ends the rows of a table: `\.` alone on its line. In a value every backslash is doubled, so it never
 * looks like that.
 */
const END_OF_ROWS = Buffer.from("\n\\.\n");

const NEWLINE = 0x0a;
const QUOTES = new Set([0x22, 0x27]);
const SEMICOLON = 0x3b;

/**
 * Reads the SQL that pg_restore writes for the rows of an archive, and nothing else: an archive is
 * from outside, and whatever else it makes pg_restore print (comments that go on behind a line break,
 * CVE-2025-8714, CVE-2025-8715) must never reach a server.
 *
 * The bytes of rows are handed on as they are, found by searching whole chunks. Server encodings never use an
 * ASCII byte inside another character (https://www.postgresql.org/docs/current/multibyte.html), so the syntax
 * can be read without knowing the encoding.
 */
export class RowScript {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;
  #encoding = "UTF8";

  constructor(source: ByteStream) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** PostgreSQL's name of the encoding of everything in the script; known before the first step. */
  get encoding(): string {
    return this.#encoding;
  }

  /**
   * The steps, in order.
   *
   * @throws tool.failed for anything that is no step, and for a script that ends in the middle; what
   *   the source throws
   */
  async *steps(): AsyncGenerator<RowStep, void, undefined> {
    try {
      for (let text = await this.#statement(); text !== undefined; text = await this.#statement()) {
        const step = this.#read(text);
        if (step === undefined) continue;
        if (step.step !== "copy") {
          yield step;
          continue;
        }
        const rows = this.#rows();
        yield { ...step, rows };
        // What the reader left of them.
        for await (const chunk of rows) void chunk;
      }
    } finally {
      await this.#source.return?.();
    }
  }

  #read(text: Buffer): RowStep | Omit<CopyStep, "rows"> | undefined {
    const plain = text.toString("latin1");
    const set = /^SET (\w+) = (?:'([^']*)'|\w+);$/.exec(plain);
    if (set) {
      if (set[1] === "client_encoding") this.#encoding = requireEncoding(set[2] ?? "");
      return undefined;
    }
    if (IGNORED.has(plain)) return undefined;
    return copyStep(plain) ?? sequenceStep(plain) ?? largeObjectStep(plain) ?? refuse(text);
  }

  /**
   * The next statement without its line end; comments, blank lines and psql's own commands are passed over.
   */
  async #statement(): Promise<Buffer | undefined> {
    for (;;) {
      while (this.#rest.length < 2 && (await this.#more()));
      if (this.#rest.length === 0) return undefined;
      const isComment = this.#rest[0] === 0x2d && this.#rest[1] === 0x2d;
      // `\restrict` and `\unrestrict` of the minor releases of August 2025 and later.
      if (!isComment && this.#rest[0] !== NEWLINE && this.#rest[0] !== 0x5c) return await this.#quoted();
      const line = await this.#line();
      if (line[0] === 0x5c && !/^\\(?:un)?restrict [A-Za-z0-9]+$/.test(line.toString("latin1"))) refuse(line);
    }
  }

  async #line(): Promise<Buffer> {
    for (let from = 0; ;) {
      const end = this.#rest.indexOf(NEWLINE, from);
      if (end >= 0) return this.#take(end, 1);
      from = this.#rest.length;
      if (from > STATEMENT_MAX || !(await this.#more())) return this.#take(from, 0);
    }
  }

  /**
   * Up to a semicolon at the end of a line, outside of quotes; quotes inside of quotes are doubled, so that
   * counting them is enough.
   */
  async #quoted(): Promise<Buffer> {
    let quote = 0;
    for (let at = 0; ; at += 1) {
      while (at + 1 >= this.#rest.length) {
        if (at > STATEMENT_MAX || !(await this.#more())) refuse(this.#rest);
      }
      const byte = this.#rest[at]!;
      if (quote !== 0) {
        // Pieces of large objects are long, and hold no quote.
        const closing = this.#rest.indexOf(quote, at);
        if (closing < 0) at = this.#rest.length - 1;
        else [at, quote] = [closing, 0];
      } else if (QUOTES.has(byte)) {
        quote = byte;
      } else if (byte === SEMICOLON && this.#rest[at + 1] === NEWLINE) {
        // The line break stays: rows are searched for their end from it on.
        return this.#take(at + 1, 0);
      }
    }
  }

  async *#rows(): ByteStream {
    // The line break before the first row is that of the statement.
    let head = 1;
    let data = this.#rest;
    for (;;) {
      const end = data.indexOf(END_OF_ROWS);
      if (end >= 0) {
        this.#rest = data.subarray(end + END_OF_ROWS.length);
        if (end + 1 > head) yield data.subarray(head, end + 1);
        return;
      }
      const held = heldBack(data);
      if (data.length - held > head) yield data.subarray(head, data.length - held);
      head = Math.max(0, head - (data.length - held));
      this.#rest = data.subarray(data.length - held);
      if (!(await this.#more())) refuse(Buffer.from("rows without an end"));
      data = this.#rest;
    }
  }

  #take(length: number, skip: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length + skip);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    return true;
  }
}

/** How many bytes at the end may be the beginning of {@link END_OF_ROWS}. */
function heldBack(data: Buffer): number {
  for (let length = Math.min(END_OF_ROWS.length - 1, data.length); length > 0; length -= 1) {
    if (data.subarray(data.length - length).equals(END_OF_ROWS.subarray(0, length))) return length;
  }
  return 0;
}

/** Statements around the rows that the loading session answers for itself. */
const IGNORED: ReadonlySet<string> = new Set([
  "SELECT pg_catalog.set_config('search_path', '', false);",
  "BEGIN;",
  "COMMIT;",
  "SELECT pg_catalog.lo_close(0);",
]);

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[a-z_\x80-\xff][a-z0-9_$\x80-\xff]*)`;
const COPY = new RegExp(
  `^COPY (${IDENTIFIER})\\.(${IDENTIFIER}) (?:\\((${IDENTIFIER}(?:, ${IDENTIFIER})*)\\))? ?FROM stdin;$`,
);

function copyStep(statement: string): Omit<CopyStep, "rows"> | undefined {
  const match = COPY.exec(statement);
  if (match === null) return undefined;
  const columns = match[3]?.match(new RegExp(IDENTIFIER, "g"))?.map(unquoted);
  return { step: "copy", schema: unquoted(match[1]!), table: unquoted(match[2]!), columns };
}

function sequenceStep(statement: string): SequenceStep | undefined {
  const match = /^SELECT pg_catalog\.setval\( ?(E)?'((?:[^']|'')+)', (-?\d{1,19}), (true|false)\);$/.exec(
    statement,
  );
  if (match === null) return undefined;
  const [, escaped, literal, value, called] = match as unknown as [
    string,
    string | undefined,
    string,
    string,
    string,
  ];
  const text = literal.replaceAll("''", "'");
  return {
    step: "sequence",
    sequence: raw(escaped === undefined ? text : text.replaceAll("\\\\", "\\")),
    value,
    called: called === "true",
  };
}

function largeObjectStep(statement: string): LargeObjectStep | BytesStep | undefined {
  const open = /^SELECT pg_catalog\.lo_open\('(\d{1,10})', 131072\);$/.exec(statement);
  if (open) return { step: "large-object", oid: open[1]! };
  const write = /^SELECT pg_catalog\.lowrite\(0, '\\{1,2}x((?:[0-9a-f]{2})*)'\);$/.exec(statement);
  return write ? { step: "bytes", bytes: Buffer.from(write[1]!, "hex") } : undefined;
}

function unquoted(identifier: string): RawText {
  return raw(identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier);
}

function raw(text: string): RawText {
  return Buffer.from(text, "latin1");
}

/** It becomes a part of statements. */
function requireEncoding(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : refuse(Buffer.from(`client_encoding ${name}`));
}

function refuse(text: Buffer): never {
  throw new HoldfastError(
    "tool.failed",
    `pg_restore wrote something else than rows: ${printableLine(text.subarray(0, 200).toString("latin1"))}`,
    {
      hint:
        "Look at what the backup holds by restoring the whole of it into an empty database " +
        "that nobody uses.",
    },
  );
}
