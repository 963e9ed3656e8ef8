import * as z from "zod";
import type { SquashBody, SquashTitle } from "../../ports/merges.ts";

/** Of the section `policy` what is said of squashes; the rest is the section's own to read. */
const said = z.looseObject({
  merge: z
    .looseObject({
      "squash-title": z.enum(["pr-title", "commit-or-pr-title"]).optional().catch(undefined),
      "squash-body": z.enum(["commits", "description", "other"]).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** What the settings say that a squash writes; a key that they leave out is undefined. */
export interface DeclaredSquash {
  readonly title: SquashTitle | undefined;
  readonly body: SquashBody | undefined;
}

/** @param policy the section as the file has it; undefined where it has none */
export function declaredSquash(policy: unknown): DeclaredSquash {
  // What is wrong in it is told by who reads all of it.
  const merge = said.safeParse(policy ?? {}).data?.merge;
  return { title: merge?.["squash-title"], body: merge?.["squash-body"] };
}
