import type { ExitCode } from "./errors.ts";

/**
 * What every command gives back, whatever it did: a value, rendered by the front door for people, machines
 * and job summaries.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A table in a report. Cells are plain text. */
export interface ReportTable {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /**
   * Whether the headline tells all that is in it; known only to who made both, because texts may look alike.
   */
  readonly inHeadline?: boolean;
}

/**
 * What a person reads in ten seconds: verdict first, then tables, then notes. Rendered as text (stderr) and
 * Markdown (job summary).
 */
export interface Report {
  readonly good: boolean;
  readonly headline: string;
  readonly tables: readonly ReportTable[];
  readonly notes: readonly string[];
  /** A chart in Mermaid, for the job summary alone: https://mermaid.js.org */
  readonly mermaid?: string;
}

/** Something said of a place in a file, such as a line of a pull request; or of none, such as its title. */
export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  /** Path from the folder the command was started in. */
  readonly file?: string;
  /** Line from 1, of the file. */
  readonly line?: number;
  readonly title: string;
  readonly message: string;
}

/** What a command returns. Verdicts that say no are outcomes too: exit 3 or 5. */
export interface Outcome {
  readonly exit: ExitCode;
  /**
   * Keys are the declared outputs; printed by `--json` as one object, set as action outputs (objects
   * as JSON text).
   */
  readonly outputs: Readonly<Record<string, Json>>;
  readonly report: Report;
  /** Text that is the command's product (stdout without `--json`), such as a new key. */
  readonly product?: string;
  /** Shown at their lines in a pull request. In a terminal the report says the same. */
  readonly annotations?: readonly Annotation[];
}
