import type { Statement } from "../script/script.ts";
import { fieldsOf, textOf } from "../script/tree.ts";

/** These may do anything to the session, and their text does not say what. */
const OPAQUE = new Set(["DoStmt", "CallStmt", "LoadStmt"]);

/** Functions that change the session and whose effect emptying it does not undo. */
const CHANGING = /\b(?:set_config|setseed)\b/i;

/**
 * Whether a session that is emptied after these statements is as a new one. A setting of the application's
 * own (`app.tenant`) stays known to the session, empty and not unset; a seed stays sown, a library loaded. So
 * the next script is given a new session after them.
 */
export function leavesSessionAsItWas(statements: readonly Statement[]): boolean {
  return !statements.some(({ type, tree, text }) => {
    if (OPAQUE.has(type) || CHANGING.test(text)) return true;
    return type === "VariableSetStmt" && (textOf(fieldsOf(tree)["name"]) ?? "").includes(".");
  });
}
