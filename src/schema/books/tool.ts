import type { VersionKey } from "../../nouns/migration-files/version.ts";

/** Another tool that migrates databases and writes down in them what it has applied. */
export interface Tool {
  readonly name: ToolName;
  /** Its table, whatever schema it lies in unless one is said. */
  readonly table: string;
  readonly schema?: string;
  /** Columns by which the table is known to be this tool's; others of the same name have other columns. */
  readonly columns: readonly string[];
  /** Of these: the type, as the catalog calls it, where a table with another one is somebody else's. */
  readonly types?: Readonly<Record<string, string>>;
  /** Columns that another tool's table of the same name has. */
  readonly without?: readonly string[];
  /** A table in the same schema by which it is known to be another tool's. */
  readonly notBeside?: string;
  /** Columns that only newer versions of the tool make; null where they are not there. */
  readonly optional?: readonly string[];
  /** We keep it beside our own history, so it names nothing that we have taken back. */
  readonly kept?: true;
  /** What the rows say. */
  readonly read: (rows: readonly BookRow[]) => BooksContent;
}

export type ToolName = "supabase" | "dbmate" | "golang-migrate" | "node-pg-migrate" | "flyway" | "prisma";

/** One row, every column as the server writes it as text. */
export type BookRow = Readonly<Record<string, string | null>>;

/** What a tool has applied. */
export interface BooksContent {
  readonly applied: readonly AppliedElsewhere[];
  /** Everything up to this version is applied as well, without a row of its own. */
  readonly through?: { readonly version: string; readonly key: VersionKey };
  /** Something is half done, so nobody can say what is applied. */
  readonly unclear?: { readonly message: string; readonly hint: string };
}

/** One migration that another tool has applied. */
export interface AppliedElsewhere {
  readonly version: string;
  /** What the tool calls it; empty where it keeps no name. */
  readonly name: string;
  /** What it carried out, where it keeps that. */
  readonly script?: string;
}

/** A tool's table in a database, and what it says. */
export interface Books extends BooksContent {
  readonly tool: ToolName;
  /** `schema.table`, quoted as in SQL. */
  readonly table: string;
  readonly kept: boolean;
}
