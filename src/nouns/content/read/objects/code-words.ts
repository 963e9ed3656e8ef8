/** Fields of an object, by name. */
type Fields = ReadonlyMap<string, string>;

/**
 * Fields that hold codes of the system catalogs, and what the codes are in SQL. The words are for people
 * alone: states, digests and fingerprints hold the codes.
 */
interface Coded {
  /** The manual's page that says what each code means, or the server's source where no page does. */
  readonly source: string;
  /** What it is where the field is not set; without it: `not set`. */
  readonly unset?: string;
  /**
   * @param fields everything of the object
   * @returns undefined for a code that is not known here, which is told as it is
   */
  readonly words: (code: string, fields: Fields) => string | undefined;
}

const MANUAL = "https://www.postgresql.org/docs/current/";
const catalog = (name: string): string => `${MANUAL}catalog-pg-${name}.html`;

/** Each letter a word. */
function letters(source: string, words: Readonly<Record<string, string>>, unset?: string): Coded {
  return { source, words: (code) => words[code], ...(unset === undefined ? {} : { unset }) };
}

const PERSISTENCE = letters(catalog("class"), { p: "LOGGED", u: "UNLOGGED", t: "TEMPORARY" }, "LOGGED");
const REPLICA_IDENTITY = letters(
  catalog("class"),
  { d: "DEFAULT", n: "NOTHING", f: "FULL", i: "USING INDEX" },
  "DEFAULT",
);
const STORAGES: Readonly<Record<string, string>> = { p: "PLAIN", e: "EXTERNAL", m: "MAIN", x: "EXTENDED" };
const FIRES: Readonly<Record<string, string>> = {
  O: "enabled",
  D: "disabled",
  R: "ENABLE REPLICA",
  A: "ENABLE ALWAYS",
};

/** Letters with something between, such as the kinds of extended statistics. */
function each(code: string, by: string, words: Readonly<Record<string, string>>): string {
  return code
    .split(by)
    .map((one) => words[one] ?? one)
    .join(", ");
}

/** `DESC` puts NULLs first and `ASC` last, where nothing else is said. */
const KEY_OPTIONS: Readonly<Record<string, string>> = {
  "0": "ASC",
  "1": "DESC NULLS LAST",
  "2": "ASC NULLS FIRST",
  "3": "DESC",
};

const EVENTS = [
  [4, "INSERT"],
  [8, "DELETE"],
  [16, "UPDATE"],
  [32, "TRUNCATE"],
] as const;

/** The bits of `tgtype`, which the manual leaves to the server's source. */
function triggerTiming(code: string): string | undefined {
  if (!/^\d+$/.test(code)) return undefined;
  const bits = Number(code);
  const when = (bits & 64) !== 0 ? "INSTEAD OF" : (bits & 2) !== 0 ? "BEFORE" : "AFTER";
  const events = EVENTS.flatMap(([bit, word]) => ((bits & bit) === 0 ? [] : [word])).join(" OR ");
  return `${when} ${events} FOR EACH ${(bits & 1) === 0 ? "STATEMENT" : "ROW"}`;
}

const PUBLISHED = ["insert", "update", "delete", "truncate"];

/** `t,t,f,t`: which of four operations are published. */
function publishes(code: string): string | undefined {
  const flags = code.split(",");
  if (flags.length !== PUBLISHED.length) return undefined;
  const named = PUBLISHED.filter((_, at) => flags[at] === "t" || flags[at] === "true");
  return named.length === 0 ? "nothing" : named.join(", ");
}

const TRUTH: Readonly<Record<string, string>> = { t: "true", f: "false" };

/** Values in a row of fixed places, each with the word by which it is set. */
function places(
  texts: readonly string[],
  names: readonly (readonly [name: string, words?: Readonly<Record<string, string>>])[],
): string | undefined {
  if (texts.length !== names.length) return undefined;
  return names
    .flatMap(([name, words = {}], at): string[] => {
      const text = texts[at]!;
      return text === "-" || text === "0" ? [] : [`${name} = ${words[text] ?? text}`];
    })
    .join(", ");
}

const TYPE_FUNCTIONS = [
  ["INPUT"],
  ["OUTPUT"],
  ["RECEIVE"],
  ["SEND"],
  ["TYPMOD_IN"],
  ["TYPMOD_OUT"],
  ["ANALYZE"],
] as const;

const LAYOUT = [
  ["INTERNALLENGTH", { "-1": "VARIABLE", "-2": "VARIABLE, ended by a zero byte" }],
  ["PASSEDBYVALUE", TRUTH],
  ["ALIGNMENT", { c: "char", s: "int2", i: "int4", d: "double" }],
  ["STORAGE", { p: "plain", e: "external", m: "main", x: "extended" }],
  ["DELIMITER"],
  ["CATEGORY"],
  ["PREFERRED", TRUTH],
  ["COLLATABLE", TRUTH],
] as const;

/** The last place is the element's type, which may hold blanks, and is not there for a type without. */
function typeLayout(code: string): string | undefined {
  const parts = code.split(" ");
  const told = places(parts.slice(0, LAYOUT.length), LAYOUT);
  const element = parts.slice(LAYOUT.length).join(" ");
  return told === undefined || element === "" ? told : `${told}, ELEMENT = ${element}`;
}

const MODIFIES = { r: "READ_ONLY", s: "SHAREABLE", w: "READ_WRITE" };
const AGGREGATE = [
  ["kind", { n: "ordinary", o: "ordered-set", h: "hypothetical-set" }],
  ["direct arguments"],
  ["SFUNC"],
  ["FINALFUNC"],
  ["COMBINEFUNC"],
  ["SERIALFUNC"],
  ["DESERIALFUNC"],
  ["MSFUNC"],
  ["MINVFUNC"],
  ["MFINALFUNC"],
  ["FINALFUNC_EXTRA", TRUTH],
  ["MFINALFUNC_EXTRA", TRUTH],
  ["FINALFUNC_MODIFY", MODIFIES],
  ["MFINALFUNC_MODIFY", MODIFIES],
  ["SORTOP"],
  ["STYPE"],
  ["SSPACE"],
  ["MSTYPE"],
  ["MSSPACE"],
  ["INITCOND"],
  ["MINITCOND"],
] as const;

/** One without a moving-aggregate mode has no type for it, and that place is left out. */
function aggregate(code: string): string | undefined {
  const parts = code.split(" | ");
  const names =
    parts.length === AGGREGATE.length ? AGGREGATE : AGGREGATE.filter(([name]) => name !== "MSTYPE");
  return places(parts, names);
}

/** Token types of the parser that the server brings; another parser's numbers mean what it says. */
const DEFAULT_PARSER = 'pg_catalog."default"';
const TOKENS = [
  "asciiword",
  "word",
  "numword",
  "email",
  "url",
  "host",
  "sfloat",
  "version",
  "hword_numpart",
  "hword_part",
  "hword_asciipart",
  "blank",
  "tag",
  "protocol",
  "numhword",
  "asciihword",
  "hword",
  "url_path",
  "file",
  "float",
  "int",
  "uint",
  "entity",
];

/** `1:english_stem,2:simple`; a dictionary's name may hold anything in quotes. */
function tokenMappings(code: string, fields: Fields): string {
  const isDefault = fields.get("parser") === DEFAULT_PARSER;
  const named = (number: string): string =>
    (isDefault ? TOKENS[Number(number) - 1] : undefined) ?? `token type ${number}`;
  return (code.match(/(?:"(?:[^"]|"")*"|[^",])+/g) ?? [])
    .map((entry) => entry.replace(/^(\d+):/, (_, number: string) => `${named(number)} WITH `))
    .join(", ");
}

const CLASSES_OF_DEFAULTS: Readonly<Record<string, string>> = {
  r: "TABLES",
  S: "SEQUENCES",
  f: "FUNCTIONS",
  T: "TYPES",
  n: "SCHEMAS",
  L: "LARGE OBJECTS",
};

/** `postgres in app for r`: the end of a default privilege's name is a code too. */
export function defaultsFor(identity: string): string | undefined {
  return CLASSES_OF_DEFAULTS[/ for (\w)$/.exec(identity)?.[1] ?? ""];
}

/** By `<kind> <field>`. */
const CODED: Readonly<Record<string, Coded>> = {
  "table kind": letters(
    catalog("class"),
    { r: "an ordinary table", p: "a partitioned table", f: "a foreign table" },
    "an ordinary table",
  ),
  "table persistence": PERSISTENCE,
  "table replica-identity": REPLICA_IDENTITY,
  "materialized-view replica-identity": REPLICA_IDENTITY,
  "sequence persistence": PERSISTENCE,
  "column identity": letters(
    catalog("attribute"),
    { a: "GENERATED ALWAYS AS IDENTITY", d: "GENERATED BY DEFAULT AS IDENTITY" },
    "no identity column",
  ),
  "column generated": letters(catalog("attribute"), { s: "STORED", v: "VIRTUAL" }, "not generated"),
  "column storage": letters(catalog("attribute"), STORAGES, "DEFAULT"),
  "column compression": letters(catalog("attribute"), { p: "pglz", l: "lz4" }, "DEFAULT"),
  "constraint kind": letters(catalog("constraint"), {
    c: "CHECK",
    f: "FOREIGN KEY",
    n: "NOT NULL",
    p: "PRIMARY KEY",
    u: "UNIQUE",
    x: "EXCLUDE",
  }),
  "index key-options": {
    // Of methods that know no order they are all 0.
    source: `${catalog("index")}, src/include/catalog/pg_index.h`,
    words: (code) => each(code, " ", KEY_OPTIONS),
  },
  "index statistics-targets": {
    source: catalog("attribute"),
    words: (code) => code.replace(/\b(\d+):(\d+)/g, "column $1: $2").replaceAll(",", ", "),
  },
  "statistics statistics-kinds": {
    source: catalog("statistic-ext"),
    words: (code) =>
      each(code, ",", { d: "ndistinct", f: "dependencies", m: "mcv", e: "statistics of expressions" }),
  },
  "type kind": letters(catalog("type"), {
    b: "a base type",
    c: "a composite type",
    d: "a domain",
    e: "an enum",
    p: "a shell type",
    r: "a range type",
  }),
  "type input-output": {
    source: catalog("type"),
    words: (code) => places(code.split(" "), TYPE_FUNCTIONS),
  },
  "type layout": { source: catalog("type"), words: typeLayout },
  "function kind": letters(
    catalog("proc"),
    { f: "FUNCTION", p: "PROCEDURE", a: "AGGREGATE", w: "WINDOW" },
    "FUNCTION",
  ),
  "function volatility": letters(catalog("proc"), { i: "IMMUTABLE", s: "STABLE", v: "VOLATILE" }),
  "function parallel": letters(catalog("proc"), { s: "SAFE", r: "RESTRICTED", u: "UNSAFE" }),
  "function aggregate": { source: catalog("aggregate"), words: aggregate },
  "access-method kind": letters(catalog("am"), { i: "INDEX", t: "TABLE" }),
  "trigger state": letters(catalog("trigger"), FIRES, "enabled"),
  "trigger timing": { source: "src/include/catalog/pg_trigger.h", words: triggerTiming },
  "policy command": letters(catalog("policy"), {
    r: "SELECT",
    a: "INSERT",
    w: "UPDATE",
    d: "DELETE",
    "*": "ALL",
  }),
  "rule event": letters(catalog("rewrite"), { "1": "SELECT", "2": "UPDATE", "3": "INSERT", "4": "DELETE" }),
  "rule state": letters(catalog("rewrite"), FIRES, "enabled"),
  "event-trigger state": letters(catalog("event-trigger"), FIRES, "enabled"),
  "publication operations": { source: catalog("publication"), words: publishes },
  "publication generated-columns": letters(catalog("publication"), { n: "none", s: "stored" }, "none"),
  // A yes or no before 16.
  "subscription streaming": letters(catalog("subscription"), {
    f: "off",
    t: "on",
    p: "parallel",
    false: "off",
    true: "on",
  }),
  "collation provider": letters(catalog("collation"), {
    d: "the database's default",
    b: "builtin",
    c: "libc",
    i: "icu",
  }),
  "cast context": letters(catalog("cast"), {
    e: "explicit alone",
    a: "AS ASSIGNMENT",
    i: "AS IMPLICIT",
  }),
  "cast method": letters(catalog("cast"), {
    f: "WITH FUNCTION",
    i: "WITH INOUT",
    b: "WITHOUT FUNCTION",
  }),
  "operator operators": {
    source: catalog("amop"),
    words: (code) =>
      code.replace(/\) ([so])(?=[ ,]|$)/g, (_, purpose: string) =>
        purpose === "s" ? ") FOR SEARCH" : ") FOR ORDER BY",
      ),
  },
  "text-search mappings": {
    source: `${catalog("ts-config-map")}, ${MANUAL}textsearch-parsers.html`,
    words: tokenMappings,
  },
  // -1: https://www.postgresql.org/docs/current/catalog-pg-authid.html
  "role connectionLimit": { source: catalog("authid"), words: (code) => (code === "-1" ? "no limit" : code) },
};

/** Whether a field holds codes that are told in words. */
export function isCoded(kind: string, field: string): boolean {
  return Object.hasOwn(CODED, `${kind} ${field}`);
}

/**
 * What a field says, in SQL's own words where it holds a code.
 *
 * @param text undefined where it is not set
 * @param fields everything of the object, as far as it is known
 */
export function fieldInWords(
  kind: string,
  field: string,
  text: string | undefined,
  fields: Fields = new Map(),
): string | undefined {
  const key = `${kind} ${field}`;
  if (!Object.hasOwn(CODED, key)) return text;
  const coded = CODED[key]!;
  return text === undefined ? coded.unset : (coded.words(text, fields) ?? text);
}
