/**
 * Private temporary files; for the few steps that must put plain data on disk and say why. Trouble is
 * `disk.full` or `disk.unusable`.
 */
export interface Disk {
  /** Free bytes in the temporary folder. */
  free(): Promise<number>;
  /**
   * Makes a folder only this user may enter; disposing removes it with everything in it, and so does the end
   * of our process, however it ends.
   */
  privateFolder(label: string): Promise<AsyncDisposable & { readonly path: string }>;
  /** Writes a stream to a new file in such a folder. The stream's own error is rethrown as it is. */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Makes a file a person asked for, readable by this user alone; resolves when it would survive a power cut.
   * Never overwrites. The operating system's own error is thrown, because the path is an input.
   */
  keep(path: string, bytes: Uint8Array): Promise<void>;
}
