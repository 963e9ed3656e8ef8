import { HoldfastError } from "../../kernel/errors.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import type { TocNames } from "../../ports/dump-tools.ts";

/**
 * An archive in custom format with some of its entries' definitions edited; everything else stays byte for
 * byte, and pg_restore does the rest (owners, tablespaces, settings, encodings). Definitions stand in the
 * table of contents, before all data.
 *
 * The format is that of pg_backup_archiver.c and pg_backup_custom.c (WriteHead,
 * WriteToc, WriteExtraToc), archive versions 1.14 (PostgreSQL 12) to 1.16 (17 and 18):
 * https://github.com/postgres/postgres/tree/master/src/bin/pg_dump
 */

/** What pg_restore makes of one entry, in the archive's encoding; ASCII bytes are always themselves. */
export type EditDefinition = (type: string, definition: Buffer) => Buffer;

/** Minor numbers of archive versions 1.x. */
const OLDEST = 14;
const WITH_ALGORITHM = 15;
const WITH_RELKIND = 16;

/**
 * The archive's bytes, edited. One of a version that is not known here stays as it is: then pg_restore says
 * what it makes of it.
 *
 * @throws tool.failed for what is no archive
 */
export async function* withDefinitions(archive: ByteStream, edit: EditDefinition): ByteStream {
  await using reader = new ArchiveReader(archive);
  const minor = await readHead(reader);
  yield reader.taken();
  if (minor === undefined) {
    yield* reader.rest();
    return;
  }
  const count = await reader.int();
  for (let entry = 0; entry < count; entry += 1) {
    await readEntry(reader, minor, edit);
    yield reader.taken();
  }
  yield* reader.rest();
}

/**
 * The archive's bytes as they are, and of each entry of its table of contents what the archive says of it.
 * Of what is no archive, is cut off or of a version that is not known here nothing is heard: then pg_restore
 * says what it makes of it.
 */
export async function* withNames(
  archive: ByteStream,
  hear: (id: string, names: TocNames) => void,
): ByteStream {
  await using reader = new ArchiveReader(archive, true);
  try {
    const minor = await readHead(reader);
    const count = minor === undefined ? 0 : await reader.int();
    for (let entry = 0; entry < count; entry += 1) {
      const { id, names } = await readEntry(reader, minor!, (_type, definition) => definition);
      hear(id, names);
      yield reader.taken();
    }
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error;
  }
  yield reader.taken();
  yield* reader.rest();
}

/**
 * Hears each entry of the table of contents with its definition, and reads no further.
 *
 * @returns false for what is no archive, is cut off, or is of a version that is not known here
 */
export async function hearEntries(
  archive: ByteStream,
  hear: (entry: ArchivedEntry) => void,
): Promise<boolean> {
  await using reader = new ArchiveReader(archive, true);
  try {
    const minor = await readHead(reader);
    if (minor === undefined) return false;
    const count = await reader.int();
    for (let entry = 0; entry < count; entry += 1) {
      let definition: Buffer = Buffer.alloc(0);
      const { names, type } = await readEntry(reader, minor, (_type, text) => (definition = text));
      hear({ names, type, definition });
      reader.taken();
    }
    return true;
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error;
    return false;
  }
}

/** An entry as it stands in the archive. */
export interface ArchivedEntry {
  readonly type: string;
  readonly names: TocNames;
  /** In the archive's encoding. */
  readonly definition: Buffer;
}

/** The minor version; undefined where what follows is not known. */
async function readHead(reader: ArchiveReader): Promise<number | undefined> {
  const magic = await reader.bytes(5);
  const [major, minor] = [await reader.byte(), await reader.byte()];
  await reader.byte();
  if (magic.toString("latin1") !== "PGDMP") {
    throw new NotReadable(
      "tool.failed",
      "what should be an archive of pg_dump is none and cannot be edited",
      { hint: "Validate the backup." },
    );
  }
  if (major !== 1 || minor < OLDEST || minor > WITH_RELKIND) return undefined;
  const [intSize, offsetSize] = [await reader.byte(), await reader.byte()];
  if (intSize < 1 || intSize > INT_SIZE_MAX) throw damaged(`its integers have ${intSize} bytes`);
  reader.intSize = intSize;
  reader.offsetSize = offsetSize;
  await reader.byte();
  if (minor >= WITH_ALGORITHM) await reader.byte();
  else await reader.int();
  // When it was made: seconds to daylight saving, seven numbers.
  for (let number = 0; number < 7; number += 1) await reader.int();
  // Database, the server's version, pg_dump's version.
  for (let text = 0; text < 3; text += 1) await reader.text();
  return minor;
}

async function readEntry(
  reader: ArchiveReader,
  minor: number,
  edit: EditDefinition,
): Promise<{ readonly id: string; readonly type: string; readonly names: TocNames }> {
  const id = await reader.int();
  // Whether it has data.
  await reader.int();
  // Catalog, object id.
  for (let text = 0; text < 2; text += 1) await reader.text();
  const tag = await reader.text();
  const type = (await reader.text())?.toString("latin1") ?? "";
  // Section.
  await reader.int();
  await reader.editText((definition) => edit(type, definition));
  // DROP, COPY.
  for (let text = 0; text < 2; text += 1) await reader.text();
  const schema = await reader.text();
  // Tablespace, access method.
  for (let text = 0; text < 2; text += 1) await reader.text();
  if (minor >= WITH_RELKIND) await reader.int();
  const owner = await reader.text();
  // Whether it had OIDs.
  await reader.text();
  // What it comes after, to the first that is absent.
  while ((await reader.text()) !== undefined);
  await reader.offset();
  const text = (bytes: Buffer | undefined): string => bytes?.toString("utf8") ?? "";
  return {
    id: String(id),
    type,
    names: { schema: text(schema) === "" ? undefined : text(schema), tag: text(tag), owner: text(owner) },
  };
}

/**
 * The state of an offset that is not known: pg_restore then looks for the data, as it does in every archive
 * that went through a pipe.
 */
const OFFSET_NOT_SET = 1;
/** The entry has no data. */
const OFFSET_NO_DATA = 3;

/** Said by this reader, and not by whoever gives the archive. */
class NotReadable extends HoldfastError {}

/** What Node reads of an integer; archives have four bytes. */
const INT_SIZE_MAX = 6;
/**
 * A text is held in memory, and its length is read before the archive's hash is known to be right. No server
 * gives a text of more than 1 GB.
 */
const TEXT_MAX = 256 * 1024 * 1024;

function damaged(what: string): NotReadable {
  return new NotReadable("tool.failed", `the archive is damaged, or of an unknown kind: ${what}`, {
    hint: "Validate the backup.",
  });
}

/** Reads an archive's numbers and texts, and keeps what was read to be written again. */
class ArchiveReader implements AsyncDisposable {
  intSize = 4;
  offsetSize = 8;
  readonly #source: AsyncIterator<Uint8Array>;
  #buffered: Buffer = Buffer.alloc(0);
  #taken: Buffer[] = [];
  readonly #keepsOffsets: boolean;

  /** @param keepsOffsets nothing is edited, so that data stay where they are said to be */
  constructor(archive: ByteStream, keepsOffsets = false) {
    this.#source = archive[Symbol.asyncIterator]();
    this.#keepsOffsets = keepsOffsets;
  }

  /** What was read since the last time. */
  taken(): Buffer {
    const bytes = Buffer.concat(this.#taken);
    this.#taken = [];
    return bytes;
  }

  async bytes(count: number): Promise<Buffer> {
    const bytes = await this.#next(count);
    this.#taken.push(bytes);
    return bytes;
  }

  async byte(): Promise<number> {
    return (await this.bytes(1))[0]!;
  }

  /** A sign, and the absolute value, its lowest byte first. */
  async int(): Promise<number> {
    const bytes = await this.bytes(1 + this.intSize);
    const value = bytes.readUIntLE(1, this.intSize);
    return bytes[0] === 0 ? value : -value;
  }

  /** Undefined where it is absent. */
  async text(): Promise<Buffer | undefined> {
    const length = await this.int();
    if (length > TEXT_MAX) throw damaged(`a text of its table of contents has ${length} bytes`);
    return length < 0 ? undefined : await this.bytes(length);
  }

  async editText(edit: (text: Buffer) => Buffer): Promise<void> {
    const before = this.#taken.length;
    const text = await this.text();
    if (text === undefined) return;
    const edited = edit(text);
    const length = Buffer.alloc(1 + this.intSize);
    length.writeUIntLE(edited.length, 1, this.intSize);
    this.#taken.splice(before, Infinity, length, edited);
  }

  /** Offsets are those of the unedited archive, so that none may stay. */
  async offset(): Promise<void> {
    const state = await this.#next(1 + this.offsetSize);
    const known = state[0] !== OFFSET_NOT_SET && state[0] !== OFFSET_NO_DATA;
    this.#taken.push(
      known && !this.#keepsOffsets
        ? Buffer.concat([Buffer.from([OFFSET_NOT_SET]), Buffer.alloc(this.offsetSize)])
        : state,
    );
  }

  /** Everything that was not read. */
  async *rest(): ByteStream {
    if (this.#buffered.length > 0) yield this.#buffered;
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
      yield next.value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }

  async #next(count: number): Promise<Buffer> {
    const chunks = [this.#buffered];
    for (let length = this.#buffered.length; length < count;) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#buffered = Buffer.concat(chunks);
        throw new NotReadable("tool.failed", "the archive ends within its table of contents", {
          hint: "Validate the backup.",
        });
      }
      chunks.push(Buffer.from(next.value));
      length += next.value.length;
    }
    const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    this.#buffered = all.subarray(count);
    return all.subarray(0, count);
  }
}
