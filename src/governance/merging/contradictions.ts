import * as z from "zod";
import { listed } from "../../kernel/listed.ts";
import type { Contradiction } from "../../nouns/settings/across.ts";
import { METHODS, PROTECTED_METHODS, type MergeMethod } from "./merge-methods.ts";

/** Of the section `protection` what is said of merging; the rest is the section's own to read. */
const said = z.looseObject({
  mechanism: z.string().optional(),
  branches: z
    .array(
      z.looseObject({
        "merge-methods": z.array(z.enum(METHODS)).optional(),
        "linear-history": z.boolean().optional(),
      }),
    )
    .default([{}]),
});

/** Where the two sections contradict each other, and by which ways of merging. */
export interface MergeContradiction extends Contradiction {
  readonly methods: readonly MergeMethod[];
}

/**
 * Ways of merging that `protection` lets branches have and that `policy.merge.methods` leaves out: a merge by
 * one of them writes a message that nobody has judged. A default of `protection` contradicts only where
 * nothing of it is left, since the repository may allow less. Classic protection says nothing of ways.
 *
 * @param methods `policy.merge.methods`, as the file says it
 * @param protection the section as the file has it; undefined where it has none
 */
export function mergeContradictions(
  methods: readonly MergeMethod[],
  protection: unknown,
): MergeContradiction[] {
  if (protection === undefined) return [];
  const read = said.safeParse(protection ?? {});
  // What is wrong in it is told by who reads all of it.
  if (!read.success || read.data.mechanism === "classic") return [];
  return read.data.branches.flatMap((rules, at): MergeContradiction[] => {
    const own = rules["merge-methods"];
    const allowed = (own ?? PROTECTED_METHODS).filter(
      (each) => each !== "merge" || rules["linear-history"] !== true,
    );
    const more = allowed.filter((each) => !methods.includes(each));
    if (more.length === 0) return [];
    if (own !== undefined) {
      const message = `allows ${listed(more)}, and policy.merge.methods says that nobody merges so`;
      return [{ path: ["protection", "branches", at, "merge-methods"], message, methods: more }];
    }
    if (more.length < allowed.length) return [];
    const message = `has none of ${listed(more)}, and protection allows nothing else by default`;
    return [{ path: ["policy", "merge", "methods"], message, methods: more }];
  });
}
