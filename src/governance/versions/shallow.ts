import { HoldfastError } from "../../kernel/errors.ts";

/** That a part of the history cannot say which version comes next. */
export function shallow(): HoldfastError {
  return new HoldfastError(
    "source.history",
    "this checkout holds a part of the history, and releases count all of it",
    {
      hint: "In a workflow check out with `fetch-depth: 0`; elsewhere run `git fetch --unshallow --tags`.",
    },
  );
}
