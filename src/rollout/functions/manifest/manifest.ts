import * as z from "zod";

/**
 * `function-manifest.json`: which version each edge function has, what it needs, which API versions it
 * serves, and what it is taken back to. `schemas/function-manifest.schema.json` is generated from here.
 */

/** How the file is called, beside the functions or in the folder above. */
export const FUNCTION_MANIFEST = "function-manifest.json";

const slug = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,127}$/,
    "is no name of a function: a letter, then letters, digits, - and _, 128 in all at most",
  )
  .meta({ id: "slug" });

const text = (max: number): z.ZodString => z.string().min(1).max(max);

export const smoke = z
  .strictObject({
    method: z
      .enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      .default("GET")
      .describe("How it is called. It must change nothing: it is called after each deployment and rollback."),
    path: z
      .string()
      .max(2000)
      .regex(/^\/[^\s#]*$/, "begins with / and has no spaces")
      .default("/")
      .describe("Below the function's address, with its query."),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]+$/, "is no name of a header: letters, digits and -"),
        z.string().max(4000),
      )
      .default({})
      .describe("Sent as they stand here, in the repository: nothing secret."),
    body: z.string().max(100_000).optional().describe("Sent as it is."),
    status: z.int().min(100).max(599).default(200).describe("The status that is expected."),
    contains: text(4000).optional().describe("Words that the answer must hold, such as a version."),
  })
  .refine(({ method, body }) => body === undefined || !["GET", "HEAD"].includes(method), {
    path: ["body"],
    message: "is sent with a method such as POST: GET and HEAD have none",
  })
  .describe("The request by which a deployed function is tried.");
/** The request by which a function is tried, and what is expected of its answer. */
export type Smoke = z.infer<typeof smoke>;

const entry = z.strictObject({
  version: text(100).describe("Its version, as https://semver.org writes it: `1.3.0`."),
  deployed_at: z.iso
    .datetime({ offset: true })
    .nullish()
    .describe("When that version was deployed last; written by `functions deploy --update-manifest`."),
  dependencies: z
    .array(text(300))
    .max(200)
    .default([])
    .describe("Functions that it calls, as `name@version`; a version may be a range such as `^1.2.0`."),
  compatibility: z
    .array(text(100))
    .max(100)
    .default([])
    .describe("API versions that it serves; each has a row in `api_versions`."),
  rollback_target: text(300)
    .nullish()
    .describe("What it is taken back to, as `name@version`: a version that was deployed before."),
  entrypoint: text(500)
    .optional()
    .describe("The file it is started by, in its folder; by default `index.ts`."),
  import_map: text(500)
    .optional()
    .describe(
      "Its import map, in its folder; by default its own `deno.json`, `deno.jsonc` or `import_map.json`.",
    ),
  static_files: z
    .array(text(500))
    .max(200)
    .default([])
    .describe("Patterns of files that it reads, in its folder."),
  verify_jwt: z
    .boolean()
    .optional()
    .describe("Whether a signed token is asked for. Left out: as it is live, and yes for a new function."),
  smoke: smoke.optional(),
});
/** What the manifest says of one function. */
export type ManifestEntry = z.infer<typeof entry>;

export const functionManifest = z
  .strictObject({
    $schema: z.string().optional(),
    api_versions: z
      .record(text(100), z.record(slug, text(200)))
      .default({})
      .describe("The compatibility matrix: API version → function → range of versions that serve it."),
    functions: z.record(slug, entry).describe("The functions, by their names."),
  })
  .describe("Versions, dependencies and rollback targets of edge functions.");
export type FunctionManifest = z.infer<typeof functionManifest>;
