/**
 * Names that the body of a function, or a query in a string, uses without their schema. Read word by word
 * and not by a grammar: what is found is then looked for in the database, so a word too many is no false
 * alarm.
 */

/** One use of a name that only the search path resolves. */
export interface Reference {
  readonly kind: "relation" | "function" | "type" | "operator" | "configuration" | "dictionary";
  readonly name: string;
}

interface Token {
  readonly kind: "word" | "string" | "operator" | "sign";
  /** Words as the server folds them; strings without their quotes. */
  readonly text: string;
}

/**
 * What begins at one place. Of what is closed by something far behind only the opener, because
 * looking for a closer that is not there, from every opener anew, takes hours for a large body:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
const LEXEMES = new RegExp(
  [
    String.raw`(?<skip>\s+|--[^\n]*)`,
    String.raw`(?<comment>/\*)`,
    String.raw`(?<escape>[eE]'(?:[^'\\]|''|\\[\s\S])*')`,
    String.raw`(?<plain>(?:[uU]&|[bBxXnN])?'(?:[^']|'')*')`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
    String.raw`(?<quoted>"(?:[^"]|"")*")`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<number>\$?\d[\w.]*)`,
    String.raw`(?<cast>::|:=|\.\.)`,
    String.raw`(?<operator>[-+*/<>=~!@#%^&|${"`"}?]+)`,
    String.raw`(?<sign>[\s\S])`,
  ].join("|"),
  "yu",
);
const OPERATOR = /[-+*/<>=~!@#%^&|`?]+/uy;

/**
 * Functions that take a query, or the name of a table, as text: what is in the string is looked up when they
 * run.
 */
const TAKE_QUERIES = new Set([
  "ts_stat",
  "ts_rewrite",
  "query_to_xml",
  "query_to_xmlschema",
  "query_to_xml_and_xmlschema",
  "crosstab",
  "crosstab2",
  "crosstab3",
  "crosstab4",
  "connectby",
]);
const TAKE_RELATIONS = new Set([
  "nextval",
  "currval",
  "setval",
  "to_regclass",
  "table_to_xml",
  "pg_relation_size",
  "pg_get_serial_sequence",
]);
const TAKE_CONFIGURATIONS = new Set([
  "to_tsvector",
  "to_tsquery",
  "plainto_tsquery",
  "phraseto_tsquery",
  "websearch_to_tsquery",
  "ts_headline",
]);
const TAKE_DICTIONARIES = new Set(["unaccent", "ts_lexize"]);
/** Words after which a relation is named. */
const BEFORE_RELATIONS = new Set(["from", "join", "only", "table", "update"]);

/** References in the body of a function. */
export function references(body: string, language: string): readonly Reference[] {
  const tokens = lex(body);
  // A body that builds statements at run time is read with what its strings hold.
  const dynamic =
    language !== "sql" && tokens.some((token) => token.kind === "word" && token.text === "execute");
  return found(tokens, dynamic);
}

/**
 * References in the strings of a query that are queries, or names, themselves; the query's own names are
 * qualified.
 */
export function referencesInStrings(query: string): readonly Reference[] {
  const tokens = lex(query);
  return tokens.flatMap((token, at) => (token.kind === "string" ? inString(token.text, tokens, at) : []));
}

function lex(body: string): readonly Token[] {
  const tokens: Token[] = [];
  const closers = new Closers(body);
  for (let at = 0; at < body.length;) {
    const groups = lexemeAt(LEXEMES, body, at).groups ?? {};
    const opener = groups["comment"] ?? groups["dollar"];
    const closed = opener === undefined ? undefined : closers.after(opener, at + opener.length);
    if (opener !== undefined && closed !== undefined) {
      if (groups["dollar"] !== undefined) {
        tokens.push({ kind: "string", text: body.slice(at + opener.length, closed.start) });
      }
      at = closed.end;
      continue;
    }
    // What is never closed opens nothing.
    const [text] =
      opener === undefined
        ? lexemeAt(LEXEMES, body, at)
        : opener === "/*"
          ? lexemeAt(OPERATOR, body, at)
          : ["$"];
    const token =
      opener === undefined
        ? tokenOf(groups)
        : { kind: opener === "/*" ? ("operator" as const) : ("sign" as const), text };
    if (token !== undefined) tokens.push(token);
    at += text.length;
  }
  return tokens;
}

/** @param shape sticky, and matching anything */
function lexemeAt(shape: RegExp, body: string, at: number): RegExpExecArray {
  shape.lastIndex = at;
  return shape.exec(body)!;
}

function tokenOf({
  word,
  quoted,
  escape,
  plain,
  cast,
  operator,
  sign,
}: Partial<Record<string, string>>): Token | undefined {
  if (word !== undefined) return { kind: "word", text: word.toLowerCase() };
  if (quoted !== undefined) return { kind: "word", text: quoted.slice(1, -1).replaceAll('""', '"') };
  if (escape !== undefined) return { kind: "string", text: escape.slice(2, -1).replaceAll("''", "'") };
  if (plain !== undefined) {
    return { kind: "string", text: plain.slice(plain.indexOf("'") + 1, -1).replaceAll("''", "'") };
  }
  if (operator !== undefined) return { kind: "operator", text: operator };
  const other = cast ?? sign;
  return other === undefined ? undefined : { kind: "sign", text: other };
}

/**
 * Where comments and dollar-quoted strings of a body end; where a closer stands for the last time is known
 * before it is looked for.
 */
class Closers {
  readonly #body: string;
  readonly #last = new Map<string, number>();

  constructor(body: string) {
    this.#body = body;
    this.#last.set("*/", body.lastIndexOf("*/"));
    for (let at = body.indexOf("$"); at >= 0;) {
      const next = body.indexOf("$", at + 1);
      if (next >= 0) this.#last.set(body.slice(at, next + 1), at);
      at = next;
    }
  }

  after(opener: string, from: number): { readonly start: number; readonly end: number } | undefined {
    const closer = opener === "/*" ? "*/" : opener;
    if ((this.#last.get(closer) ?? -1) < from) return undefined;
    const start = this.#body.indexOf(closer, from);
    return { start, end: start + closer.length };
  }
}

function found(tokens: readonly Token[], dynamic: boolean): readonly Reference[] {
  const local = locals(tokens);
  const begin = tokens.findIndex((token) => token.kind === "word" && token.text === "begin");
  return tokens.flatMap((token, at): readonly Reference[] => {
    if (token.kind === "operator") {
      return isQualified(tokens, at) ? [] : [{ kind: "operator", name: token.text }];
    }
    if (token.kind === "string") {
      return [...inString(token.text, tokens, at), ...(dynamic ? found(lex(token.text), false) : [])];
    }
    if (token.kind !== "word" || isQualified(tokens, at)) return [];
    const declared = at < begin;
    return [
      ...asFunction(tokens, at),
      ...(local.has(token.text) ? [] : asRelation(tokens, at)),
      ...asType(tokens, at, declared),
    ];
  });
}

/** Before or after a dot a word is a part of a longer name. */
function isQualified(tokens: readonly Token[], at: number): boolean {
  return text(tokens, at - 1) === "." || text(tokens, at + 1) === ".";
}

function text(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token === undefined || token.kind === "string" ? undefined : token.text;
}

/** Names of common table expressions. */
function locals(tokens: readonly Token[]): ReadonlySet<string> {
  const names = tokens.filter(
    (token, at) =>
      token.kind === "word" &&
      text(tokens, at + 1) === "as" &&
      /^(?:\(|materialized|not)$/.test(text(tokens, at + 2) ?? ""),
  );
  return new Set(names.map((token) => token.text));
}

function asFunction(tokens: readonly Token[], at: number): readonly Reference[] {
  // `INSERT INTO t (a)` names a table.
  if (text(tokens, at + 1) !== "(" || text(tokens, at - 1) === "into") return [];
  return [{ kind: "function", name: tokens[at]!.text }];
}

function asRelation(tokens: readonly Token[], at: number): readonly Reference[] {
  const before = text(tokens, at - 1) ?? "";
  const inserted = before === "into" && /^(?:insert|merge)$/.test(text(tokens, at - 2) ?? "");
  const read =
    BEFORE_RELATIONS.has(before) &&
    !(before === "from" && text(tokens, at - 2) === "distinct") &&
    text(tokens, at + 1) !== "(";
  // `x orders%ROWTYPE`
  const typed = text(tokens, at + 1) === "%" && /^(?:row)?type$/.test(text(tokens, at + 2) ?? "");
  return inserted || read || typed ? [{ kind: "relation", name: tokens[at]!.text }] : [];
}

function asType(tokens: readonly Token[], at: number, declared: boolean): readonly Reference[] {
  const before = text(tokens, at - 1);
  const after = text(tokens, at + 1);
  const cast = before === "::" || (before === "as" && after === ")");
  const variable =
    declared &&
    tokens[at - 1]?.kind === "word" &&
    before !== "declare" &&
    (after === ";" || after === ":=" || after === "[" || after === "default");
  return cast || variable ? [{ kind: "type", name: tokens[at]!.text }] : [];
}

/** A string whose place says that it holds a name or a query. */
function inString(held: string, tokens: readonly Token[], at: number): readonly Reference[] {
  const called = text(tokens, at - 1) === "(" ? (text(tokens, at - 2) ?? "") : "";
  const castTo = text(tokens, at + 1) === "::" ? (text(tokens, at + 2) ?? "") : "";
  if (TAKE_QUERIES.has(called)) return found(lex(held), false);
  const [name, ...more] = lex(held);
  if (name?.kind !== "word" || more.length > 0) return [];
  if (castTo === "regclass" || TAKE_RELATIONS.has(called)) return [{ kind: "relation", name: name.text }];
  if (castTo === "regtype") return [{ kind: "type", name: name.text }];
  if (castTo === "regconfig" || (TAKE_CONFIGURATIONS.has(called) && castTo === "")) {
    return [{ kind: "configuration", name: name.text }];
  }
  if (castTo === "regdictionary" || (TAKE_DICTIONARIES.has(called) && castTo === "")) {
    return [{ kind: "dictionary", name: name.text }];
  }
  return [];
}
