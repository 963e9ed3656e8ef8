import { listed } from "../../kernel/listed.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { Statement } from "../script/script.ts";
import { fieldsOf, relationParts } from "../script/tree.ts";
import { lastPart } from "../../postgres/display-name.ts";
import type { TableSums } from "./canary/sums.ts";

const CHANGES = new Set(["UpdateStmt", "DeleteStmt", "MergeStmt"]);
const NAMED_MAX = 5;

/** Which statements of a pair met rows, in any of its tries. */
export class Met {
  readonly #most = new Map<Statement, number>();
  /** Names of tables that had rows when a try began, without their schemas. */
  readonly #tables = new Set<string>();

  readonly heard = (statement: Statement, rows: number): void => {
    if (CHANGES.has(statement.type)) {
      this.#most.set(statement, Math.max(rows, this.#most.get(statement) ?? 0));
    }
  };

  filled({ sums }: { readonly sums: ReadonlyMap<string, TableSums> }): void {
    for (const [name, { rows }] of sums) if (rows > 0) this.#tables.add(lastPart(name));
  }

  /** Statements that change rows of a table that has some, and never met one. */
  notes({ forward, rollback }: { forward: PreparedScript; rollback: PreparedScript }): string[] {
    return [forward, rollback].flatMap(({ source, script }) => {
      const lines = script.statements
        .filter((each) => this.#most.get(each) === 0 && this.#tables.has(tableOf(each)))
        .map(({ line }) => `${source.file}:${line}`);
      return lines.length === 0
        ? []
        : [`met no row in the trial: ${listed(lines, NAMED_MAX)}; what it would do to rows was not tried`];
    });
  }
}

function tableOf({ tree }: Statement): string {
  return relationParts(fieldsOf(tree)["relation"]).at(-1) ?? "";
}
