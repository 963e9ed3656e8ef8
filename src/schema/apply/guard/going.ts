import type { DatabaseSession } from "../../../ports/database.ts";
import type { Destroyed } from "../../script/destroys.ts";
import type { PlannedMigration } from "../planned-migration.ts";
import { destructiveOf } from "./destructive.ts";
import { losingNow, type Losing } from "./live-objects.ts";

/** A file that destroys data, and what of the live database. */
export interface Going {
  readonly version: string;
  readonly file: string;
  readonly losing: readonly Losing[];
  /** Each of these as people write it, in the same order. */
  readonly words: readonly string[];
  /** The same, and none of it twice. */
  readonly written: readonly string[];
}

/** What is known of the data that goes with the pending files. */
export interface AllGoing {
  readonly going: readonly Going[];
  /** Files whose work is not known from their text. */
  readonly opaque: readonly string[];
}

/** Asks the database only where a pending file destroys something. */
export async function goingOf(
  session: DatabaseSession,
  steps: readonly PlannedMigration[],
): Promise<AllGoing> {
  const destructive = destructiveOf(steps);
  const going: Going[] = [];
  for (const { step, destroys } of destructive) {
    const losing: Losing[] = [];
    const words: string[] = [];
    for (const each of destroys) {
      const tables = await losingNow(session, each);
      losing.push(...tables);
      words.push(...wordsOf(each, tables));
    }
    if (losing.length === 0) continue;
    const { version, forward } = step.migration;
    going.push({ version, file: forward.file, losing, words, written: [...new Set(words)] });
  }
  return {
    going,
    opaque: destructive.filter((each) => each.opaque).map(({ step }) => step.migration.forward.file),
  };
}

const WORDS: Readonly<Record<Destroyed["what"], string>> = {
  table: "table",
  rows: "rows of",
  column: "column",
  values: "values of",
  type: "columns in",
  extension: "columns in",
  schema: "table",
  database: "table",
};

function wordsOf({ what, column }: Destroyed, tables: readonly Losing[]): string[] {
  return tables.map(
    ({ schema, name }) => `${WORDS[what]} ${schema}.${name}${column === undefined ? "" : `.${column}`}`,
  );
}
