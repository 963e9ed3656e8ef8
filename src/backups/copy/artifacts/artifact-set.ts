import { HoldfastError } from "../../../kernel/errors.ts";
import type { ArtifactRecord, Kind, Manifest } from "../../../nouns/catalog/manifest.ts";

/** The part of a database that is to be restored. */
export type Part = "whole" | "schema" | "data";

/** One pass of pg_restore over one artifact. */
export interface LoadPhase {
  readonly artifact: ArtifactRecord;
  /** Sections of the archive; everything when absent. */
  readonly sections?: readonly ("pre-data" | "data" | "post-data")[];
}

/** Artifacts that together give the wanted part, in the order they are loaded. */
export interface ArtifactSet {
  /** For people: `full`, `schema + data`, `schema`. */
  readonly name: string;
  readonly phases: readonly LoadPhase[];
  readonly hasSchema: boolean;
  readonly hasRows: boolean;
  /** Materialized views come out empty and must be refreshed (see refresh.ts). */
  readonly needsRefresh?: true;
}

/**
 * Every set in a backup that restores on its own; validation proves each, so that no artifact stays unproved.
 * The one a restore would use comes first.
 *
 * Rows go between the two halves of the schema: indexes, foreign keys and triggers
 * are made after the rows are in, so that neither order of tables nor triggers matter
 * (https://www.postgresql.org/docs/current/app-pgrestore.html, --section).
 */
export function artifactSets(manifest: Manifest): readonly ArtifactSet[] {
  const { schema, data, full } = byKind(manifest);
  const sets: ArtifactSet[] = [];
  if (full) sets.push({ name: "full", phases: [{ artifact: full }], hasSchema: true, hasRows: true });
  if (schema && data) {
    sets.push({
      name: "schema + data",
      phases: [
        { artifact: schema, sections: ["pre-data"] },
        { artifact: data },
        { artifact: schema, sections: ["post-data"] },
      ],
      hasSchema: true,
      hasRows: true,
      needsRefresh: true,
    });
  } else if (schema) {
    sets.push({ name: "schema", phases: [{ artifact: schema }], hasSchema: true, hasRows: false });
  }
  return sets;
}

/**
 * The set that restores one part of the database.
 *
 * @throws input.conflict when the backup does not hold that part
 */
export function artifactSetFor(manifest: Manifest, part: Part): ArtifactSet {
  const { schema, data, full } = byKind(manifest);
  if (part === "whole") {
    const whole = artifactSets(manifest).find((set) => set.hasRows);
    if (whole) return whole;
  } else if (part === "schema") {
    const artifact = schema ?? full;
    if (artifact) {
      return {
        name: "schema",
        phases: [{ artifact, sections: ["pre-data", "post-data"] }],
        hasSchema: true,
        hasRows: false,
      };
    }
  } else {
    const artifact = full ?? data;
    if (artifact) {
      return {
        name: "data",
        phases: [{ artifact, sections: ["data"] }],
        hasSchema: false,
        hasRows: true,
        needsRefresh: true,
      };
    }
  }
  throw new HoldfastError(
    "input.conflict",
    `backup ${manifest.id} holds ${manifest.artifacts.map((artifact) => artifact.kind).join(" and ")}, ` +
      `which does not give ${part}`,
    {
      hint: "Choose another backup, or --what schema.",
    },
  );
}

/** What of a set makes the schema: the same artifacts without their rows. */
export function schemaPart(set: ArtifactSet): ArtifactSet {
  const [first] = set.phases;
  const phases =
    first && set.phases.length === 1
      ? [{ ...first, sections: ["pre-data", "post-data"] as const }]
      : set.phases.filter(({ artifact }) => artifact.kind !== "data");
  return { name: `schema of ${set.name}`, phases, hasSchema: set.hasSchema, hasRows: false };
}

/** Whether a backup holds that part. */
export function gives(manifest: Manifest, part: Part): boolean {
  const { schema, data, full } = byKind(manifest);
  return full !== undefined || (part === "schema" ? schema !== undefined : data !== undefined);
}

function byKind(manifest: Manifest): Partial<Record<Kind, ArtifactRecord>> {
  return Object.fromEntries(manifest.artifacts.map((artifact) => [artifact.kind, artifact]));
}
