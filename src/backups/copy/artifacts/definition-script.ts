import { HoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { placesAtEnd, type Places } from "./places.ts";
import { inSequence } from "../../../kernel/pattern.ts";

/** The SQL of one entry of an archive: its definition, and what pg_restore adds to it (the owner). */
export interface DefinitionText {
  readonly entry: TocEntry;
  readonly sql: string;
  /** Where it is to be made. */
  readonly places: Places;
}

/**
 * pg_restore's own line before an entry, when it is told to name them (`_printTocEntry` in
 * src/bin/pg_dump/pg_backup_archiver.c).
 */
const NAMED = /^-- TOC entry (\d+) \(class \d+ OID \d+\)$/gm;
/**
 * The whole heading. Names in it are the archive's, so a line of it that is not as it should be is no
 * heading: a name with a line break would go on behind it as SQL (CVE-2025-8714).
 */
const HEADING = inSequence(
  /^--\n-- TOC entry (\d+) \(class \d+ OID \d+\)\n/gm,
  /(?:-- Dependencies:[ \d]*\n)?/gm,
  /-- Name: [^\n]*; Type: [^\n;]*; Schema: [^\n]*; Owner: [^\n]*\n/gm,
  /(?:-- Data Pos: \d+(?: \([^\n]*\))?\n)?/gm,
  /--\n/gm,
);
/** What comes behind the last entry. */
const END = inSequence(
  /\n(?:-- Completed on [^\n]*\n+)?/,
  /--\n-- PostgreSQL database dump complete\n--\s*/,
  /(?:\\unrestrict [A-Za-z0-9]+\s*)?$/,
);

/**
 * Divides the script that pg_restore writes for some entries into the texts of these entries.
 *
 * @param script as `DumpTools.script` gives it with `naming`
 * @returns undefined where it is not certain which text is whose: a function's body may hold a line that
 *   looks like a heading
 * @throws tool.failed for a script in another encoding than UTF-8
 */
export function divideScript(
  script: string,
  entries: readonly TocEntry[],
): readonly DefinitionText[] | undefined {
  requireUtf8(script);
  const found = [...script.matchAll(HEADING)];
  const ids = found.map((match) => match[1]!);
  // pg_restore writes each entry once. So a heading more than there are entries is somebody's text, and one
  // less was not read as such.
  if ([...script.matchAll(NAMED)].length !== entries.length || !sameIds(ids, entries)) return undefined;
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  let { next: places } = placesAtEnd(script.slice(0, found[0]?.index), {});
  return found.map((match, index) => {
    const from = match.index + match[0].length;
    const text = script.slice(from, found[index + 1]?.index ?? script.length);
    const { sql, next } = placesAtEnd(index === found.length - 1 ? text.replace(END, "\n") : text, places);
    const definition = { entry: byId.get(match[1]!)!, sql: sql.trim(), places };
    places = next;
    return definition;
  });
}

/**
 * The text of the only entry of a script, whatever it looks like.
 *
 * @throws tool.failed where it does not begin with a heading
 */
export function onlyDefinition(script: string, entry: TocEntry): DefinitionText {
  requireUtf8(script);
  HEADING.lastIndex = 0;
  const first = HEADING.exec(script);
  HEADING.lastIndex = 0;
  if (first?.[1] !== entry.id) {
    throw new HoldfastError(
      "tool.failed",
      `pg_restore wrote the entry ${entry.type} ${entry.rest} in a form that is not known`,
      {
        hint:
          "A name in it may hold a line break; update the PostgreSQL client programs, or leave the object " +
          "out of the backup.",
      },
    );
  }
  const { next: places } = placesAtEnd(script.slice(0, first.index), {});
  return {
    entry,
    sql: script
      .slice(first.index + first[0].length)
      .replace(END, "\n")
      .trim(),
    places,
  };
}

/**
 * A definition without the statement that gives it to its owner, which pg_restore writes at its end
 * (`_printTocEntry` in src/bin/pg_dump/pg_backup_archiver.c). Only the last line can be that one, and only
 * where it names the entry's owner: a comment's or a function's own text may look like it.
 *
 * @returns undefined where there is none
 */
export function withoutOwner({ entry, sql }: Pick<DefinitionText, "entry" | "sql">): string | undefined {
  const owner = entry.names?.owner ?? "";
  const at = sql.lastIndexOf("\n") + 1;
  const last = sql.slice(at);
  const gives =
    owner !== "" &&
    last.startsWith("ALTER ") &&
    [owner, quoteIdentifier(owner)].some((name) => last.endsWith(` OWNER TO ${name};`));
  return gives ? sql.slice(0, at).trimEnd() : undefined;
}

function sameIds(ids: readonly string[], entries: readonly TocEntry[]): boolean {
  const wanted = entries.map(({ id }) => id);
  return ids.length === wanted.length && ids.toSorted().join() === wanted.toSorted().join();
}

/** Statements go to the server as text of ours, which is UTF-8. */
function requireUtf8(script: string): void {
  const encoding = /^SET client_encoding = '([^']*)';$/m.exec(script)?.[1] ?? "UTF8";
  if (encoding === "UTF8" || encoding === "SQL_ASCII") return;
  throw new HoldfastError(
    "tool.failed",
    `the archive's definitions are in ${encoding}, and only UTF8 is restored into a project`,
    {
      hint: "Restore it into a database of that encoding, with --into database.",
    },
  );
}
