import { EVERYTHING_SQL, superuserSql } from "../../nouns/content/everything.ts";

/**
 * What a server can hold, as far as the database with one of everything minds; for a pair of servers,
 * what both can.
 */
export interface Abilities {
  readonly major: number;
  /** Built with libxml. */
  readonly xml: boolean;
  /** Names of the extensions that can be created. */
  readonly extensions: ReadonlySet<string>;
}

export const READER = "matrix_reader";
export const WRITER = "matrix_writer";

/** Words that not every server understands, and what stands in their place where one does not. */
interface Newer {
  readonly words: string;
  readonly instead: string;
  readonly fits: (abilities: Abilities) => boolean;
}

const since =
  (first: number) =>
  ({ major }: Abilities): boolean =>
    major >= first;
const withXml = ({ xml }: Abilities): boolean => xml;

const NEWER_STATEMENTS: readonly Newer[] = [
  {
    words: "LANGUAGE sql BEGIN ATOMIC SELECT n + 1 WHERE n IN (1, 2, 3); END;",
    instead: "LANGUAGE sql AS 'SELECT n + 1 WHERE n IN (1, 2, 3)';",
    fits: since(14),
  },
  { words: "mrng datemultirange", instead: "mrng text", fits: since(14) },
  { words: "'<a>1</a>'", instead: "NULL", fits: withXml },
];

const NEWER_BY_SUPERUSER: readonly Newer[] = [
  {
    words: "app.parent (id, price) WHERE (price > 3), app.child",
    instead: "app.parent, app.child",
    fits: since(15),
  },
];

/** What stands on an extension goes with it. */
const ON_EXTENSIONS = [
  {
    extension: "hstore",
    lines: [
      /CREATE EXTENSION hstore [^;]*;/,
      /CREATE TABLE app\.with_extension [^;]*;/,
      /INSERT INTO app\.with_extension [^;]*;/,
    ],
  },
  { extension: "citext", lines: [/CREATE EXTENSION citext [^;]*;/] },
  {
    extension: "postgres_fdw",
    lines: [
      /CREATE EXTENSION postgres_fdw[^;]*;/,
      /CREATE SERVER elsewhere [^;]*;/,
      /CREATE FOREIGN TABLE app\.remote [^;]*;/,
      /CREATE USER MAPPING FOR PUBLIC SERVER elsewhere [^;]*;/,
    ],
  },
];

/**
 * The database with one of everything, for a server that knows these things. Its superuser part grants to
 * {@link READER} and {@link WRITER}.
 */
export function everythingOn(abilities: Abilities): readonly string[] {
  const plain = replaceNewer(EVERYTHING_SQL, NEWER_STATEMENTS, abilities);
  let bySuperuser = replaceNewer(superuserSql(READER, WRITER), NEWER_BY_SUPERUSER, abilities);
  for (const { extension, lines } of ON_EXTENSIONS) {
    for (const line of lines) {
      if (!abilities.extensions.has(extension)) bySuperuser = replace(bySuperuser, line, "");
    }
  }
  return [plain, bySuperuser];
}

/** What all of these can hold: a database made for it can go from any of them to any other. */
export function shared(first: Abilities, ...others: readonly Abilities[]): Abilities {
  return others.reduce(
    (all, each) => ({
      major: Math.min(all.major, each.major),
      xml: all.xml && each.xml,
      extensions: new Set([...all.extensions].filter((name) => each.extensions.has(name))),
    }),
    first,
  );
}

function replaceNewer(sql: string, newer: readonly Newer[], abilities: Abilities): string {
  return newer
    .filter(({ fits }) => !fits(abilities))
    .reduce((text, { words, instead }) => replace(text, words, instead), sql);
}

function replace(sql: string, words: string | RegExp, instead: string): string {
  const sought = typeof words === "string" ? laidOutAnyhow(words) : new RegExp(words, "g");
  const changed = sql.replaceAll(sought, () => instead);
  // Otherwise the statement has been rewritten, and would run where it cannot.
  if (changed === sql) throw new Error(`the database with one of everything no longer has: ${String(words)}`);
  return changed;
}

/** The formatter may break a statement at any of its spaces. */
function laidOutAnyhow(words: string): RegExp {
  return new RegExp(
    words
      .split(" ")
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("\\s+"),
    "g",
  );
}
