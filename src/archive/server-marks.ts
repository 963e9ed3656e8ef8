import { isHoldfastError } from "../kernel/errors.ts";
import { quantity } from "../kernel/quantity.ts";
import { collect } from "../kernel/streams.ts";
import { COLUMN_OPTIONS } from "../content/objects/options.ts";
import type { Database, DatabaseSession } from "../ports/database.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import { openArtifact } from "./artifact.ts";
import { dumpId } from "./contents.ts";
import type { LoadContext, LoadedPhase } from "./load.ts";
import { unknownParameter } from "./parameter-advice.ts";

/**
 * Tables that a server refuses because of another server's marks. Debian's 15.20 keeps `pg_attver=<number>` among the options of every
 * column; only the pg_dump of that release leaves it out, every other one (an older minor release, a newer major version) writes
 * `ALTER TABLE ONLY t ALTER COLUMN a SET (pg_attver=7)`, and a server that does not know the name refuses the whole entry. Nobody can
 * set such an option and nothing depends on it, so these entries are made again without it.
 */

/** More text than the definitions of some hundred thousand columns. */
const SCRIPT_MAX_BYTES = 256 * 1024 * 1024;

/**
 * Makes the tables that failed for a mark, and nothing else, without it.
 *
 * @returns the phases with the problems that are left
 */
export async function makeWithoutMarks(
  loaded: readonly LoadedPhase[], context: LoadContext, database: Database,
): Promise<readonly LoadedPhase[]> {
  const made: LoadedPhase[] = [];
  for (const one of loaded) made.push(await phaseWithoutMarks(one, context, database));
  return made;
}

async function phaseWithoutMarks(one: LoadedPhase, context: LoadContext, database: Database): Promise<LoadedPhase> {
  const marked = one.problems.filter(isOfMark);
  const ids = new Set(marked.flatMap(({ dumpIds }) => dumpIds ?? []));
  const entries = one.entries.filter((entry) => ids.has(dumpId(entry)));
  if (entries.length === 0) return one;
  const marks = new Set(marked.map(({ message }) => unknownParameter(message)!));
  const blocks = await scriptOf(one, entries, context);
  if (blocks === undefined) return one;
  await using session = await database.connect({ purpose: "restore", settings: context.settings ?? {} });
  const problems: LoadProblem[] = one.problems.filter((problem) => !marked.includes(problem));
  for (const { text, entry } of blocks) problems.push(...(await run(session, withoutMarks(text, marks), entry, context)));
  context.log.info(`${quantity(entries.length, "table")} made without ${[...marks].join(", ")}, which only the source's server keeps`);
  return { ...one, problems };
}

function isOfMark({ message, dumpIds }: LoadProblem): boolean {
  const name = unknownParameter(message);
  return name !== undefined && dumpIds !== undefined && !COLUMN_OPTIONS.includes(name);
}

/** A piece of the script, and the entry it makes; the first piece is the script's settings. */
interface Block {
  readonly text: string;
  readonly entry: TocEntry | undefined;
}

/** What pg_restore writes above every entry. */
const HEADING = /^--\n-- Name: .*; Type: .*; Schema: .*; Owner: .*\n--\n$/m;

/**
 * The entries as SQL, one by one. Undefined where the script does not fall into exactly these entries (a text that looks like a heading
 * stands in a definition) or is in another encoding than ours: then what failed stays failed, and says why.
 */
async function scriptOf({ phase }: LoadedPhase, entries: readonly TocEntry[], context: LoadContext): Promise<Block[] | undefined> {
  const archive = openArtifact(context.store, phase.artifact, context.identities, () => undefined);
  const bytes = await collect(
    context.tools.script({ tools: context.toolSet, archive, sections: ["pre-data"], entries, signal: context.signal }), SCRIPT_MAX_BYTES,
  );
  // `\restrict` is psql's own: https://www.postgresql.org/docs/current/app-psql.html
  const text = bytes.toString("utf8").replaceAll(/^\\(?:un)?restrict [A-Za-z0-9]+$/gm, "");
  if (!text.includes("SET client_encoding = 'UTF8';")) return undefined;
  const [settings, ...pieces] = text.split(HEADING);
  if (settings === undefined || pieces.length !== entries.length) return undefined;
  return [{ text: settings, entry: undefined }, ...pieces.map((piece, index) => ({ text: piece, entry: entries[index]! }))];
}

/** A statement that sets options of a column, as pg_dump writes it: on one line of its own. */
const SET_OPTIONS = /^(ALTER (?:FOREIGN )?TABLE .* ALTER COLUMN .* SET )\((.*)\);$/gm;

/** The text without these options; a statement that would set nothing goes. */
export function withoutMarks(text: string, marks: ReadonlySet<string>): string {
  return text.replaceAll(SET_OPTIONS, (whole, statement: string, list: string) => {
    const options = list.split(", ");
    const left = options.filter((option) => !marks.has(option.split("=")[0]!));
    if (left.length === options.length) return whole;
    return left.length === 0 ? "" : `${statement}(${left.join(", ")});`;
  });
}

/** pg_restore gives the owner in a command of its own, so that an owner that cannot be had leaves the table. */
const OWNER = /^ALTER (?:FOREIGN )?TABLE .* OWNER TO .*;$/gm;

async function run(
  session: DatabaseSession, text: string, entry: TocEntry | undefined, { noOwner }: LoadContext,
): Promise<LoadProblem[]> {
  const owners = noOwner === true ? [] : (text.match(OWNER) ?? []);
  const problems: LoadProblem[] = [];
  for (const statement of [text.replaceAll(OWNER, ""), ...owners]) {
    try {
      await session.query(statement);
    } catch (error) {
      if (!isHoldfastError(error, "database.query", "database.permission") || entry === undefined) throw error;
      problems.push({ message: error.message, entry: `${entry.type} ${entry.rest}`, dumpIds: [dumpId(entry)] });
    }
  }
  return problems;
}
