import { spawn } from "node:child_process";
import { once } from "node:events";
import { plainEnvironment } from "../scripts/demo/holdfast.ts";

/** How a program is run that is measured. */
export interface Running {
  readonly cwd: string;
  /** Beside the plain environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly exits?: readonly number[];
}

/**
 * Runs a program to its end.
 *
 * @returns the seconds that it took; an exit code that is not meant is an error
 */
export async function seconds(
  program: string,
  words: readonly string[],
  { cwd, env = {}, exits = [0] }: Running,
): Promise<number> {
  const began = performance.now();
  const child = spawn(program, words, {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === null || !exits.includes(code)) {
    throw new Error(`${program} ${words.join(" ")} ended with ${String(code)}`);
  }
  return (performance.now() - began) / 1000;
}
