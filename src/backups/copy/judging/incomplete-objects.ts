import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { unquoted } from "../../../postgres/display-name.ts";
import { leadingNames, wordAndRest } from "../../../nouns/platform/identity.ts";
import { INCOMPLETE } from "../../../nouns/content/omissions/incomplete.ts";
import type { ListedProblem } from "../loading/listed-problem.ts";
import { REFRESH_ENTRY } from "../loading/refresh.ts";
import { likelyNamesOf } from "../artifacts/toc-names.ts";
import { before } from "../../../kernel/cut.ts";

/**
 * Objects that a backup of a part of a database holds and cannot make alone. Each was named when the backup
 * was made, and is told by that name ever after: what is said of it, and what pg_restore says of it, is one
 * gap and not five.
 */
export class IncompleteObjects {
  readonly #recorded: ReadonlyMap<string, Finding>;

  constructor(recorded: readonly Finding[]) {
    this.#recorded = new Map(
      recorded.filter(({ about }) => about === INCOMPLETE).map((gap) => [unquoted(gap.name), gap]),
    );
  }

  /**
   * The gap that tells why an object is not there, by one of the names that it may have been recorded
   * under.
   */
  why(names: readonly string[]): Finding | undefined {
    return names.map((name) => this.#recorded.get(unquoted(name))).find((gap) => gap !== undefined);
  }

  /** `<kind> <identity>`, {@link unquoted} → what is said of it. */
  get messages(): ReadonlyMap<string, string> {
    return new Map([...this.#recorded].map(([name, { message }]) => [name, message]));
  }

  /**
   * Findings with each such gap once, and with what the server said first; and the problems that this
   * tells. A problem of an object that is there all the same is not told by it.
   */
  told<F extends Finding>(
    findings: readonly F[],
    problems: readonly ListedProblem[],
  ): { readonly findings: F[]; readonly others: ListedProblem[] } {
    // By its name each is one; several may share a place, because an archive joins names by blanks.
    const gaps = new Map(findings.filter(({ about }) => about === INCOMPLETE).map((gap) => [gap.name, gap]));
    const places = [...gaps.keys()].map((name) => ({ name, place: placeOf(name) }));
    const said = new Map<string, string>();
    const others = problems.filter((problem) => {
      const at = placesOf(problem);
      // The default of a column has both names in its tag.
      const isOf = ({ place }: { readonly place: Place }): boolean =>
        at.some((one) => isSame(one, place) || (problem.listed?.type === "DEFAULT" && isBegun(place, one)));
      const tellers = places.filter(isOf);
      for (const { name } of tellers) if (!said.has(name)) said.set(name, problem.message);
      return tellers.length === 0;
    });
    const once = findings.filter((found) => found.about !== INCOMPLETE || gaps.get(found.name) === found);
    return { others, findings: once.map((found) => withWords(found, said.get(found.name))) };
  }
}

function withWords<F extends Finding>(found: F, words: string | undefined): F {
  return found.about !== INCOMPLETE || words === undefined
    ? found
    : { ...found, message: `${found.message} (the server: ${words})` };
}

/** Where something stands, as an archive has it: apart from its schema, its names are joined by blanks. */
interface Place {
  readonly kind: string;
  readonly schema: string | undefined;
  readonly tag: string;
}

function isSame(a: Place, b: Place): boolean {
  return a.kind === b.kind && a.schema === b.schema && a.tag === b.tag;
}

function isBegun(table: Place, column: Place): boolean {
  return (
    table.kind === column.kind && table.schema === column.schema && column.tag.startsWith(`${table.tag} `)
  );
}

/** `view public.over` and `VIEW public over` are one, and rights call every relation a table. */
function kindOf(word: string): string {
  return /^(?:table|view|materialized-view|sequence|foreign-table|default)$/.test(word) ? "relation" : word;
}

/** Of a name in a manifest: the kind, names that are quoted and joined by dots, and what follows them. */
function placeOf(name: string): Place {
  const [word, identity] = wordAndRest(name);
  const names = leadingNames(identity);
  return {
    kind: kindOf(word),
    schema: names.length > 1 ? names[0] : undefined,
    tag: tagOf(identity, names.length > 1 ? names.slice(1) : names),
  };
}

/** Names with what follows them, such as types of arguments, which are quoted here and not there. */
function tagOf(identity: string, names: readonly string[]): string {
  return names.join(" ") + identity.replace(/^(?:(?:"(?:[^"]|"")*"|[^".( ]+)\.?)+/, "").replaceAll('"', "");
}

/** What stands beside an object names it in its tag: `TABLE moods` of a comment or of rights. */
const BESIDE: ReadonlySet<string> = new Set(["COMMENT", "ACL", "SECURITY LABEL"]);

/**
 * Of a view that could not be filled there is no line in the archive's contents. What names an object in its
 * tag may do so with quotes, and without.
 */
function placesOf({ listed, entry }: ListedProblem): readonly Place[] {
  if (listed === undefined) {
    return entry.startsWith(REFRESH_ENTRY) ? [placeOf(`table ${entry.slice(REFRESH_ENTRY.length)}`)] : [];
  }
  const { type } = listed;
  const { schema, tag } = likelyNamesOf(listed);
  const [, ofType = "", ofTag = ""] = BESIDE.has(type) ? (/^([A-Z][A-Z ]*[A-Z]) (.*)$/s.exec(tag) ?? []) : [];
  const kind = kindOf(
    (ofType === "" ? type : ofType)
      .replace(/^(?:FK|CHECK) | DATA$| OWNED BY$/g, "")
      .replaceAll(" ", "-")
      .toLowerCase(),
  );
  const plain = ofType === "" ? tag : ofTag;
  const name = before(plain, "(");
  const withTypes = name + plain.slice(name.length).replaceAll('"', "");
  return [
    { kind, schema, tag: withTypes },
    ...(ofType === "" ? [] : [{ kind, schema, tag: tagOf(ofTag, leadingNames(ofTag)) }]),
  ];
}
