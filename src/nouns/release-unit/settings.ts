import * as z from "zod";

/**
 * The key `unit` of the section `release`: what of a commit its release unit records. What is declared must
 * be there; what is not is looked for where it usually is.
 */

/** Where migrations usually are; the first folder that holds some counts. */
export const USUAL_MIGRATIONS = ["supabase/migrations", "migrations", "db/migrations"] as const;
/** Where edge functions usually are. */
export const USUAL_FUNCTIONS = "supabase/functions";
/** Where configuration usually is. */
export const USUAL_CONFIGURATION = ["config/**"] as const;

const path = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (text) => !/^\/|\\|\0/.test(text) && !text.split("/").includes(".."),
    "is given from the repository's root, with /, and leads nowhere out of it",
  );

const folder = path.refine((text) => !/^[./]*$/.test(text), "is no folder of the repository");

const none = z.literal(false);

export const unitSettings = z
  .strictObject({
    migrations: z
      .union([folder, z.array(folder).min(1).max(20), none])
      .optional()
      .describe(
        "The folder of the database's migrations, or several of which the first that holds some counts; " +
          "`false` for none. By default `supabase/migrations`, `migrations`, `db/migrations`.",
      ),
    "schema-from": z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe(
        "The oldest version of the schema that the application still runs on, as its file's name has it, " +
          "in quotes. By default the last migration's: no older one.",
      ),
    functions: z
      .union([folder, none])
      .optional()
      .describe(
        "The folder of the edge functions, each in a folder of its own; `false` for none. By default " +
          "`supabase/functions`, where it is there.",
      ),
    configuration: z
      .union([z.array(path).min(1).max(100), none])
      .optional()
      .describe(
        "Patterns of the files of configuration; `false` for none. By default `config/**`, where there are " +
          "such files.",
      ),
  })
  .prefault({});
export type UnitSettings = z.infer<typeof unitSettings>;
