import { textOf } from "../../script/tree.ts";
import { notComparable, serverWide } from "../../script/server-wide.ts";
import { hit, type Rule } from "./rule.ts";

/** Rules about what belongs to the server and not to the database; of rollbacks too. */
export const SERVER_RULES: readonly Rule[] = [
  {
    name: "drop-database",
    level: "error",
    squawk: ["ban-drop-database"],
    problem: "A migration that drops a database cannot be taken back by anything but a backup.",
    solution: "Do it by hand, after a verified backup, outside of migrations.",
    find: ({ type, fields }) =>
      type === "DropdbStmt" ? [hit(textOf(fields["dbname"]) ?? "", "the database is gone for good")] : [],
  },
  {
    name: "server-wide",
    level: "error",
    squawk: [],
    problem:
      "The statement changes the whole server, outside of every transaction: it was not carried out " +
      "here, and no rollback of it can be proved.",
    solution:
      "Do it where the server is set up. Where it must be a migration, say why in a waiver: it is applied, " +
      "and never tried.",
    find: ({ statement, type }) => {
      const what = serverWide(statement);
      return what === undefined || type === "DropdbStmt"
        ? []
        : [{ message: `${what} is of the whole server: it was left out here, and is not proved` }];
    },
  },
  {
    name: "not-compared",
    level: "warning",
    squawk: [],
    problem:
      "A role's password cannot be read back, and rights on settings belong to no database: whether the " +
      "rollback restores them is not known.",
    solution: "Set passwords and rights on settings where roles are made, not in a migration.",
    find: ({ statement }) => {
      const what = notComparable(statement);
      return what === undefined
        ? []
        : [{ message: `changes ${what}, and whether its rollback restores that is not looked at` }];
    },
  },
];
