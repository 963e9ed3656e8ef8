/**
 * The ways of hashing rows that this version knows, by the names under which records keep them
 * (`docs/formats.md`).
 */
const NAMES = ["rowhash-1", "rowhash-2"] as const;
export type RowHashName = (typeof NAMES)[number];

/** How new backups hash rows. */
export const ROW_HASH = "rowhash-2" satisfies RowHashName;

/**
 * How bytes become words depends on the processor, and with them the functions that hash; such a server's
 * fingerprints have a name of their own. `rowhash-1` hashes alike on all.
 */
const BIG_ENDIAN = "-big-endian";

/** An SQL condition that is true on a server of the usual byte order, which all but a few mainframes have. */
export const IS_LITTLE_ENDIAN = `hashtextextended('byte order' COLLATE "C", 0) = -5662017705334102641`;

/** A record's name without the processor's part; undefined when this version does not know it. */
export function plainName(name: string): RowHashName | undefined {
  return NAMES.find((known) => name === known || (known === ROW_HASH && name === `${known}${BIG_ENDIAN}`));
}

/**
 * The name under which a server's fingerprints are kept.
 *
 * @param wanted a manifest's, to compare with it; one that this version does not know gives way to
 *   {@link ROW_HASH}
 */
export function rowHashOn(littleEndian: boolean, wanted: string = ROW_HASH): string {
  const name = plainName(wanted) ?? ROW_HASH;
  return littleEndian || name !== ROW_HASH ? name : `${name}${BIG_ENDIAN}`;
}
