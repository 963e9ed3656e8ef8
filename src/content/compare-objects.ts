import type { CompareOptions, Difference } from "./difference.ts";
import { Lacking, unquoted } from "./lacking.ts";
import { belongingTo } from "./objects-of-tables.ts";
import { OBJECT_KINDS, type ContentRecord, type ObjectKind, type TableRecord } from "./record.ts";

/** Most severe first: what protects data, then what serves it, then what describes it. */
const ORDER: readonly ObjectKind[] = [
  "schema", "table", "sequence", "column", "constraint", "row-security", "policy", "trigger", "index", "grant", "owner", "view", "materialized-view",
  "function", "type", "rule", "event-trigger", "default-privilege",
];

/** Definitions that are the same text whatever major version prints them. */
const NEVER_REPRINTED: ReadonlySet<ObjectKind> = new Set(["owner", "comment", "schema", "sequence", "row-security", "default-privilege", "event-trigger", "cast"]);

/** Hexadecimal digits of a digest; a second one is of what every major version prints alike. */
const DIGEST = 16;

/** Definitions of all kinds, by identity. */
export function compareObjects(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  const { only, made } = options;
  const restored = (table: TableRecord): boolean => only?.(table) !== false && made?.(table) !== false;
  if (only !== undefined && !expected.tables.some(restored)) return [];
  const belongs = only === undefined ? () => true : belongingTo(expected, restored);
  const kinds = [...ORDER, ...OBJECT_KINDS.filter((kind) => !ORDER.includes(kind))].filter((kind) => options.ignore?.has(kind) !== true);
  return [...otherMajor(expected, actual), ...kinds.flatMap((kind) => compareKind(kind, expected, actual, options, belongs))];
}

/** What could not be compared is no proof, however much of the rest agrees. */
function otherMajor(expected: ContentRecord, actual: ContentRecord): Difference[] {
  if (expected.serverMajor === actual.serverMajor) return [];
  return [{
    severity: "gap", about: "database", name: "definitions",
    message:
      `could not be compared in full: the source is PostgreSQL ${expected.serverMajor} and the copy ${actual.serverMajor}, and different majors print expressions and queries differently; ` +
      "names, rights, types, keys and flags were compared, but not the bodies of views, conditions, defaults and the like",
  }];
}

type Belongs = (kind: ObjectKind, identity: string) => boolean;

function compareKind(kind: ObjectKind, expected: ContentRecord, actual: ContentRecord, options: CompareOptions, belongs: Belongs): Difference[] {
  const [before, now] = [expected.objects[kind] ?? {}, actual.objects[kind] ?? {}];
  const missing = missingTables(expected, actual);
  const lacking = new Lacking(expected, options.unavailableExtensions ?? []);
  const sameMajor = expected.serverMajor === actual.serverMajor;
  const found: Difference[] = [];
  for (const [name, digest] of Object.entries(before)) {
    if (!belongs(kind, name)) continue;
    // A missing table has been reported as such; its columns, constraints and grants would only bury that.
    if (isPartOf(kind, name, missing)) continue;
    const copy = Object.hasOwn(now, name) ? now[name] : undefined;
    if (copy === undefined) found.push(absence(kind, name, lacking.ofObject(kind, name)));
    else if (differs(kind, digest, copy, sameMajor)) found.push({ severity: "difference", about: kind, name, message: "differs from the source" });
  }
  if (!options.exact) return found;
  const surplus = Object.keys(now).filter((name) => !Object.hasOwn(before, name));
  return [...found, ...surplus.map((name): Difference => ({ severity: "difference", about: kind, name, message: "exists, but not at the source" }))];
}

function differs(kind: ObjectKind, before: string, now: string, sameMajor: boolean): boolean {
  if (sameMajor || NEVER_REPRINTED.has(kind)) return before.slice(0, DIGEST) !== now.slice(0, DIGEST);
  // Without a second digest on both sides there is only the name to go by.
  return before.length > DIGEST && now.length > DIGEST && before.slice(DIGEST) !== now.slice(DIGEST);
}

/** Only what cannot be made without a missing extension is excused by it. */
function absence(kind: ObjectKind, name: string, lacking: readonly string[]): Difference {
  return lacking.length === 0
    ? { severity: "difference", about: kind, name, message: "is missing" }
    : { severity: "gap", about: kind, name, message: `is missing: it needs ${lacking.join(", ")}, not available here` };
}

/** Without quotes: only for telling which objects belong to a table. */
function missingTables(expected: ContentRecord, actual: ContentRecord): Set<string> {
  const names = (record: ContentRecord): string[] => record.tables.map((table) => unquoted(`${table.schema}.${table.name}`));
  const present = new Set(names(actual));
  return new Set(names(expected).filter((name) => !present.has(name)));
}

/** Kinds whose identity begins with their table's. */
const OF_A_TABLE: ReadonlySet<ObjectKind> = new Set(["table", "column", "constraint", "trigger", "policy", "row-security", "rule"]);

function isPartOf(kind: ObjectKind, identity: string, tables: ReadonlySet<string>): boolean {
  const name = kind === "owner" || kind === "grant" ? identity.replace(/^(?:table|column) /, "") : identity;
  if (!OF_A_TABLE.has(kind) && name === identity) return false;
  const plain = unquoted(name);
  return [...tables].some((table) => plain === table || plain.startsWith(`${table}.`));
}
