/** A column as far as hashing goes. */
export interface HashedColumn {
  readonly name: string;
  /** Object id of its type, of the base type for a domain. */
  readonly type: number;
  /**
   * An extension or a user made it: its cast to text may be any function, which its output, written in C by a
   * superuser's leave, is not.
   */
  readonly foreign: boolean;
  /** Its type is an enum; a domain of one is not, as no function for enums takes it. */
  readonly enumerated: boolean;
  /**
   * `stored` or `virtual` for a generated column, which no dump holds: a restore computes it anew, or every
   * reader does.
   */
  readonly generated: "stored" | "virtual" | null;
  /** Type as which its whole numbers are hashed, where another one than its own was meant. */
  readonly readAs?: "int4" | "int8";
}

/** Balanced, so that a table of 1600 columns does not nest 1600 deep in the server's parser. */
export function exclusiveOr(terms: readonly string[]): string {
  if (terms.length === 0) return "0::bigint";
  if (terms.length === 1) return `(${terms[0]})::bigint`;
  const middle = terms.length >> 1;
  return `(${exclusiveOr(terms.slice(0, middle))} # ${exclusiveOr(terms.slice(middle))})`;
}
