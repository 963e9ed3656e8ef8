import type { StatementImpact } from "../../proof/impact.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import { fieldsOf, nameParts, relationParts, textOf } from "../../script/tree.ts";
import type { Finding } from "../finding.ts";
import { FALLBACK_RULES, RULES } from "./all.ts";
import type { Rule, RuleStatement } from "./rule.ts";

/**
 * What the rules find in a script's statements.
 *
 * @param impacts of its statements, as far as they were watched
 */
export function lookAtStatements(script: PreparedScript, impacts: readonly StatementImpact[]): Finding[] {
  const made = namesMade(script);
  return script.script.statements.flatMap((statement): Finding[] => {
    const seen: RuleStatement = {
      statement, script, type: statement.type, fields: fieldsOf(statement.tree),
      impact: impacts.find(({ line }) => line === statement.line),
      isNew: (table) => made.some((name) => isSame(name, table)),
    };
    const apply = (rules: readonly Rule[]): Finding[] => rules.flatMap((rule) => rule.find(seen).map(({ object, message }) => ({
      rule: rule.name, level: rule.level, file: script.source.file, line: statement.line, message, hint: rule.solution,
      ...(object === undefined ? {} : { object }),
    })));
    const found = apply(RULES);
    return found.some(({ level }) => level !== "note") ? found : [...found, ...apply(FALLBACK_RULES)];
  });
}

/** A name without its schema may be in any. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  const depth = Math.min(one.length, other.length);
  return depth > 0 && one.slice(-depth).join("\0") === other.slice(-depth).join("\0");
}

/** Tables, views and indexes that the script makes itself. */
function namesMade({ script }: PreparedScript): readonly (readonly string[])[] {
  return script.statements.flatMap(({ type, tree }): (readonly string[])[] => {
    const fields = fieldsOf(tree);
    switch (type) {
      case "CreateStmt":
        return [relationParts(fields["relation"])];
      case "CreateTableAsStmt":
        return [relationParts(fieldsOf(fields["into"])["rel"])];
      case "SelectStmt":
        return fields["intoClause"] === undefined ? [] : [relationParts(fieldsOf(fields["intoClause"])["rel"])];
      case "IndexStmt": {
        const name = textOf(fields["idxname"]);
        return name === undefined ? [] : [[name]];
      }
      case "CreateDomainStmt":
        return [nameParts(fields["domainname"])];
      default:
        return [];
    }
  });
}
