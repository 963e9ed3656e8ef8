import * as z from "zod";

/**
 * Who made a document: the CI run or the local user, for the audit trail ({@link RunIdentity} as
 * it is written).
 */
export const runRecord = z.strictObject({
  kind: z.enum(["github-actions", "cli"]),
  id: z.string(),
  url: z.string().nullable(),
  commit: z.string().nullable(),
  actor: z.string(),
});
