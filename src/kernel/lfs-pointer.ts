/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer */
const BEGINS = "version https://git-lfs.github.com/spec/v1\n";
/** "Pointer files must be less than 1024 bytes." */
export const LFS_POINTER_BYTES_MAX = 1023;

/** Whether a file is what Git LFS commits instead of a large one: nobody who runs it wants it. */
export function isLfsPointer(bytes: Buffer): boolean {
  return bytes.length <= LFS_POINTER_BYTES_MAX && bytes.toString("latin1", 0, BEGINS.length) === BEGINS;
}
