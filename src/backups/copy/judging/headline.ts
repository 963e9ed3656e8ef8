import { argumentsOf, fitsArguments } from "./function-arguments.ts";
import { before } from "../../../kernel/cut.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";

/** One finding as a sentence. */
export function findingSentence({ about, name, message }: Finding): string {
  return name === "" ? `${about}: ${message}` : `${about} ${name} ${message}`;
}

/** Differences that are about rows: nothing tells more. */
const ABOUT_ROWS: ReadonlySet<string> = new Set([
  "table",
  "large-objects",
  "sequence",
  "artifact",
  "catalog",
  "seal",
]);

/** Differences that follow from others: an object that is missing has no owner either. */
const FOLLOWING: ReadonlySet<string> = new Set(["owner", "grant", "comment", "default-privilege"]);

/**
 * The finding that tells most about why a verdict is what it is: a loss of rows before everything, then what
 * pg_restore said of an object that is missing, then the object itself; owners, rights and comments last.
 */
export function headlineFinding(findings: readonly Finding[]): Finding | undefined {
  const differences = findings.filter(({ severity }) => severity === "difference");
  if (differences.length === 0) return findings.find(({ about }) => about !== "pg_restore") ?? findings[0];
  const rows = differences.find(({ about }) => ABOUT_ROWS.has(about));
  if (rows !== undefined) return rows;
  const best = differences.find(({ about }) => !FOLLOWING.has(about)) ?? differences[0]!;
  return causeOf(best, findings) ?? best;
}

/**
 * pg_restore names an entry `KIND name owner`, or `KIND table name owner`; of functions of one name the
 * arguments tell.
 */
function causeOf({ name }: Finding, findings: readonly Finding[]): Finding | undefined {
  const words = (text: string): string => text.replaceAll('"', "");
  const last = before(words(name).split(".").at(-1)!, "(");
  const said = findings.filter(({ about }) => about === "pg_restore");
  const alike = said.filter((finding) => words(finding.name).split(/[ (]/).includes(last));
  return (
    alike.find((finding) => fitsArguments(argumentsOf(finding.name).args, argumentsOf(name).args)) ?? alike[0]
  );
}
