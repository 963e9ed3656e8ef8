import type { PreparedScript } from "../../script/prepare.ts";
import type { Statement } from "../../script/script.ts";
import { everyNode, everyRelation, fieldsOf, listOf, textOf } from "../../script/tree.ts";
import { constantOf } from "./constants.ts";
import type { Definition } from "./definitions.ts";
import { embeddedIn } from "./embedded.ts";
import type { MeantRow, MeantValue } from "./meant-row.ts";
import { meantBy, type MeantByStatement } from "./statement.ts";
import { Written } from "./written.ts";

/** Rows that statements of one kind mean together. */
export interface MeantRows {
  readonly relations: ReadonlySet<string>;
  readonly rows: readonly MeantRow[];
  /** Each of the rows is wanted twice. */
  readonly compares: boolean;
}

/** What a pair of scripts says of rows. */
export interface Meant {
  /** Rows that are there before it. */
  readonly before: readonly MeantRows[];
  /**
   * Rows that are nearly always the pair's own, by a value that it writes or takes rows away by; that they
   * were there before cannot be ruled out.
   */
  readonly own: readonly MeantRows[];
  /** By what other names a column or table goes in the scripts. */
  readonly names: OtherNames;
  /** What was not read. */
  readonly notes: readonly string[];
}

/** Other name → the names that it may stand for. */
export interface OtherNames {
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly tables: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Rows at most: a seed file has thousands of statements. */
const BEFORE_MAX = 400;
const OWN_MAX = 100;

interface Part {
  readonly type: string;
  readonly tree: unknown;
}

/** Every statement of a script with those within it. */
interface Parts {
  readonly parts: readonly Part[];
  /** Where something of it is in no text, as `file:line`. */
  readonly hidden: readonly string[];
}

/**
 * Reads both scripts.
 *
 * @param definitions what they come to that was there before
 */
export async function meantByPair(
  forward: PreparedScript,
  rollback: PreparedScript,
  definitions: readonly Definition[],
): Promise<Meant> {
  const [there, back] = [await partsOfScript(forward), await partsOfScript(rollback)];
  const elsewhere = await partsOfDefinitions(definitions);
  const written = new Written();
  for (const { tree } of there.parts) written.addStatement(tree, true);
  if (there.hidden.length > 0) written.addUnknown(undefined, undefined);
  const ofPair = new Written(written);
  for (const { tree } of back.parts) ofPair.addStatement(tree, false);
  const read = ({ parts }: Parts): readonly MeantPart[] =>
    parts.map((part) => ({ ...part, meant: meantBy(part.tree) }));
  const [ofForward, ofRollback, ofOthers] = [read(there), read(back), read(elsewhere)];
  for (const { type, meant } of ofRollback) {
    if (type !== "DeleteStmt") continue;
    for (const each of meant.rows.flat()) {
      for (const relation of each.relation === undefined ? meant.relations : [each.relation]) {
        if (each.value !== null) ofPair.add(relation, each.column, each.value);
      }
    }
  }
  const before = new Gathered(BEFORE_MAX);
  const own = new Gathered(OWN_MAX);
  for (const { meant } of ofForward) {
    sorted(meant, (row) => ofPair.hasOf(row, meant.relations), before, own);
  }
  for (const { meant } of ofRollback) {
    sorted(meant, (row) => written.mayHave(row, meant.relations), before, own);
  }
  for (const { meant } of ofOthers) {
    sorted(meant, (row) => ofPair.hasOf(row, meant.relations), before, own);
  }
  for (const { tree } of there.parts) own.add(takenOver(tree));
  return {
    before: before.found,
    own: own.found,
    names: otherNames([...ofForward, ...ofRollback, ...ofOthers], definitions),
    notes: [
      ...before.notes("that statements compare with"),
      ...own.notes("that this pair writes itself"),
      ...cutNotes([...ofForward, ...ofRollback, ...ofOthers]),
      ...hiddenNotes([...there.hidden, ...back.hidden, ...elsewhere.hidden]),
    ],
  };
}

interface MeantPart extends Part {
  readonly meant: MeantByStatement;
}

async function partsOfScript({ script, source }: PreparedScript): Promise<Parts> {
  return await partsOf(script.statements, ({ line }) => `${source.file}:${line}`);
}

async function partsOfDefinitions(definitions: readonly Definition[]): Promise<Parts> {
  const found: Parts[] = [];
  for (const { object, statements } of definitions) found.push(await partsOf(statements, () => object));
  return { parts: found.flatMap(({ parts }) => parts), hidden: found.flatMap(({ hidden }) => hidden) };
}

async function partsOf(
  statements: readonly Statement[],
  placeOf: (statement: Statement) => string,
): Promise<Parts> {
  const parts: Part[] = [];
  const hidden: string[] = [];
  for (const statement of statements) {
    parts.push(statement);
    const { trees, isHidden } = await embeddedIn(statement);
    parts.push(...trees.map((tree) => ({ tree, type: Object.keys(tree as object)[0] ?? "" })));
    if (isHidden) hidden.push(placeOf(statement));
  }
  return { parts, hidden };
}

function cutNotes(parts: readonly MeantPart[]): string[] {
  const count = parts.filter(({ meant }) => meant.isCut).length;
  return count === 0
    ? []
    : [
        `${count} of the statements mean more kinds of rows, by all their conditions together, than can be ` +
          "tried; the first of them were",
      ];
}

function hiddenNotes(places: readonly string[]): string[] {
  return places.length === 0
    ? []
    : [
        `what is carried out in ${places.slice(0, 4).join(", ")}${places.length > 4 ? " …" : ""} is put ` +
          "together while it runs, so rows with values that it alone names were not tried",
      ];
}

function sorted(
  { relations, rows, compares }: MeantByStatement,
  isOwn: (row: MeantRow) => boolean,
  before: Gathered,
  own: Gathered,
): void {
  before.add({ relations, compares, rows: rows.filter((row) => !isOwn(row)) });
  own.add({ relations, compares, rows: rows.filter(isOwn) });
}

/** Rows as they are found, each once, up to a number. */
class Gathered {
  readonly found: MeantRows[] = [];
  readonly #most: number;
  readonly #known = new Set<string>();
  #left = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add({ relations, rows, compares }: MeantRows): void {
    const kept = rows.filter((row) => {
      const key = JSON.stringify([
        [...relations].sort(),
        compares,
        row.map(({ relation, column, value }) => [relation, column, value]),
      ]);
      if (this.#known.has(key)) return false;
      if (this.#known.size >= this.#most) this.#left += 1;
      else this.#known.add(key);
      return this.#known.has(key);
    });
    if (kept.length > 0) this.found.push({ relations, compares, rows: kept });
  }

  notes(which: string): string[] {
    return this.#left === 0
      ? []
      : [`of the values ${which} ${this.#left} more than ${this.#most} got no rows, and were not tried`];
  }
}

/** Rows that an INSERT with ON CONFLICT takes for its own where they are there. */
function takenOver(tree: unknown): MeantRows {
  const rows: MeantRow[] = [];
  const relations = new Set<string>();
  for (const { type, fields } of everyNode(tree)) {
    if (type !== "InsertStmt" || fields["onConflictClause"] === undefined) continue;
    const relation = textOf(fieldsOf(fields["relation"])["relname"]);
    const { infer } = fieldsOf(fields["onConflictClause"]);
    const keys = listOf(fieldsOf(infer)["indexElems"]).flatMap(
      (each) => textOf(fieldsOf(each)["name"]) ?? [],
    );
    const columns = listOf(fields["cols"]).map((each) => textOf(fieldsOf(each)["name"]));
    if (relation === undefined || keys.length === 0) continue;
    relations.add(relation);
    for (const row of listOf(fieldsOf(fields["selectStmt"])["valuesLists"])) {
      const values = listOf(row).flatMap((value, at): MeantValue[] => {
        const [column, text] = [columns[at], constantOf(value)];
        return column === undefined || !keys.includes(column) || typeof text !== "string"
          ? []
          : [{ relation, column, value: text, strength: "exact" }];
      });
      if (values.length === keys.length) rows.push(values);
    }
  }
  return { relations, rows, compares: false };
}

/** A view goes for the tables that it reads. */
function otherNames(parts: readonly MeantPart[], definitions: readonly Definition[]): OtherNames {
  const columns = new Map<string, Set<string>>();
  const tables = new Map<string, Set<string>>();
  const add = (map: Map<string, Set<string>>, other: string, name: string): void => {
    map.set(other, (map.get(other) ?? new Set()).add(name));
  };
  for (const { meant, type, tree } of parts) {
    for (const [other, name] of meant.renamed) add(columns, other, name);
    const { renameType, relation, newname } = fieldsOf(tree);
    const name = textOf(fieldsOf(relation)["relname"]);
    if (type === "RenameStmt" && renameType === "OBJECT_TABLE" && name !== undefined) {
      add(tables, String(newname), name);
    }
  }
  for (const { object, name, statements } of definitions) {
    if (!object.startsWith("view ")) continue;
    for (const { relname } of everyRelation(statements.map(({ tree }) => tree))) {
      add(tables, name, String(relname));
    }
  }
  return { columns, tables };
}
