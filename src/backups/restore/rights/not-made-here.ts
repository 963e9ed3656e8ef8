import { HoldfastError } from "../../../kernel/errors.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { leadingNames } from "../../../nouns/platform/identity.ts";
import type { Database } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { entryKey, entryPlace, entryTitle } from "../../copy/artifacts/toc-names.ts";
import type { NotAllowed } from "./not-allowed.ts";
import { withNeeding } from "./needing.ts";
import { isAboutEntry } from "./things.ts";
import { askTypesForNew, ofSuperusers } from "./superuser-only.ts";

/** What of a backup this role may not make in a database of its own on this server. */
export interface NotMadeHere {
  /** Each with why, and with all that needs it. */
  readonly all: readonly NotAllowed[];
  /**
   * What this role may make although PostgreSQL says otherwise: types of entries, as `askTypes` takes them.
   */
  readonly allowed: ReadonlySet<string>;
}

/** Of a superuser, or where no schema is made. */
export const NOTHING_ASKED: NotMadeHere = { all: [], allowed: new Set() };

/**
 * Where nobody could be asked, PostgreSQL's own rule counts: what a platform allows all the same is made with
 * --allow-gaps too.
 *
 * @param entries of the archive that makes the schema; a version of pg_dump that is not known names nothing
 * exactly, so nothing is asked
 */
export async function notMadeHere(
  target: Database,
  entries: readonly TocEntry[],
  content: ContentRecord,
): Promise<NotMadeHere> {
  if (entries.some(({ names }) => names === undefined)) return NOTHING_ASKED;
  const of = ofSuperusers(entries, content);
  const types = new Set(of.map(({ asked }) => asked));
  const { refused, unasked } = await askTypesForNew(target, types);
  const found = of
    .filter(({ asked }) => refused.has(asked) || unasked.has(asked))
    .map(({ entry, asked }): NotAllowed => ({
      id: entry.id,
      title: entryTitle(entry),
      key: entryKey(entry),
      place: entryPlace(entry),
      why: refused.has(asked)
        ? "the server lets only a superuser make one"
        : "PostgreSQL lets only a superuser make one, and the server could not be asked for more",
    }));
  const allowed = new Set([...types].filter((type) => !refused.has(type) && !unasked.has(type)));
  return { all: withNeeding(entries, found), allowed };
}

/** Names told of what may not be made. */
const TOLD_MAX = 20;

/** Beside nothing is put in place that lacks something, which would show after hours of loading. */
export function refusedBeside({ all }: NotMadeHere, role: string): HoldfastError | undefined {
  if (all.length === 0) return undefined;
  const more = all.length > TOLD_MAX ? ` and ${all.length - TOLD_MAX} more` : "";
  const told =
    all
      .slice(0, TOLD_MAX)
      .map(({ title, why }) => `${title} (${why})`)
      .join(", ") + more;
  const problem =
    `role ${role} may not make ${told}, and mode beside puts no copy in place ` + "that lacks something";
  return new HoldfastError("database.permission", problem, {
    hint:
      "Restore as a superuser, or with --mode in-place, or use --allow-gaps to have it left out and named. " +
      "Nothing was touched.",
  });
}

/** What is missing because it may not be made, and was known and accepted, is a gap. */
export function acceptNotMade<F extends Finding>(findings: readonly F[], { all }: NotMadeHere): F[] {
  if (all.length === 0) return [...findings];
  const ofTitle: OfTitle = (type, name = "") =>
    all.find(({ title }) => title.startsWith(type) && `${title} `.includes(` ${name}`))?.why;
  return findings.map((found) => {
    const why = found.severity === "difference" ? whyNotMade(found, all, ofTitle) : undefined;
    if (why === undefined) return found;
    return { ...found, severity: "gap", message: `${found.message}: it may not be made here, as ${why}` };
  });
}

/** Why an entry is not made whose title begins with a type and holds a name. */
type OfTitle = (type: string, name?: string) => string | undefined;

function whyNotMade(found: Finding, all: readonly NotAllowed[], ofTitle: OfTitle): string | undefined {
  const { about, name, message } = found;
  if (about === "publication" && message === "differs from the source in schemas") {
    return ofTitle("PUBLICATION TABLES IN SCHEMA ", `${leadingNames(name)[0]!} `);
  }
  if (message === "differs from the source in access method") return ofTitle("ACCESS METHOD ");
  const place = leadingNames(name).join(" ");
  const follows = FOLLOWING.find(([differs]) => differs.test(message));
  if (follows !== undefined) return all.find(({ key }) => key === `${follows[1]} ${place}`)?.why;
  if (!/^is missing(?: \(|$)/.test(message)) return undefined;
  return all.find((one) => isAboutEntry(found, one) || isPartOf(found, one))?.why;
}

/**
 * What of a thing that is made differs, where what belongs to it may not be made: by types of entries, as
 * their keys have them.
 */
const FOLLOWING: readonly (readonly [RegExp, string])[] = [
  [/^differs from the source in (?:(?:parents|partition bound)(?:, | and |$))+$/, "table-attach"],
  [/^differs from the source in attached to$/, "index-attach"],
  [/^differs from the source in owned by$/, "sequence-owned-by"],
];

/**
 * A constraint's index has its name, in the schema of its table; a domain's checks are in its own definition.
 */
function isPartOf({ about, name }: Finding, { key }: NotAllowed): boolean {
  const [schema = "", first = "", ...others] = leadingNames(name);
  if (about === "index") return key.startsWith(`constraint ${schema} `) && key.endsWith(` ${first}`);
  return about === "constraint" && others.length === 1 && key === `type ${schema} ${first}`;
}
