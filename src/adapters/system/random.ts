import { randomBytes } from "node:crypto";
import type { Random } from "../../ports/clock.ts";

/** The operating system's randomness. */
export const systemRandom: Random = {
  hex: (count) => randomBytes(count).toString("hex"),
  fraction: () => Math.random(),
};
