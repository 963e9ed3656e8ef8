import { readFileSync } from "node:fs";
import { HoldfastError } from "../../kernel/errors.ts";

/** The account a scratch server runs under; both undefined = our own. */
export interface Account {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** PostgreSQL refuses to run as root; these accounts exist wherever it does. */
const INSTEAD_OF_ROOT = ["postgres", "nobody"];

/**
 * Our own account, or, for root, the first of `postgres` and `nobody` that the machine knows.
 *
 * @throws tool.missing when root finds neither
 */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return { uid: undefined, gid: undefined };
  const lines = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const entry = INSTEAD_OF_ROOT.map((name) => lines.find((fields) => fields[0] === name)).find(
    (fields) => fields !== undefined,
  );
  if (entry === undefined) {
    throw new HoldfastError(
      "tool.missing",
      "PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody",
      {
        hint: "Run Holdfast as an ordinary user, or add a user named postgres.",
      },
    );
  }
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}
