import type { Finding } from "../../nouns/catalog/manifest.ts";
import { unquoted } from "../../postgres/display-name.ts";
import { INCOMPLETE } from "../../nouns/content/omissions/incomplete.ts";
import type { ListedProblem } from "./listed-problem.ts";
import { REFRESH_ENTRY } from "./refresh.ts";
import { likelyNamesOf } from "./toc-names.ts";

/**
 * Objects that a backup of a part of a database holds and cannot make alone. Each was named when the backup
 * was made, and is told by that name ever after: what is said of it, and what pg_restore says of it, is one
 * gap and not five.
 */
export class IncompleteObjects {
  readonly #recorded: ReadonlyMap<string, Finding>;

  constructor(recorded: readonly Finding[]) {
    this.#recorded = new Map(recorded.filter(({ about }) => about === INCOMPLETE).map((gap) => [unquoted(gap.name), gap]));
  }

  /**
   * The gap that tells why an object is not there, by one of the names that it may have been recorded
   * under.
   */
  why(names: readonly string[]): Finding | undefined {
    return names.map((name) => this.#recorded.get(unquoted(name))).find((gap) => gap !== undefined);
  }

  /**
   * Findings with each such gap once, and with what the server said first; and the problems that this
   * tells. A problem of an object that is there all the same is not told by it.
   */
  told<F extends Finding>(
    findings: readonly F[], problems: readonly ListedProblem[],
  ): { readonly findings: F[]; readonly others: ListedProblem[] } {
    const missing = new Map(findings.filter(({ about }) => about === INCOMPLETE).map((gap) => [wordsOf(gap.name), gap]));
    const said = new Map<string, string>();
    const others = problems.filter((problem) => {
      const place = placeOf(problem);
      // The default of a column has both names in its tag.
      const ofColumn = ([words]: [string, F]): boolean => place.startsWith(`${words} `);
      const gap = missing.get(place) ?? (problem.listed?.type === "DEFAULT" ? [...missing].find(ofColumn)?.[1] : undefined);
      if (gap !== undefined && !said.has(gap.name)) said.set(gap.name, problem.message);
      return gap === undefined;
    });
    const once = findings.filter((found) => found.about !== INCOMPLETE || missing.get(wordsOf(found.name)) === found);
    return { others, findings: once.map((found) => withWords(found, said.get(found.name))) };
  }
}

function withWords<F extends Finding>(found: F, words: string | undefined): F {
  return found.about !== INCOMPLETE || words === undefined ? found : { ...found, message: `${found.message} (the server: ${words})` };
}

/** `view public.over` and `VIEW public over` are one, and rights call every relation a table. */
function wordsOf(name: string): string {
  return unquoted(name).replaceAll(".", " ").replace(/^(?:table|view|materialized-view|sequence|foreign-table|default) /, "relation ");
}

/** What stands beside an object names it in its tag: `TABLE moods` of a comment or of rights. */
const BESIDE: ReadonlySet<string> = new Set(["COMMENT", "ACL", "SECURITY LABEL"]);

/** Of a view that could not be filled there is no line in the archive's contents. */
function placeOf({ listed, entry }: ListedProblem): string {
  if (listed === undefined) return entry.startsWith(REFRESH_ENTRY) ? wordsOf(`table ${entry.slice(REFRESH_ENTRY.length)}`) : "";
  const { type } = listed;
  const { schema, tag } = likelyNamesOf(listed);
  const [, ofType = "", ofTag = ""] = BESIDE.has(type) ? /^([A-Z][A-Z ]*[A-Z]) (.*)$/s.exec(tag) ?? [] : [];
  const kind = (ofType === "" ? type : ofType).replace(/^(?:FK|CHECK) | DATA$| OWNED BY$/g, "").replaceAll(" ", "-").toLowerCase();
  return wordsOf([kind, ...(schema === undefined ? [] : [schema]), ofType === "" ? tag : ofTag].join(" "));
}
