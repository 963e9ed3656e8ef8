import type { ObjectKind, TableRecord } from "../record.ts";

/** One thing in which a copy is not what the source was; the shape of the catalog's findings. */
export interface Difference {
  /** `difference`: it is not the same. `gap`: it could not be compared here. */
  readonly severity: "difference" | "gap";
  /** `table`, `sequence`, `large-objects`, `extension`, `role`, `database`, or an {@link ObjectKind}. */
  readonly about: string;
  readonly name: string;
  readonly message: string;
  /** Of a gap: the extensions that cannot be had here and without which this cannot be. In no document. */
  readonly needs?: readonly string[];
}

/** It is not the same. */
export function difference(about: string, name: string, message: string): Difference {
  return { severity: "difference", about, name, message };
}

/** It could not be compared here. */
export function gap(about: string, name: string, message: string): Difference {
  return { severity: "gap", about, name, message };
}

/** What a comparison found. */
export interface Comparison {
  /** Most severe first; empty = the same. */
  readonly differences: readonly Difference[];
  /** What was compared less strictly, and why. */
  readonly notes: readonly string[];
  /** Differences in objects that are somebody else's, by {@link CompareOptions.isOthers}. */
  readonly others: readonly Difference[];
}

/** What to compare. */
export interface CompareOptions {
  /** Rows, sequences' values and large objects; false for a copy of the schema alone. */
  readonly rows: boolean;
  /** Things the source did not have are differences too: for a copy restored into an empty database. */
  readonly exact: boolean;
  /** Only these tables and the objects that belong to them; for a restore of named tables. */
  readonly only?: (table: Pick<TableRecord, "schema" | "name">) => boolean;
  /**
   * Of those, the tables that were made; the others were there before, and what differs in their definitions
   * is a gap. All when absent.
   */
  readonly made?: (table: Pick<TableRecord, "schema" | "name">) => boolean;
  /** False: only rows and values are compared, not the definitions around them. */
  readonly definitions?: false;
  /**
   * Extensions of the source that cannot be installed where the copy is: what is missing and needs them
   * becomes a gap.
   */
  readonly unavailableExtensions?: readonly string[];
  /**
   * The copy is to take the source's place: properties of the database itself and attributes of roles count
   * too. Throw-away copies have neither.
   */
  readonly properties?: boolean;
  /**
   * Whether an object that differs is not the database's user's but a platform's, which brings its own: of no
   * concern to a verdict. Asked of objects alone; rows and values are compared whosever table they are in.
   */
  readonly isOthers?: (difference: Difference) => boolean;
  /** The same of what an extension holds: its members, and values that no dump brings. */
  readonly isOthersExtension?: (extension: string, difference: Difference) => boolean;
  /** Classes left out, for example `owner` and `grant` after a restore that set neither. */
  readonly ignore?: ReadonlySet<ObjectKind | "extension" | "role">;
}
