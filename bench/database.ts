import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { PrivatePostgres } from "../scripts/demo/private-postgres.ts";

/** The same numbers in every run and on every machine (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to 1, without 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.roll() * limit);
  }
}

const SYLLABLES = (
  "ba ce di fo gu ha ke li mo nu pa re si to vu wa xe yo zu an el in or ur st ch tr br qu er ing " +
  "tion al é ü ß"
).split(" ");

/**
 * A language: few of its words make most of the text (Zipf's law), and phrases come back, as people
 * repeat themselves.
 */
class Prose {
  readonly #dice: Dice;
  readonly #words: readonly string[];
  readonly #phrases: readonly string[];

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#words = Array.from({ length: 8192 }, () =>
      Array.from({ length: 1 + dice.below(4) }, () => SYLLABLES[dice.below(SYLLABLES.length)]).join(""),
    );
    this.#phrases = Array.from({ length: 20_000 }, () =>
      Array.from({ length: 4 + dice.below(5) }, () => this.word()).join(" "),
    );
  }

  /** One of a list; the first are the most frequent. */
  common(list: readonly string[]): string {
    return list[Math.floor(Math.exp(this.#dice.roll() * Math.log(list.length + 1))) - 1] ?? "";
  }

  word(): string {
    return this.common(this.#words);
  }

  /** About so many words; two of five belong to a phrase. */
  text(count: number): string {
    const parts: string[] = [];
    for (let left = count; left > 0; left -= 1) {
      const isPhrase = this.#dice.below(9) === 0;
      parts.push(isPhrase ? this.common(this.#phrases) : this.word());
      if (isPhrase) left -= 5;
    }
    return parts.join(" ");
  }
}

interface Table {
  readonly name: string;
  readonly columns: string;
  /** Share of the database's bytes. */
  readonly share: number;
  /** One row in COPY's text format. */
  row(id: number, dice: Dice, prose: Prose): string;
}

const stamp = (seconds: number): string => new Date(1_704_067_200_000 + seconds * 1000).toISOString();
const hex = (dice: Dice): string => dice.below(4_294_967_296).toString(16).padStart(8, "0");

const AGENTS = Array.from(
  { length: 300 },
  (_, n) =>
    `Browser/5.0 (System ${n % 7}; Device ${n % 41}) Engine/${500 + (n % 60)}.36 (like others) ` +
    `Name/${60 + (n % 90)}.${n % 4}.0.0`,
);
const SENSORS = 400;
const drift: number[] = [];

/** Text, jsonb and numbers, in tables of different shapes, as an application would have them. */
const TABLES: readonly Table[] = [
  {
    name: "documents",
    share: 0.45,
    columns: "id bigint, author int, title text, body text, meta jsonb, written_at timestamptz",
    row(id, dice, prose) {
      // One in fifty is long, and lies compressed in the table's TOAST relation.
      const body = prose.text(id % 50 === 0 ? 1200 : 60 + dice.below(140));
      const meta = JSON.stringify({
        language: ["de", "en", "fr", "pl"][dice.below(4)],
        words: dice.below(2000),
        tags: [prose.word(), prose.word()],
        draft: dice.below(9) === 0,
      });
      return `${id}\t${dice.below(5000)}\t${prose.text(6)}\t${body}\t${meta}\t${stamp(id * 61)}\n`;
    },
  },
  {
    name: "events",
    share: 0.3,
    columns: "id bigint, at timestamptz, kind text, payload jsonb",
    row(id, dice, prose) {
      const payload = JSON.stringify({
        user: dice.below(100_000),
        session: hex(dice) + hex(dice),
        path: `/${prose.word()}/${prose.word()}/${dice.below(10_000)}`,
        ms: dice.below(90_000) / 100,
        agent: prose.common(AGENTS),
        items: Array.from({ length: dice.below(4) }, () => ({ sku: dice.below(5000), n: 1 + dice.below(3) })),
      });
      return (
        `${id}\t${stamp(id * 7)}\t${["view", "click", "cart", "order", "login"][dice.below(5)]}\t${payload}` +
        "\n"
      );
    },
  },
  {
    name: "measurements",
    share: 0.25,
    columns:
      "id bigint, sensor int, at timestamptz, value numeric(12, 4), quality double precision, flags int",
    row(id, dice) {
      // Sensors take turns; a reading is near the one before, as temperatures and pressures are.
      const sensor = id % SENSORS;
      drift[sensor] = (drift[sensor] ?? 20 + ((sensor * 37) % 900)) + dice.roll() - 0.5;
      return (
        `${id}\t${sensor}\t${stamp(Math.floor(id / SENSORS) * 60)}\t${drift[sensor].toFixed(2)}` +
        `\t${(1 - dice.roll() ** 4).toFixed(6)}\t${dice.below(8)}\n`
      );
    },
  },
];

const AFTER = `
  ALTER TABLE documents ADD PRIMARY KEY (id);
  ALTER TABLE events ADD PRIMARY KEY (id);
  ALTER TABLE measurements ADD PRIMARY KEY (id);
  CREATE INDEX documents_by_author ON documents (author, written_at);
  CREATE INDEX events_by_time ON events (at);
  CREATE TABLE sensors AS SELECT n AS id, 'sensor ' || n AS name FROM generate_series(0, ${SENSORS - 1}) AS n;
  ALTER TABLE sensors ADD PRIMARY KEY (id);
  ALTER TABLE measurements ADD FOREIGN KEY (sensor) REFERENCES sensors;
`;

/**
 * Makes and fills a database; the same in every run. Everything is frozen and written out, so that no
 * contestant does the server's housekeeping.
 *
 * @param megabytes (10^6 bytes) of rows, about as many as an uncompressed dump has
 */
export async function generateDatabase(
  postgres: PrivatePostgres,
  name: string,
  megabytes: number,
): Promise<void> {
  await postgres.sql("postgres", `CREATE DATABASE ${name}`);
  drift.length = 0;
  for (const [index, table] of TABLES.entries()) {
    await postgres.sql(name, `CREATE TABLE ${table.name} (${table.columns})`);
    const dice = new Dice(20_261_123 + index);
    await copyIn(
      postgres,
      name,
      table.name,
      rows(table, megabytes * 1e6 * table.share, dice, new Prose(dice)),
    );
  }
  await postgres.sql(name, AFTER);
  await postgres.sql(name, "VACUUM (FREEZE, ANALYZE)");
  await postgres.sql(name, "CHECKPOINT");
}

const CHUNK = 1 << 20;

function* rows(table: Table, bytesMin: number, dice: Dice, prose: Prose): Generator<Buffer> {
  let bytes = 0;
  let text = "";
  for (let id = 1; bytes < bytesMin; id += 1) {
    text += table.row(id, dice, prose);
    if (text.length < CHUNK) continue;
    const chunk = Buffer.from(text);
    bytes += chunk.length;
    text = "";
    yield chunk;
    if (bytes + CHUNK > bytesMin) break;
  }
}

async function copyIn(
  postgres: PrivatePostgres,
  database: string,
  table: string,
  chunks: Iterable<Buffer>,
): Promise<void> {
  const words = [
    "-X",
    "-q",
    "-v",
    "ON_ERROR_STOP=1",
    "-h",
    postgres.folder,
    "-U",
    "postgres",
    "-d",
    database,
    "-c",
    `COPY ${table} FROM STDIN`,
  ];
  const psql = spawn(join(postgres.tools.binDir, "psql"), words, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(psql, "close");
  await pipeline(Readable.from(chunks, { objectMode: true, highWaterMark: 2 }), psql.stdin);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`psql ended with ${code ?? "a signal"} while filling ${table}`);
}
