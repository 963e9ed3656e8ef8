import { compareFields, type FieldComparison } from "./compare-fields.ts";
import { compareDigests1, definitionsMarked } from "./compare-digests-1.ts";
import { difference, gap, type CompareOptions, type Difference } from "./difference.ts";
import { withoutLackingTables } from "./lacking-tables.ts";
import { Lacking } from "./missing-extensions.ts";
import { NotInFull } from "./not-in-full.ts";
import { isInherited, isPartOf, missingTables } from "./parts-of-tables.ts";
import { unquoted } from "../../../postgres/display-name.ts";
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
  readonly #notInFull = new NotInFull();

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
    this.#notInFull.add(kind, compared.left);
    const words = (fields: readonly string[]): string =>
      fields.map((field) => field.replaceAll("-", " ")).join(", ");
    const { differing, lacking } = withoutLackingTables(this.#lacking, kind, name, compared.differing);
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
      this.#made !== undefined && isInherited(kind, name, this.#actual)
        ? gap(
            kind,
            name,
            `${more}: a table that was made has it from the one above it, which was there before`,
          )
        : difference(kind, name, more),
    );
  }

  /** What could not be compared is no proof, however much of the rest agrees. */
  gaps(): Difference[] {
    return this.#notInFull.gaps(this.#expected, this.#actual, this.#marked);
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
