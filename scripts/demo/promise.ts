import type { HoldfastRun } from "./holdfast.ts";

/** Something was not as promised: the demo has failed, and says where. */
export class BrokenPromise extends Error {}

/** The same run, when it ended with this code. */
export function expectExit(run: HoldfastRun, code: number, what: string): HoldfastRun {
  if (run.code !== code) {
    throw new BrokenPromise(
      `${what} should end with exit code ${code}, and ended with ${run.code ?? "a signal"}`,
    );
  }
  return run;
}

/** Holds that a validation proved this backup, and no other, by restoring it. */
export function requireProved(run: HoldfastRun, id: string): void {
  const [validated] = run.outputs["backups"] as readonly {
    readonly id: string;
    readonly depth: string;
    readonly verdict: string;
  }[];
  if (validated?.id !== id || validated.depth !== "restored" || validated.verdict !== "proved") {
    throw new BrokenPromise(
      `backup ${id} should be proved by a restore, and the answer is ${JSON.stringify(validated)}`,
    );
  }
}
