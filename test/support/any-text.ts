import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character, half of them of the first 256, control characters among them. As fast-check's own unit
 * `binary`, which takes a second to be made.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0x10ffff - SURROGATES.count }))
  .map((at) => String.fromCodePoint(at < SURROGATES.first ? at : at + SURROGATES.count));
