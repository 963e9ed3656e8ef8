/** How the names of shadow databases begin. */
export const SHADOW_PREFIX = "holdfast_shadow_";

const NAMED = `${SHADOW_PREFIX}[0-9]{8}t[0-9]{6}_`;

/** Names of shadow databases, as a pattern. */
export const NAME_OF_NOW = `${NAMED}[0-9a-f]{12}`;
/** Those of versions that held nothing while they were at work. */
export const NAME_OF_BEFORE = `${NAMED}[0-9a-f]{8}`;

/** A moment as it stands in a name: fixed in length, so that texts sort as times do. */
export function stamp(now: Date): string {
  return now.toISOString().replace(/[-:]/g, "").slice(0, 15).toLowerCase();
}

/** A new name. */
export function shadowName(now: Date, random: { hex(count: number): string }): string {
  return `${SHADOW_PREFIX}${stamp(now)}_${random.hex(6)}`;
}
