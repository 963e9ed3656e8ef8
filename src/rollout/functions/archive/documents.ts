import * as z from "zod";
import { BACKUP_ID } from "../../../nouns/catalog/manifest.ts";
import { smoke } from "../manifest/manifest.ts";
import { runRecord } from "../../../nouns/store/run-record.ts";

/**
 * What lies below `functions/<project>/` in a store. Every field is explained in `docs/formats.md`.
 */

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const slug = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);

const storedFile = z.strictObject({
  /** With `/` between its parts. */
  path: z.string().min(1).max(1000),
  size: z.int().nonnegative(),
  sha256: digest,
});
/** A source file, whose bytes lie at `functions/<project>/files/<sha256>`. */
export type StoredFile = z.infer<typeof storedFile>;

const started = {
  entrypoint: z.string().min(1),
  "import-map": z.string().nullable(),
  "static-files": z.array(z.string()),
};

const sources = {
  ...started,
  /** Of the sources and of what they are started by: `sources-1` in docs/formats.md. */
  digest,
  /** As a manifest said it; null where nobody did. */
  version: z.string().nullable(),
  /** The request that was declared with that version; null where none was. */
  smoke: smoke.nullable(),
  files: z.array(storedFile).min(1),
};

/** Sources that were seen to be in a bundle of the host's: uploaded by us, or had back from there. */
export const sourceDocument = z.strictObject({
  format: z.literal("holdfast.function-sources/1"),
  project: z.string(),
  slug,
  /** Of the bundle, as the host names it. */
  bundle: z.string(),
  origin: z.enum(["uploaded", "fetched"]),
  ...sources,
  made: z.iso.datetime(),
  run: runRecord,
});
export type SourceDocument = z.infer<typeof sourceDocument>;

const snapshotFunction = z.strictObject({
  slug,
  name: z.string(),
  id: z.string(),
  status: z.enum(["ACTIVE", "REMOVED", "THROTTLED"]),
  /** The host's own count. */
  "live-version": z.int(),
  "verify-jwt": z.boolean(),
  bundle: z.string(),
  ...sources,
});
export type SnapshotFunction = z.infer<typeof snapshotFunction>;

/** All functions of a project as they were served at one moment. */
export const snapshotDocument = z.strictObject({
  format: z.literal("holdfast.function-snapshot/1"),
  id: z.string().regex(BACKUP_ID),
  project: z.string(),
  made: z.iso.datetime(),
  run: runRecord,
  /** What it was made for. */
  before: z.enum(["snapshot", "deploy", "rollback"]),
  functions: z.array(snapshotFunction),
});
export type SnapshotDocument = z.infer<typeof snapshotDocument>;

/** What the host said of an upload: a run that goes on needs it, and the host shows it nobody. */
export const uploadDocument = z.strictObject({
  format: z.literal("holdfast.function-upload/1"),
  run: z.string(),
  slug,
  digest,
  "verify-jwt": z.boolean(),
  uploaded: z.strictObject({
    id: z.string(),
    slug,
    name: z.string(),
    version: z.int(),
    verifyJwt: z.boolean(),
    entrypoint: z.string().nullable(),
    importMap: z.string().nullable(),
    bundle: z.string().nullable(),
  }),
});
export type UploadDocument = z.infer<typeof uploadDocument>;
