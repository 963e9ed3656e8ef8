import { setFlagsFromString } from "node:v8";

/**
 * Tunes the garbage collector for streams of large buffers. These lie outside V8's heap, which is small
 * (20 MB) and hardly changes; left alone V8 answers every few megabytes of them with a slow, incremental
 * collection of all of it. Measured on a backup of 700 MB: 45 MB less memory and a tenth less processor time.
 *
 * Must be called before the work begins; the flags are V8's own (`node --v8-options`) and may be changed
 * while running.
 */
export function tuneMemory(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--no-incremental-marking");
}
