import { UNDECIDED } from "../compare/compare-extensions.ts";
import { INCOMPLETE } from "./incomplete.ts";

/**
 * What only a copy can tell: whether CREATE EXTENSION makes the same rows, and whether there is what
 * an object needs.
 */
const TOLD_BY_COPIES: ReadonlySet<string> = new Set([UNDECIDED, INCOMPLETE]);

/**
 * The gaps of a backup that stay open when a copy was compared: the comparison itself speaks of the others,
 * of rows in extensions' tables also where the copy cannot tell (`compareExtensionContents`).
 */
export function openAfterComparing<Gap extends { readonly about: string }>(
  gaps: readonly Gap[],
): readonly Gap[] {
  return gaps.filter(({ about }) => !TOLD_BY_COPIES.has(about));
}
