import { leadingNames } from "../../../nouns/platform/identity.ts";
import { fieldDigest, readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { likelyNamesOf } from "../../copy/artifacts/toc-names.ts";
import { argumentsOf, fitsArguments } from "../../copy/judging/function-arguments.ts";

/**
 * Functions that only a superuser may make. An archive does not say which they are; the record does.
 * https://www.postgresql.org/docs/current/sql-createfunction.html (LANGUAGE, LEAKPROOF, SUPPORT)
 */

/**
 * Languages that can do whatever the server's own account can: the server's two, and those that extensions
 * bring (https://www.postgresql.org/docs/current/sql-createlanguage.html, TRUSTED). A user's own language is
 * an entry of the archive, which its functions need.
 */
const UNTRUSTED = [
  "c",
  "internal",
  "plpython3u",
  "plpython2u",
  "plpythonu",
  "plperlu",
  "pltclu",
  "plluau",
  "pljavau",
  "javau",
  "plr",
  "plsh",
] as const;

/** Why only a superuser may make a function, and how it is tried. */
export interface FunctionKind {
  /** As `askTypes` takes it; no type of an archive's entries is called so. */
  readonly asked: string;
  /** What people call it. */
  readonly word: string;
  readonly attempt: string;
}

/** The server looks at the language's right before anything else, so that no library is looked for. */
const KINDS: readonly FunctionKind[] = [
  ...UNTRUSTED.map((language) =>
    kindOf(
      `FUNCTION IN ${language}`,
      `function in the untrusted language ${language}`,
      `LANGUAGE ${quoteIdentifier(language)} AS 'holdfast_asks'`,
    ),
  ),
  kindOf("FUNCTION LEAKPROOF", "leakproof function", "LANGUAGE sql LEAKPROOF AS 'SELECT 1'"),
  kindOf(
    "FUNCTION SUPPORT",
    "function with a support function",
    "LANGUAGE sql SUPPORT pg_catalog.generate_series_int4_support AS 'SELECT 1'",
  ),
];

function kindOf(asked: string, word: string, options: string): FunctionKind {
  return {
    asked,
    word,
    attempt: `CREATE FUNCTION pg_temp.holdfast_asks() RETURNS pg_catalog.int4 ${options}`,
  };
}

/** By the names that {@link functionsOfSuperusers} gives. */
export const FUNCTION_KINDS: ReadonlyMap<string, FunctionKind> = new Map(
  KINDS.map((kind) => [kind.asked, kind]),
);

/** Types of entries whose language is theirs; an aggregate's is the server's own affair. */
const MADE_IN_LANGUAGE: ReadonlySet<string> = new Set(["FUNCTION", "PROCEDURE"]);

/** What is recorded of one function. */
interface Recorded {
  readonly args: string;
  /** Undefined for one that everybody may make. */
  readonly asked: string | undefined;
}

/** Which functions of an archive are of such a kind, by their entries' numbers. */
export function functionsOfSuperusers(
  entries: readonly TocEntry[],
  { digests, objects }: ContentRecord,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (digests !== 2) return found;
  const byName = recordedFunctions(objects.function ?? {});
  for (const entry of entries) {
    if (!MADE_IN_LANGUAGE.has(entry.type)) continue;
    const { schema = "", tag } = likelyNamesOf(entry);
    const { name, args } = argumentsOf(tag);
    const alike = byName.get(JSON.stringify([schema, name])) ?? [];
    const asked = alike.find((one) => fitsArguments(args, one.args))?.asked;
    if (asked !== undefined) found.set(entry.id, asked);
  }
  return found;
}

function recordedFunctions(
  functions: Readonly<Record<string, string>>,
): ReadonlyMap<string, readonly Recorded[]> {
  const inLanguage = new Map(
    UNTRUSTED.map((language) => [fieldDigest(language, false), `FUNCTION IN ${language}`]),
  );
  const aggregate = fieldDigest("a", false);
  const byName = new Map<string, Recorded[]>();
  for (const [identity, text] of Object.entries(functions)) {
    const fields = readDigests(text);
    if (fields.get("kind") === aggregate) continue;
    const asked =
      inLanguage.get(fields.get("language")) ??
      (fields.has("leakproof")
        ? "FUNCTION LEAKPROOF"
        : fields.has("support")
          ? "FUNCTION SUPPORT"
          : undefined);
    const key = JSON.stringify(leadingNames(identity));
    byName.set(key, [...(byName.get(key) ?? []), { args: argumentsOf(identity).args, asked }]);
  }
  return byName;
}
