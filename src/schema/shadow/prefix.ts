/** How the names of shadow databases begin. */
export const SHADOW_PREFIX = "holdfast_shadow_";
