import { afterAll, expect, it } from "@jest/globals";
import { relative } from "node:path";
import { isInTurn, noteCases } from "./sampling.ts";

/** As `it` is called. */
export type Case = (title: string, run: () => Promise<void> | void, timeoutMs?: number) => void;

/**
 * `it` for tests that repeat a kind: one in so many is run on a change, and all of them in the scheduled run
 * and where a file is run by its name. What a test alone shows is no repetition, and stays with `it`; but in
 * the heaviest files, whose tests have a world of their own, most of them take turns.
 *
 * @param what they have in common, as the end of `npm test` says it
 * @param way where the same tests stand in several describes, one for each way: which this is. Then each test
 *   is run in one of the ways
 */
export function testInTurn(what: string, every: number, way = 0): Case {
  const path = relative(process.cwd(), expect.getState().testPath ?? "");
  let told = 0;
  let run = 0;
  // Of fewer tests than there are turns some turns would have none.
  afterAll(() => {
    if (told < every) throw new Error(`${what}: ${told} tests cannot take ${every} turns`);
    noteCases(`${path}: ${what}`, run, told);
  });
  return (title, test, timeoutMs) => {
    told += 1;
    if (!isInTurn(told - 1, every, way)) return;
    run += 1;
    it(title, test, timeoutMs);
  };
}
