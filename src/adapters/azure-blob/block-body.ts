import { Readable } from "node:stream";

/** A slice is what Node's TLS encrypts ahead; handing over a whole block would copy it whole. */
const BODY_SLICE = 256 * 1024;

/**
 * A body that can be read again for every try. Every slice that is asked for tells that the one before went;
 * after the last, nobody here sees any more what still travels.
 */
export function sliced(bytes: Buffer, onSlice: (isLast: boolean) => void): Readable {
  let start = 0;
  return new Readable({
    highWaterMark: BODY_SLICE,
    read() {
      const slice = start < bytes.length ? bytes.subarray(start, (start += BODY_SLICE)) : null;
      onSlice(start >= bytes.length);
      this.push(slice);
    },
  });
}
