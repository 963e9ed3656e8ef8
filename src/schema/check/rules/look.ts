import { firstWords, type StatementImpact } from "../../proof/impact.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import type { Statement } from "../../script/script.ts";
import { fieldsOf, nameParts, relationParts, textOf } from "../../script/tree.ts";
import type { Finding } from "../finding.ts";
import { FALLBACK_RULES, RULES } from "./all.ts";
import { impactOn, type Rule, type RuleStatement } from "./rule.ts";

/**
 * What the rules find in a script's statements.
 *
 * @param impacts of its statements, as far as they were watched
 * @param which the rules; those that speak where no other does go with all of them
 */
export function lookAtStatements(
  script: PreparedScript,
  impacts: readonly StatementImpact[],
  which: readonly Rule[] = RULES,
): Finding[] {
  const made: (readonly string[])[] = [];
  const left = [...impacts];
  return script.script.statements.flatMap((statement): Finding[] => {
    const impact = taken(left, statement);
    const fields = fieldsOf(statement.tree);
    const seen: RuleStatement = {
      statement,
      script,
      fields,
      impact,
      type: statement.type,
      // CREATE TABLE IF NOT EXISTS makes none where there is one, as was seen then.
      isNew: (table) =>
        made.some((name) => isSame(name, table)) && impactOn({ impact }, table)?.isNew !== false,
    };
    const apply = (rules: readonly Rule[]): Finding[] =>
      rules.flatMap((rule) =>
        rule.find(seen).map(({ object, message }) => ({
          rule: rule.name,
          level: rule.level,
          file: script.source.file,
          line: statement.line,
          message,
          hint: rule.solution,
          ...(object === undefined ? {} : { object }),
        })),
      );
    const found = apply(which);
    const isTold = which !== RULES || found.some(({ level }) => level !== "note");
    const all = isTold ? found : [...found, ...apply(FALLBACK_RULES)];
    // Only afterwards: what a file drops and makes again was somebody's before.
    made.push(...namesMade(statement, made));
    return all;
  });
}

/** What was seen of a statement; several may begin on one line, and look alike. */
function taken(left: StatementImpact[], { line, text }: Statement): StatementImpact | undefined {
  const at = left.findIndex((each) => each.line === line && each.statement === firstWords(text));
  return at === -1 ? undefined : left.splice(at, 1)[0];
}

/** A name without its schema may be in any. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  const depth = Math.min(one.length, other.length);
  return depth > 0 && one.slice(-depth).join("\0") === other.slice(-depth).join("\0");
}

/** Tables, views, indexes and types that a statement makes. */
function namesMade(
  { type, tree }: Statement,
  before: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const fields = fieldsOf(tree);
  switch (type) {
    case "CreateStmt":
      return [relationParts(fields["relation"])];
    case "CreateTableAsStmt":
      return [relationParts(fieldsOf(fields["into"])["rel"])];
    case "SelectStmt": {
      const into = fields["intoClause"];
      return into === undefined ? [] : [relationParts(fieldsOf(into)["rel"])];
    }
    case "IndexStmt": {
      const name = textOf(fields["idxname"]);
      return name === undefined ? [] : [[name]];
    }
    case "CreateDomainStmt":
      return [nameParts(fields["domainname"])];
    case "CreateEnumStmt":
      return [nameParts(fields["typeName"])];
    case "RenameStmt": {
      // A table that was made under another name, to be put in the place of an old one.
      const table = relationParts(fields["relation"]);
      const name = textOf(fields["newname"]);
      const isTable = fields["renameType"] === "OBJECT_TABLE" && before.some((each) => isSame(each, table));
      return isTable && name !== undefined ? [[...table.slice(0, -1), name]] : [];
    }
    default:
      return [];
  }
}
