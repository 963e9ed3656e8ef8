import semver from "semver";
import * as z from "zod";
import { runRecord } from "../store/run-record.ts";

/**
 * The release unit: what a release is made of, attached to it as `release-unit.json`. Deploy and rollback
 * read it later, when neither the commit nor the settings of that day are at hand. Every field is explained
 * in `docs/formats.md`; `docs/reference/release-unit.schema.json` is generated from here.
 */

/** How the file is called among a release's assets. */
export const RELEASE_UNIT_FILE = "release-unit.json";

/**
 * Formats of units that this version reads. Another field is another format: who does not know it says that
 * the format is unknown, and not that a unit is damaged.
 */
export const RELEASE_UNIT_FORMATS = ["holdfast.release-unit/1"] as const;

const digest = z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256 in hex");
const name = z.string().min(1);

const version = z
  .string()
  .refine((text) => isPlainVersion(text), "is no version without build metadata, such as 1.3.0");

/** Identifiers of https://semver.org, item 10. */
const build = z.string().regex(/^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/, "is no build metadata of a version");

/** The schema of the database that a release's application runs on. */
export const unitSchema = z
  .strictObject({
    folder: name,
    /** Migrations, rollbacks not among them. */
    count: z.int().positive(),
    /** The oldest version of the schema that the application runs on. */
    from: name,
    /** The newest: the last migration of the release's commit. */
    to: name,
    digest,
  })
  .describe("The database's schema: the range of versions that the application runs on.");
export type UnitSchema = z.infer<typeof unitSchema>;

const unitFunction = z.strictObject({
  name,
  digest,
  /** As the functions' manifest says it; absent where it says none. */
  version: name.optional(),
});

/** The edge functions of a release. */
export const unitFunctions = z
  .strictObject({
    folder: name,
    functions: z.array(unitFunction).refine(hasDistinctNames, "has two functions of one name"),
    digest,
  })
  .describe("The edge functions, each with the digest of all that it is made of.");
export type UnitFunctions = z.infer<typeof unitFunctions>;

/** The configuration that a release was made with. */
export const unitConfiguration = z
  .strictObject({ paths: z.array(name).min(1), digest })
  .describe("The files of configuration, by their patterns.");
export type UnitConfiguration = z.infer<typeof unitConfiguration>;

/** A file that is attached to the release. */
export const unitAsset = z.strictObject({ name, size: z.int().nonnegative(), sha256: digest });
export type UnitAsset = z.infer<typeof unitAsset>;

export const releaseUnit = z
  .strictObject({
    format: z.enum(RELEASE_UNIT_FORMATS),
    version,
    tag: name,
    commit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "is no whole hash of a commit"),
    /** Build metadata of the artifacts, which a tag never has; null where there is none. */
    build: build.nullable(),
    /** The version with the build metadata, as artifacts carry it. */
    "artifact-version": name,
    /** When the unit was made, by the machine's clock. */
    made: z.iso.datetime(),
    run: runRecord,
    /** The version released before; null for the first one. */
    previous: version.nullable(),
    /** How all digests here but those of assets are made. */
    digests: z.literal("files-1"),
    schema: unitSchema.nullable(),
    functions: unitFunctions.nullable(),
    configuration: unitConfiguration.nullable(),
    assets: z.array(unitAsset).refine(hasDistinctNames, "has two assets of one name"),
  })
  .superRefine((unit, context) => {
    const contradict = (key: string, expected: string): void =>
      context.addIssue({ code: "custom", path: [key], message: `contradicts the version: not ${expected}` });
    if (unit.tag !== `v${unit.version}`) contradict("tag", `v${unit.version}`);
    const whole = artifactVersion(unit.version, unit.build);
    if (unit["artifact-version"] !== whole) contradict("artifact-version", whole);
  });
export type ReleaseUnit = z.infer<typeof releaseUnit>;

/** `1.3.0` and `20250920.1` → `1.3.0+20250920.1`. */
export function artifactVersion(released: string, metadata: string | null): string {
  return metadata === null ? released : `${released}+${metadata}`;
}

function isPlainVersion(text: string): boolean {
  // `semver` takes more than one spelling of a version, and leaves build metadata out of what it gives back.
  return semver.parse(text)?.version === text;
}

function hasDistinctNames(items: readonly { readonly name: string }[]): boolean {
  return new Set(items.map((item) => item.name)).size === items.length;
}
