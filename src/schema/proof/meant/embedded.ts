import type { Statement } from "../../script/script.ts";
import { everyNode, fieldsOf, listOf, textOf, typeOf } from "../../script/tree.ts";

/** Statements that are written within another: the body of a function or of a DO block. */
export interface Embedded {
  readonly trees: readonly unknown[];
  /** Something of it is in no text: it is put together while it runs, or is of another language. */
  readonly isHidden: boolean;
}

const NOTHING: Embedded = { trees: [], isHidden: false };

/** How deep a text within a text is followed. */
const DEEPEST = 4;

/** What a statement has within it; nothing of one that has no body. */
export async function embeddedIn({ type, tree, text }: Statement): Promise<Embedded> {
  if (type !== "DoStmt" && type !== "CreateFunctionStmt") return NOTHING;
  const fields = fieldsOf(tree);
  const options = listOf(fields[type === "DoStmt" ? "args" : "options"]).map(fieldsOf);
  const option = (name: string): unknown => options.find(({ defname }) => defname === name)?.["arg"];
  const language = (textOf(option("language")) ?? (type === "DoStmt" ? "plpgsql" : "sql")).toLowerCase();
  // A body of BEGIN ATOMIC is part of the statement's own tree.
  if (fields["sql_body"] !== undefined) return NOTHING;
  if (language === "plpgsql") return await ofPlpgsql(text, 0);
  const body = option("as");
  const source = typeOf(body) === "List" ? textOf(listOf(body)[0]) : textOf(body);
  return language === "sql" && source !== undefined ? await ofSql(source) : { trees: [], isHidden: true };
}

async function ofSql(source: string): Promise<Embedded> {
  const trees = await parsed(source);
  return { trees: trees ?? [], isHidden: trees === undefined };
}

async function ofPlpgsql(source: string, depth: number): Promise<Embedded> {
  const { parsePlPgSQL } = await import("../../script/grammar.ts");
  let body: unknown;
  try {
    body = await parsePlPgSQL(source);
  } catch {
    // What this reader does not take a server may; it is told as not looked at.
    return { trees: [], isHidden: true };
  }
  const found: Embedded[] = [];
  for (const { query, mode, isDynamic } of expressionsIn(body)) {
    found.push(await ofExpression(query, mode, isDynamic ? depth + 1 : 0));
  }
  return { trees: found.flatMap(({ trees }) => trees), isHidden: found.some(({ isHidden }) => isHidden) };
}

/** A piece of SQL in a body. */
interface Expression {
  readonly query: string;
  /** 0 is a statement, 2 an expression, 3 and more an assignment (RawParseMode of PostgreSQL's parser). */
  readonly mode: number;
  /** `EXECUTE` carries out the text that this gives. */
  readonly isDynamic: boolean;
}

function* expressionsIn(node: unknown, isDynamic = false): Generator<Expression> {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "PLpgSQL_expr") {
      const executes = key === "PLpgSQL_stmt_dynexecute" || key === "PLpgSQL_stmt_dynfors";
      if (!executes) yield* expressionsIn(value, isDynamic && (key === "query" || key === "PLpgSQL_expr"));
      else {
        const { query, ...others } = value as Readonly<Record<string, unknown>>;
        yield* expressionsIn({ query }, true);
        yield* expressionsIn(others);
      }
      continue;
    }
    const { query, parseMode } = value as { readonly query?: unknown; readonly parseMode?: unknown };
    if (typeof query !== "string") continue;
    yield { query, mode: typeof parseMode === "number" ? parseMode : 0, isDynamic };
  }
}

async function ofExpression(query: string, mode: number, depth: number): Promise<Embedded> {
  const statement = mode === 0 ? query : `SELECT ${mode > 2 ? query.replace(/^[^=]*?:?=/, "") : query}`;
  const trees = await parsed(statement);
  if (trees === undefined) return { trees: [], isHidden: true };
  if (depth === 0) return { trees, isHidden: false };
  const [target] = listOf(fieldsOf(trees[0])["targetList"]);
  const text = templateOf(fieldsOf(target)["val"]);
  if (text === undefined || depth > DEEPEST) return { trees, isHidden: true };
  return /^\s*DO\b/i.test(text) ? await ofPlpgsql(text, depth) : await ofSql(text);
}

/** The text that an expression gives; of `format` with names where it puts some in. */
function templateOf(node: unknown): string | undefined {
  const { sval } = fieldsOf(node);
  const text = typeOf(node) === "A_Const" ? textOf(sval) : undefined;
  if (text !== undefined) return text;
  for (const { type, fields } of everyNode(node)) {
    if (type !== "FuncCall" || textOf(listOf(fields["funcname"]).at(-1)) !== "format") continue;
    const template = templateOf(listOf(fields["args"])[0]);
    // A literal that is put in is in no text.
    return template === undefined || /%(?:\d+\$)?L/.test(template)
      ? undefined
      : template.replace(/%(?:\d+\$)?[Is]/g, "holdfast_name");
  }
  return undefined;
}

async function parsed(sql: string): Promise<readonly unknown[] | undefined> {
  const { parse } = await import("../../script/grammar.ts");
  try {
    const { stmts } = await parse(sql);
    return (stmts ?? []).flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt]));
  } catch {
    // Variables stand in places in which the grammar alone takes none; that it was not read is told.
    return undefined;
  }
}
