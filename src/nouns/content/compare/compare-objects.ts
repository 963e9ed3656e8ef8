import { compareFields, type FieldComparison } from "./compare-fields.ts";
import { compareDigests1, definitionsMarked } from "./compare-digests-1.ts";
import type { CompareOptions, Difference } from "./difference.ts";
import { Lacking } from "./missing-extensions.ts";
import { displayName, unquoted } from "../../../postgres/display-name.ts";
import { belongingTo } from "../objects-of-tables.ts";
import { isOnMember } from "../read/objects/grants.ts";
import {
  OBJECT_KINDS,
  OBJECT_KINDS_1,
  type ContentRecord,
  type MeasuredContent,
  type ObjectKind,
} from "../record.ts";

/** Most severe first: what protects data, then what serves it, then what describes it. */
const ORDER: readonly ObjectKind[] = [
  "schema",
  "table",
  "sequence",
  "column",
  "constraint",
  "row-security",
  "policy",
  "trigger",
  "index",
  "grant",
  "owner",
  "view",
  "materialized-view",
  "function",
  "type",
  "rule",
  "event-trigger",
  "default-privilege",
  "user-mapping",
  "subscription",
];

/** The field of a table that holds the order of its columns. */
const COLUMN_ORDER = "column-order";

/** Objects of all kinds, by identity and field by field. */
export function compareObjects(
  expected: ContentRecord,
  actual: MeasuredContent,
  options: CompareOptions,
): Difference[] {
  const { only, made } = options;
  if (options.definitions === false) return [];
  if (only !== undefined && !expected.tables.some(only)) return [];
  if (expected.digests !== actual.digests) {
    const message =
      `were recorded with digests ${expected.digests ?? 1} and measured with digests ` +
      `${actual.digests ?? 1}, so they could not be compared`;
    return [gap("database", "definitions", message)];
  }
  const belongs = only === undefined ? () => true : belongingTo(expected, only);
  const comparison = new ObjectComparison(expected, actual, options, belongs);
  const kinds = [...ORDER, ...OBJECT_KINDS.filter((kind) => !ORDER.includes(kind))].filter(
    (kind) => options.ignore?.has(kind) !== true,
  );
  const found = kinds.flatMap((kind) => comparison.ofKind(kind));
  return [
    ...comparison.gaps(),
    ...(made === undefined ? found : found.map(gapUnless(belongingTo(expected, made)))),
  ];
}

/**
 * Whoever owns a table may have changed it since; a restore that only brings rows is not to blame, but cannot
 * vouch for it either.
 */
function gapUnless(made: Belongs): (found: Difference) => Difference {
  return (found) => {
    if (found.severity === "gap" || made(found.about as ObjectKind, found.name)) return found;
    return {
      ...found,
      severity: "gap",
      message: `${found.message}: the table was there before and got rows only`,
    };
  };
}

type Belongs = ReturnType<typeof belongingTo>;

/** Fields that speak of tables which another object belongs to or holds. */
const OF_TABLES: Readonly<Partial<Record<ObjectKind, ReadonlySet<string>>>> = {
  sequence: new Set(["owned-by"]),
  publication: new Set(["tables", "columns", "filters", "has-filters"]),
};

/** Kinds that a table has from those above it; their names begin with the table's. */
const INHERITED: ReadonlySet<ObjectKind> = new Set(["column", "constraint", "trigger"]);

/** What is collected while two records are compared. */
class ObjectComparison {
  readonly #expected: ContentRecord;
  readonly #actual: MeasuredContent;
  readonly #options: CompareOptions;
  readonly #missingTables: ReadonlySet<string>;
  readonly #lacking: Lacking;
  readonly #marked: boolean;
  /** Tables here that have columns besides the source's. */
  readonly #widened: ReadonlySet<string>;
  readonly #belongs: Belongs;
  /** Of a restore of named tables: what is on those that it made. */
  readonly #made: Belongs | undefined;
  /** Fields that were not compared, by kind. */
  readonly #left = new Map<ObjectKind, Set<string>>();

  constructor(expected: ContentRecord, actual: MeasuredContent, options: CompareOptions, belongs: Belongs) {
    this.#belongs = belongs;
    this.#made =
      options.exact || options.made === undefined ? undefined : belongingTo(expected, options.made);
    this.#expected = expected;
    this.#actual = actual;
    this.#options = options;
    this.#missingTables = missingTables(expected, actual);
    this.#lacking = new Lacking(expected, options.unavailableExtensions ?? []);
    this.#widened = new Set([...(actual.surplus?.keys() ?? [])].map(unquoted));
    this.#marked = expected.digests === undefined && definitionsMarked(expected, actual);
  }

  ofKind(kind: ObjectKind): Difference[] {
    const [before, now] = [this.#expected.objects[kind], this.#actual.objects[kind]];
    // A writer that did not know a kind, or could not read it, said nothing about it.
    if (before === undefined && !this.#saysNone(kind)) return [];
    if (now === undefined && this.#actual.digests === 2) {
      return Object.keys(before ?? {}).length === 0
        ? []
        : [gap(kind, "", "could not be read here, so it was not compared with the source")];
    }
    return [
      ...this.#fromSource(kind, before ?? {}, now ?? {}),
      ...this.#surplus(kind, before ?? {}, now ?? {}),
    ];
  }

  /** With digests 1 a kind without objects is absent, but only of the kinds of that time. */
  #saysNone(kind: ObjectKind): boolean {
    return this.#expected.digests === undefined && (OBJECT_KINDS_1 as readonly ObjectKind[]).includes(kind);
  }

  #fromSource(
    kind: ObjectKind,
    before: Readonly<Record<string, string>>,
    now: Readonly<Record<string, string>>,
  ): Difference[] {
    return Object.entries(before).flatMap(([name, digests]): Difference[] => {
      if (!this.#belongs(kind, name) || (!this.#options.rows && ofLargeObjects(name))) return [];
      // A missing table has been reported as such; its columns, constraints and grants would only bury that.
      if (isPartOf(kind, name, this.#missingTables) || ofUnreadKind(kind, name, this.#actual)) return [];
      const copy = Object.hasOwn(now, name) ? now[name] : undefined;
      const found =
        copy === undefined
          ? [absence(kind, name, this.#lacking.ofObject(kind, name))]
          : this.#changes(kind, name, digests, copy);
      return kind === "grant" && isOnMember(name) ? found.map(asGapOfMember) : found;
    });
  }

  #changes(kind: ObjectKind, name: string, before: string, now: string): Difference[] {
    const compared = this.#withoutOrder(kind, name, this.#compare(kind, before, now));
    for (const field of compared.left) this.#left.set(kind, (this.#left.get(kind) ?? new Set()).add(field));
    const words = (fields: readonly string[]): string =>
      fields.map((field) => field.replaceAll("-", " ")).join(", ");
    const { differing, lacking } = this.#withoutTables(kind, name, compared.differing);
    return [
      ...(compared.whole ? [difference(kind, name, "differs from the source")] : []),
      ...(differing.length > 0
        ? [difference(kind, name, `differs from the source in ${words(differing)}`)]
        : []),
      ...lacking,
      ...(compared.hidden.length > 0
        ? [gap(kind, name, `could not be compared in ${words(compared.hidden)}: the role may not read it`)]
        : []),
      ...(compared.unknown.length > 0
        ? [
            gap(
              kind,
              name,
              `could not be compared in ${words(compared.unknown)}: a newer version recorded it`,
            ),
          ]
        : []),
    ];
  }

  /**
   * A table that has columns besides the source's has another order because of them, which is said once,
   * as a note.
   */
  #withoutOrder<Found extends FieldComparison>(kind: ObjectKind, name: string, compared: Found): Found {
    if (kind !== "table" || !this.#widened.has(unquoted(name))) return compared;
    return { ...compared, differing: compared.differing.filter((field) => field !== COLUMN_ORDER) };
  }

  /**
   * What an object says of tables that cannot be made for lack of an extension is not there for
   * the same reason.
   */
  #withoutTables(
    kind: ObjectKind,
    name: string,
    differing: readonly string[],
  ): { readonly differing: readonly string[]; readonly lacking: readonly Difference[] } {
    const { needs, known, tables } = this.#lackingTables(kind, name);
    const fields =
      needs.length === 0 ? [] : differing.filter((field) => OF_TABLES[kind]?.has(field) === true);
    if (fields.length === 0) return { differing, lacking: [] };
    const words = fields.map((field) => field.replaceAll("-", " ")).join(", ");
    // A publication's other tables are in the same digest: that nothing else differs in it is not known.
    const found =
      kind === "sequence"
        ? {
            ...gap(
              kind,
              name,
              `could not be compared in ${words}: it needs ${needs.join(", ")}, not available here`,
            ),
            needs,
          }
        : gap(
            kind,
            name,
            `could not be compared in ${words}: tables that need ${needs.join(", ")} are not here, ` +
              `and ${known ? "belong to it" : "may belong to it"}${namedTables(tables)}`,
          );
    return { differing: differing.filter((field) => !fields.includes(field)), lacking: [found] };
  }

  #lackingTables(kind: ObjectKind, name: string): ReturnType<Lacking["ofPublication"]> {
    if (kind === "publication") return this.#lacking.ofPublication(name);
    return { needs: kind === "sequence" ? this.#lacking.ofObject(kind, name) : [], known: true, tables: [] };
  }

  #compare(kind: ObjectKind, before: string, now: string): FieldComparison & { readonly whole?: boolean } {
    const majors = [this.#expected.serverMajor, this.#actual.serverMajor] as const;
    if (this.#expected.digests === 2) return compareFields(kind, before, now, majors);
    const sameMajor = majors[0] === majors[1] && !(kind === "column" && this.#marked);
    return {
      differing: [],
      hidden: [],
      left: [],
      unknown: [],
      whole: !compareDigests1(kind, before, now, sameMajor),
    };
  }

  /** What is more counts on what this restore made: all of it, or some tables. */
  #surplus(
    kind: ObjectKind,
    before: Readonly<Record<string, string>>,
    now: Readonly<Record<string, string>>,
  ): Difference[] {
    if (!this.#options.exact && this.#made === undefined) return [];
    const surplus = Object.keys(now).filter(
      (name) =>
        !Object.hasOwn(before, name) &&
        !ofUnreadKind(kind, name, this.#expected) &&
        !(kind === "grant" && isOnMember(name)) &&
        (this.#made?.(kind, name) ?? true),
    );
    const more = "exists, but not at the source";
    return surplus.map((name) =>
      this.#made !== undefined && this.#isInherited(kind, name)
        ? gap(
            kind,
            name,
            `${more}: a table that was made has it from the one above it, which was there before`,
          )
        : difference(kind, name, more),
    );
  }

  /** A table that was made below one that was there before gets what that one has by now. */
  #isInherited(kind: ObjectKind, name: string): boolean {
    if (!INHERITED.has(kind)) return false;
    const tables = Object.entries(this.#actual.objects.table ?? {});
    const below = tables.filter(([, fields]) => /(?:^| )parents=/.test(fields));
    return below.some(([table]) => name.startsWith(`${table}.`));
  }

  /** What could not be compared is no proof, however much of the rest agrees. */
  gaps(): Difference[] {
    return [...this.#otherMajor(), ...this.#marks()];
  }

  #otherMajor(): Difference[] {
    const [source, copy] = [this.#expected.serverMajor, this.#actual.serverMajor];
    if (source === copy || (this.#expected.digests === 2 && this.#left.size === 0)) return [];
    const left = [...this.#left].map(
      ([kind, fields]) => `${kind}: ${[...fields].map((field) => field.replaceAll("-", " ")).join(", ")}`,
    );
    return [
      gap(
        "database",
        "definitions",
        `could not be compared in full: the source is PostgreSQL ${source} and the copy ` +
          `${copy}, and different majors print expressions and queries differently; ` +
          "names, rights, types, keys and flags were compared, but not " +
          (left.length > 0 ? left.join("; ") : "the bodies of views, conditions, defaults and the like"),
      ),
    ];
  }

  #marks(): Difference[] {
    if (!this.#marked) return [];
    return [
      gap(
        "database",
        "columns",
        "could not be compared in full: this older manifest holds one digest of a column's whole " +
          "definition, and none of them is that of the copy, as when the source's server kept marks " +
          "of its own among the columns' options; types, NOT NULL, identity and the like were compared",
      ),
    ];
  }
}

/**
 * What is said of an object whose kind the record does not have, because it could not be read or was not
 * known, is not known either.
 */
function ofUnreadKind(kind: ObjectKind, name: string, record: ContentRecord): boolean {
  if (record.digests !== 2 || (kind !== "owner" && kind !== "comment")) return false;
  const of = OBJECT_KINDS.find((each) => name.startsWith(`${each} `));
  return of !== undefined && record.objects[of] === undefined;
}

/** They are rows: a copy of the schema alone has none, and so no owner, rights or comments of them. */
function ofLargeObjects(identity: string): boolean {
  return /^large objects? /.test(identity);
}

/**
 * The object comes with its extension or the server, and many a server lets nobody give rights on it; that
 * they are others here is said.
 */
function asGapOfMember(found: Difference): Difference {
  return {
    ...found,
    severity: "gap",
    message:
      `${found.message}: the object comes with its extension or the server, and its rights here are ` +
      "not the source's",
  };
}

/** Only what cannot be made without a missing extension is excused by it. */
function absence(kind: ObjectKind, name: string, lacking: readonly string[]): Difference {
  return lacking.length === 0
    ? difference(kind, name, "is missing")
    : {
        ...gap(kind, name, `is missing: it needs ${lacking.join(", ")}, not available here`),
        needs: lacking,
      };
}

function difference(about: string, name: string, message: string): Difference {
  return { severity: "difference", about, name, message };
}

function gap(about: string, name: string, message: string): Difference {
  return { severity: "gap", about, name, message };
}

/** As {@link unquoted} has them: only for telling which objects belong to a table. */
function missingTables(expected: ContentRecord, actual: ContentRecord): Set<string> {
  const names = (record: ContentRecord): string[] =>
    record.tables.map((table) => unquoted(displayName(table)));
  const present = new Set(names(actual));
  return new Set(names(expected).filter((name) => !present.has(name)));
}

/** Kinds whose identity begins with their table's. */
const OF_A_TABLE: ReadonlySet<ObjectKind> = new Set([
  "table",
  "column",
  "constraint",
  "trigger",
  "policy",
  "row-security",
  "rule",
]);

function isPartOf(kind: ObjectKind, identity: string, tables: ReadonlySet<string>): boolean {
  if (tables.size === 0) return false;
  const name = kind === "owner" || kind === "grant" ? identity.replace(/^(?:table|column) /, "") : identity;
  if (!OF_A_TABLE.has(kind) && name === identity) return false;
  const plain = unquoted(name);
  return [...tables].some((table) => plain === table || plain.startsWith(`${table}.`));
}

/** Tables told of a publication. */
const TOLD_MAX = 5;

/** One is it; of several the record does not say which. */
function namedTables(tables: readonly string[]): string {
  if (tables.length === 0) return "";
  const more = tables.length > TOLD_MAX ? ` and ${tables.length - TOLD_MAX} more` : "";
  return `: ${tables.length === 1 ? "" : "some of "}${tables.slice(0, TOLD_MAX).join(", ")}${more}`;
}
