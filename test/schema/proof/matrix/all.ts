import { BROKEN_DATA } from "./broken-data.ts";
import { BROKEN_OBJECTS } from "./broken-objects.ts";
import { BROKEN_RIGHTS } from "./broken-rights.ts";
import { BROKEN_SCRIPTS } from "./broken-scripts.ts";
import { BROKEN_TABLES } from "./broken-tables.ts";
import { CORNER_DATA, CORNER_SOUND } from "./corner-data.ts";
import type { MatrixCase } from "./matrix-case.ts";
import { SOUND_OBJECTS } from "./sound-objects.ts";
import { SOUND_SCRIPTS } from "./sound-scripts.ts";
import { SOUND_TABLES } from "./sound-tables.ts";

/** Pairs that break one thing each. */
export const BROKEN: readonly MatrixCase[] = [
  ...BROKEN_TABLES,
  ...BROKEN_OBJECTS,
  ...BROKEN_RIGHTS,
  ...BROKEN_DATA,
  ...CORNER_DATA,
  ...BROKEN_SCRIPTS,
];

/** Pairs that put back what they change. */
export const SOUND: readonly MatrixCase[] = [
  ...SOUND_TABLES,
  ...SOUND_OBJECTS,
  ...SOUND_SCRIPTS,
  ...CORNER_SOUND,
];
