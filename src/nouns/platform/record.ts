import * as z from "zod";
import { PLATFORM_NAMES } from "./profile.ts";

/** One object as a content record names it: its kind there, and its identity within the kind. */
const objectName = z.tuple([z.string(), z.string()]);

/**
 * Whose is what in a database of a known platform, at the snapshot. This is a part of the manifest, so its
 * shape is a format: `docs/formats.md` explains every field.
 */
export const platformRecord = z.strictObject({
  name: z.enum(PLATFORM_NAMES),
  /**
   * Schemas of the platform's that were there; what stands in them is the platform's, but for {@link users}.
   */
  schemas: z.array(z.string()),
  /**
   * Of each such schema that has a table of migrations: the last version applied, null where it could
   * not be read.
   */
  migrations: z.record(z.string(), z.string().nullable()),
  /** What users have put on the platform's ground: triggers, policies, functions … */
  users: z.array(objectName),
  /**
   * What stands on the platform's tables under a name that this version does not know and needs nothing of
   * the user's: his or a newer platform's. Named in {@link users} too where the platform's version is one
   * that is known.
   */
  guessed: z.array(objectName).optional(),
  /** What the platform has put outside of its schemas: event triggers, default privileges … */
  own: z.array(objectName),
  /**
   * `[role, setting]`: names, never values, of what roles are set to in every database. Absent in manifests
   * that did not record it.
   */
  settings: z.array(z.tuple([z.string(), z.string()])).optional(),
});
export type PlatformRecord = z.infer<typeof platformRecord>;
