import type * as z from "zod";
import type { SourceTree } from "../../ports/source-tree.ts";

/** Sections that a settings file may have; whose each is, the wing says that reads it. */
export const SECTIONS = ["policy", "coverage", "dependencies", "protection", "release", "rollout"] as const;

/** One section's name. */
export type SectionName = (typeof SECTIONS)[number];

/** Where settings are looked at: the files that they speak of. */
export interface Surroundings {
  readonly tree: Pick<SourceTree, "files" | "file">;
  /** The folder that paths in the settings are meant from. */
  readonly root: string;
}

/** Something that a value names and that is not there. */
export interface Unreachable {
  /** Keys and indexes, below the section. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A section as its wing declares it, next to the code that reads it. */
export interface Section {
  readonly name: SectionName;
  readonly schema: z.ZodType;
  /** What it means that a file has no such section: its defaults, or that nothing of the kind is done. */
  readonly absent: "defaults" | "nothing";
  /**
   * Looks for what the section names; only what the file itself says is told, never a default. `value` is
   * what the schema has made of it.
   *
   * @throws source.unreadable
   */
  unreachable?(value: unknown, around: Surroundings): Promise<readonly Unreachable[]>;
}

/** Where the settings file is, from the root of a checkout. */
export const DEFAULT_SETTINGS = ".github/holdfast.yml";

/** The other ending of YAML, by which no command reads it. */
export const MISTAKEN_SETTINGS = ".github/holdfast.yaml";
