/**
 * What a question to the forge gives. `absent` only where the forge said so in words that it says to nobody
 * else; `hidden` where this token is not shown it, or is told "not found" for things that it may not see.
 */
export type Answer<T> = { readonly kind: "found"; readonly value: T } | { readonly kind: "absent" } | Hidden;

/** It may be there or not: this token is not told. */
export interface Hidden {
  readonly kind: "hidden";
  /** What the forge said: `403 Resource not accessible by integration`. */
  readonly why: string;
  /** What would show it, as people grant it: `Administration: read`. */
  readonly permission: string;
}
