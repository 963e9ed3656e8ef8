import * as z from "zod";
import type { SectionName } from "./section.ts";

/** Something that one section says, and that another of the same file takes back. */
export interface Contradiction {
  /** Keys and indexes from the top of the file, of what the file itself says. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a section says against another, which no schema of one section sees. */
export interface Across {
  readonly against: SectionName;
  /**
   * @param value what the section's own schema has made of it
   * @param other the other section as the file has it, right or wrong
   */
  contradictions(value: unknown, other: unknown): readonly Contradiction[];
}

/** By a section's schema. It is asked where both sections are read. */
export const ACROSS = z.registry<Across>();
