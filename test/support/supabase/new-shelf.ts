import { FunctionShelf, type ShelfOptions } from "../../../src/sandbox/supabase/function-shelf.ts";

export const PROJECT = "abcdefghijklmnopqrst";

/** A project without functions, whose ids and times are the same each time. */
export function newShelf(options: Partial<ShelfOptions> = {}): FunctionShelf {
  let count = 0;
  return new FunctionShelf({
    project: PROJECT,
    now: () => Date.UTC(2026, 10, 28) + count,
    hex: (bytes) => (count += 1).toString(16).padStart(2 * bytes, "0"),
    ...options,
  });
}
