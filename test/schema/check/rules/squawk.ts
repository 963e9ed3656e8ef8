import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run } from "../../../support/tools.ts";

/** What squawk says of a place. */
export interface SquawkFinding {
  readonly rule_name: string;
  readonly line: number;
}

const require = createRequire(import.meta.url);

/**
 * squawk's own binary, of the package for the platform on which CI runs: `squawk-cli` itself asks for all
 * platforms in one version, which not every mirror of the registry has.
 */
export function squawkBinary(): string {
  return join(dirname(require.resolve("@squawk-cli/linux-x64/package.json")), "bin", "squawk");
}

/**
 * Every rule of it, from the binary itself: they stand in it one behind the other, as its option lists them.
 */
export function squawkRules(known: readonly string[]): {
  readonly unknown: readonly string[];
  readonly count: number;
} {
  const text = readFileSync(squawkBinary()).toString("latin1");
  return { unknown: known.filter((name) => !text.includes(name)), count: known.length };
}

/** @param text a migration */
export async function squawk(
  text: string,
  options: readonly string[] = [],
): Promise<readonly SquawkFinding[]> {
  const args = ["--reporter", "json", "--stdin-filepath", "migration.sql", ...options];
  const { code, stdout, stderr } = await run(squawkBinary(), args, { input: text, timeoutMs: 20_000 });
  if (code !== 0 && code !== 1) throw new Error(`squawk ended with ${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as SquawkFinding[];
}
