import type { VersionKey } from "../../nouns/migration-files/version.ts";

/** A script of SQL in the folder: a file, or a part of one. */
export interface ScriptFile {
  /** Path below the folder. */
  readonly file: string;
  /** Without a byte order mark. */
  readonly text: string;
  /** The line of the file on which the text begins, from 1. */
  readonly firstLine: number;
  /** What stands in the file before its first part: comments, for both directions; empty for a whole file. */
  readonly before?: string;
  /** False where the file, or its tool's own mark, says that no transaction may be put around it. */
  readonly transaction: boolean;
}

/** One step of the schema: a forward script, and the one that takes it back. */
export interface Migration {
  /** As written, such as `202611270900` or `2026-11-27-090000`. */
  readonly version: string;
  /** What follows the version, such as `add_orders`; may be empty. */
  readonly name: string;
  /** By which it is ordered; see `versionKey`. */
  readonly key: VersionKey;
  readonly forward: ScriptFile;
  readonly rollback: ScriptFile | undefined;
}

/** Something about a file's name, place or bytes. */
export interface FolderProblem {
  readonly rule: FolderRule;
  readonly level: "error" | "warning" | "note";
  readonly file: string;
  /** Where it is about one; the file as a whole without. */
  readonly line?: number;
  readonly message: string;
  /** What to do, one sentence. */
  readonly hint: string;
}

/** What can be wrong with a file before it is read as SQL. */
export type FolderRule =
  | "file-name"
  | "same-version"
  | "before-first-mark"
  | "unclear-mark"
  | "mixed-versions"
  | "ambiguous-order"
  | "orphan-rollback"
  | "two-rollbacks"
  | "not-utf8"
  | "byte-order-mark"
  | "symbolic-link"
  | "ignored-file"
  | "sibling-in-supabase-folder";

/** A folder of migrations, read and ordered. */
export interface MigrationFolder {
  /** In the order in which they are applied. */
  readonly migrations: readonly Migration[];
  readonly problems: readonly FolderProblem[];
}
