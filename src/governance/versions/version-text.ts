import semver from "semver";

/** Where something stands in a text. */
export interface TextPlace {
  readonly start: number;
  /** After its last character. */
  readonly end: number;
}

/** `semver` reads `v1.2.3` and blanks too. */
export function isVersion(text: string): boolean {
  return /^\d/.test(text) && semver.parse(text) !== null;
}
