import { withoutTexts } from "../../script/quoted.ts";
import { everyNode, fieldsOf, listOf, nameParts, relationParts, textOf } from "../../script/tree.ts";
import { dropped, hit, written, type Rule } from "./rule.ts";

/** Whether an option such as `FULL` or `CONCURRENTLY` is given. */
function option(options: unknown, name: string): boolean {
  return listOf(options).some((each) => {
    const { defname, arg } = fieldsOf(each);
    return (
      defname === name && !["false", "off", false].includes(Object.values(fieldsOf(arg))[0] as string | false)
    );
  });
}

const ENDS_SESSIONS = "pg_terminate_backend";

/** Rules about other statements that lock, or that are read otherwise than meant. */
export const STATEMENT_RULES: readonly Rule[] = [
  {
    name: "index-blocks-writes",
    level: "warning",
    squawk: ["require-concurrent-index-creation"],
    problem: "CREATE INDEX keeps everybody from writing to the table until the index is built.",
    solution:
      "CREATE INDEX CONCURRENTLY, in a migration of its own: it cannot run in a transaction. On a " +
      "partitioned table, which refuses that: CREATE INDEX … ON ONLY the parent, CREATE INDEX " +
      "CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION.",
    find: ({ type, fields, isNew }) => {
      const table = relationParts(fields["relation"]);
      if (type !== "IndexStmt" || fields["concurrent"] === true || isNew(table)) return [];
      return [
        hit(
          textOf(fields["idxname"]) ?? written(table),
          `nobody can write to ${written(table)} until the index is built`,
        ),
      ];
    },
  },
  {
    name: "index-drop-blocks",
    level: "warning",
    squawk: ["require-concurrent-index-deletion"],
    problem: "DROP INDEX waits for everybody who uses the table, and everybody who comes later waits for it.",
    solution:
      "DROP INDEX CONCURRENTLY, in a migration of its own. An index of a partitioned table cannot be " +
      "dropped so: drop it at a quiet time, with a short lock_timeout.",
    find: (statement) =>
      statement.fields["concurrent"] === true
        ? []
        : dropped(statement, "OBJECT_INDEX")
            .filter((name) => !statement.isNew(name))
            .map((name) =>
              hit(
                written(name),
                "nobody can read or write the index's table while the drop waits for those who use it",
              ),
            ),
  },
  {
    name: "reindex-blocks",
    level: "warning",
    squawk: ["require-concurrent-reindex"],
    problem: "REINDEX keeps everybody from writing to the table, and from reading it by that index.",
    solution:
      "REINDEX … CONCURRENTLY (since 12; of a partitioned table since 14: before that REINDEX TABLE passes " +
      "it over with a warning, so each partition by itself), in a migration of its own.",
    find: ({ type, fields, isNew }) => {
      const relation = relationParts(fields["relation"]);
      if (type !== "ReindexStmt" || option(fields["params"], "concurrently") || isNew(relation)) return [];
      const name = written(relation) || (textOf(fields["name"]) ?? "");
      return [hit(name, "nobody can write to the table while its index is built anew")];
    },
  },
  {
    name: "full-vacuum",
    level: "warning",
    squawk: ["prefer-repack"],
    problem: "VACUUM FULL and CLUSTER write the whole table anew while nobody can read or write it.",
    solution: "Leave it to autovacuum, or use pg_repack, at a quiet time and not in a migration.",
    find: ({ type, fields, isNew }) => {
      const isFull = type === "VacuumStmt" && option(fields["options"], "full");
      if (type !== "ClusterStmt" && !isFull) return [];
      const listed = isFull
        ? listOf(fields["rels"]).map((each) => fieldsOf(each)["relation"])
        : [fields["relation"]];
      const message = "the whole table is written anew while nobody can read or write it";
      const tables = listed.map(relationParts).filter((table) => table.length > 0);
      if (tables.length === 0) {
        return [{ message: "every table is written anew while nobody can read or write it" }];
      }
      return tables.filter((table) => !isNew(table)).map((table) => hit(written(table), message));
    },
  },
  {
    name: "refresh-blocks",
    level: "warning",
    squawk: [],
    problem: "REFRESH MATERIALIZED VIEW keeps everybody from reading the view until it is filled.",
    solution: "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on it.",
    find: ({ type, fields, isNew }) => {
      const view = relationParts(fields["relation"]);
      if (
        type !== "RefreshMatViewStmt" ||
        fields["concurrent"] === true ||
        fields["skipData"] === true ||
        isNew(view)
      ) {
        return [];
      }
      return [hit(written(view), "nobody can read the view until it is filled")];
    },
  },
  {
    name: "domain-constraint",
    level: "warning",
    squawk: ["ban-alter-domain-with-add-constraint"],
    problem:
      "A new constraint of a domain reads every table with a column of it, while nobody can write to them.",
    solution: "Add it NOT VALID, and ALTER DOMAIN … VALIDATE CONSTRAINT in a later migration.",
    find: ({ type, fields, isNew }) => {
      const domain = nameParts(fields["typeName"]);
      if (type !== "AlterDomainStmt" || !["C", "AD_AddConstraint"].includes(String(fields["subtype"]))) {
        return [];
      }
      if (fieldsOf(fields["def"])["skip_validation"] === true || isNew(domain)) return [];
      return [
        hit(
          written(domain),
          "every table with a column of this domain is read, and nobody can write to it meanwhile",
        ),
      ];
    },
  },
  {
    name: "enum-value-order",
    level: "note",
    squawk: ["require-enum-value-ordering"],
    problem:
      "Without BEFORE or AFTER the new value sorts last, which may not be meant; and PostgreSQL cannot " +
      "take a value of an enum away again.",
    solution: "Say BEFORE or AFTER. A rollback has to make the type anew and move every column over.",
    find: ({ type, fields, isNew }) => {
      const name = nameParts(fields["typeName"]);
      const isAdded =
        type === "AlterEnumStmt" && fields["newVal"] !== undefined && fields["oldVal"] === undefined;
      if (!isAdded || fields["newValNeighbor"] !== undefined || isNew(name)) return [];
      const value = textOf(fields["newVal"]) ?? "";
      return [
        hit(
          written(name),
          `the value '${value}' sorts last, and can only be taken away by making the type anew`,
        ),
      ];
    },
  },
  {
    name: "rows-under-lock",
    level: "warning",
    squawk: [],
    problem:
      "Rows are changed in the transaction that has changed a table's definition: nobody can read or " +
      "write that table until the last row is done.",
    solution: "Change rows in a migration of its own, in batches for a large table.",
    find: ({ type, fields, statement, script, isNew }) => {
      const table = relationParts(fields["relation"]);
      if (type !== "UpdateStmt" && type !== "DeleteStmt") return [];
      if (isNew(table) || script.execution.mode !== "one-transaction") return [];
      const locking = script.execution.statements
        .slice(0, script.execution.statements.indexOf(statement))
        .flatMap(({ type: kind, tree }) =>
          kind === "AlterTableStmt" ? [relationParts(fieldsOf(tree)["relation"])] : [],
        )
        .find((name) => !isNew(name));
      if (locking === undefined) return [];
      const message =
        `its rows are changed while ${written(locking)}, altered before in the same ` +
        "transaction, stays locked";
      return [hit(written(table), message)];
    },
  },
  {
    name: "long-name",
    level: "warning",
    squawk: ["identifier-too-long"],
    problem: "Names longer than 63 bytes are cut off by the server, and two of them may become one.",
    solution: "Choose a shorter name.",
    find: ({ statement }) =>
      statement.text.length > 20_000
        ? []
        : longNames(statement.text).map((name) =>
            hit(name, `the server cuts the name off after 63 bytes: it has ${Buffer.byteLength(name)}`),
          ),
  },
  {
    name: "ends-sessions",
    level: "warning",
    squawk: [],
    problem:
      "A migration that ends other people's sessions ends the one by which `migrate` holds its lease too, " +
      "and is given up then, each time anew.",
    solution: "End sessions by hand where it must be; a lock is waited for and tried again anyway.",
    find: ({ statement }) =>
      [...everyNode(statement.tree)].some(
        ({ type, fields }) => type === "FuncCall" && nameParts(fields["funcname"]).at(-1) === ENDS_SESSIONS,
      )
        ? [{ message: "ends sessions, and with others the one that applies it" }]
        : [],
  },
  {
    name: "dynamic-sql",
    level: "note",
    squawk: [],
    problem:
      "What a DO block executes is made while it runs: what it will do in production can differ from " +
      "what it did here.",
    solution: "Write the statements out where they are known.",
    find: ({ type, statement }) =>
      type === "DoStmt" && /\bEXECUTE\b/i.test(statement.text)
        ? [
            {
              message:
                "the block executes SQL that it makes itself: only what it did on an empty database " +
                "could be looked at",
            },
          ]
        : [],
  },
];

/**
 * Words of a statement that are longer than a name may be; texts and comments left out.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
function longNames(text: string): string[] {
  const names = [
    ...withoutTexts(text).matchAll(/"((?:[^"]|"")+)"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g),
  ].map(([word, quoted]) => quoted?.replaceAll('""', '"') ?? word);
  return [...new Set(names.filter((name) => Buffer.byteLength(name) > 63))];
}
