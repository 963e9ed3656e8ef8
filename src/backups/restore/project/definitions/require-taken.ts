import { HoldfastError } from "../../../../kernel/errors.ts";
import { quantity } from "../../../../kernel/quantity.ts";
import type { UnavailableExtension } from "../../../copy/loading/extensions.ts";
import { entryTitle } from "../../../copy/artifacts/toc-names.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { RestoreRequest } from "../../request/request.ts";
import { refusedSentence, type Refused } from "./run-definitions.ts";
import { anyOf } from "../../../../kernel/pattern.ts";

/**
 * A key, check or index that the restored rows do not hold: the source was damaged (a broken unique index
 * lets the same row in twice).
 */
function isBrokenByRows({ entry, error }: Refused): boolean {
  return (entry.type.endsWith("CONSTRAINT") || entry.type === "INDEX") && BROKEN.test(error.message);
}

const BROKEN = anyOf(
  /violates (?:foreign key|check) constraint|is violated by some row/,
  /could not create (?:unique index|exclusion constraint)|index row (?:size|requires) /,
);

/** Those of them that may be missed, and what needs one of those: a foreign key its table's primary key. */
function withNeeding(refused: readonly Refused[], mayMiss: (one: Refused) => boolean): ReadonlySet<Refused> {
  const missed = new Set(refused.filter(mayMiss));
  for (let grown = true; grown;) {
    const ids = new Set([...missed].map(({ entry }) => entry.id));
    const more = refused.filter((one) => !missed.has(one) && one.entry.needs.some((id) => ids.has(id)));
    for (const one of more) missed.add(one);
    grown = more.length > 0;
  }
  return missed;
}

/** What was told before of definitions that may be refused. */
export interface Told {
  readonly request: Pick<RestoreRequest, "allowGaps">;
  readonly project: {
    readonly entries: { readonly onPlatform: readonly TocEntry[] };
    readonly notAllowed: readonly Titled[];
    readonly keysBehind: readonly Titled[];
    readonly extensionsNeeded: ReadonlyMap<string, ReadonlySet<string>>;
  };
}

/** As `entryTitle` has it. */
interface Titled {
  readonly title: string;
}

/**
 * What was refused for good ends the restore, unless it was said that it may be left out.
 *
 * @returns what was left out
 * @throws what the server said of the first
 */
export function requireTaken(
  refused: readonly Refused[],
  { project, request }: Told,
  unavailable: readonly UnavailableExtension[],
): readonly Finding[] {
  const onPlatform = new Set(project.entries.onPlatform.map(({ id }) => id));
  const told = new Set(project.notAllowed.map(({ title }) => title));
  const behind = new Set(project.keysBehind.map(({ title }) => title));
  const lacks = ({ id }: TocEntry): boolean =>
    unavailable.some(({ name }) => project.extensionsNeeded.get(id)?.has(name) === true);
  const mayMiss = (one: Refused): boolean => isBrokenByRows(one) || mayLack(one.entry);
  const mayLack = (entry: TocEntry): boolean =>
    lacks(entry) ||
    onPlatform.has(entry.id) ||
    told.has(entryTitle(entry)) ||
    behind.has(entryTitle(entry)) ||
    /^(?:PUBLICATION|EVENT TRIGGER|COMMENT)/.test(entry.type);
  const missed = request.allowGaps ? withNeeding(refused, mayMiss) : new Set<Refused>();
  const fatal = refused.filter((one) => !missed.has(one));
  if (fatal.length > 0) {
    const more = fatal.length > 3 ? ` and ${fatal.length - 3} more` : "";
    throw new HoldfastError(
      fatal[0]!.error.code,
      `the project did not take ${quantity(fatal.length, "definition")} of the backup: ` +
        `${fatal.slice(0, 3).map(refusedSentence).join("; ")}${more}`,
      {
        hint: fatal.every(isBrokenByRows)
          ? "Nothing in the project is wrong: rows of the backup itself break what stands on them. " +
            "Mend those rows at the source, or make the constraint NOT VALID there, and back up again; " +
            "or leave these definitions out with --allow-gaps, and mend the rows in the project."
          : "The server's own words say what it needs; put that right in the project and run again. " +
            "What stands on the platform's ground may be left out with --allow-gaps.",
        cause: fatal[0]!.error,
      },
    );
  }
  return refused
    .filter(({ entry }) => !told.has(entryTitle(entry)))
    .map((one): Finding => ({
      severity: "gap",
      about: "platform",
      name: entryTitle(one.entry),
      message: `was left out: ${serverWords(one.error)}`,
    }));
}
