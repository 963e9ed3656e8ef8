import type { Ports } from "./ports.ts";

/**
 * The locks that a main step remembers (`Ports.remember`) as soon as it holds them, for the action's post
 * step to release after a cancelled or crashed run; the store itself is an input of the post step again. A
 * run may hold one of each at once: of a project's `functions`, of an `app`, of a backup's source and tier
 * (`lock`), and its `turn` of an environment. Released in this order, the one that others wait for last.
 */
export const REMEMBERED_LOCKS = ["functions", "lock", "app", "turn"] as const;
export type RememberedLock = (typeof REMEMBERED_LOCKS)[number];

/** The keys under which path and token of a lock are remembered. */
export function rememberedKeys(lock: RememberedLock): { readonly path: string; readonly token: string } {
  return { path: `${lock}-path`, token: `${lock}-token` };
}

export function rememberLock(
  { remember }: Pick<Ports, "remember">,
  lock: RememberedLock,
  { path, token }: { readonly path: string; readonly token: string },
): void {
  const keys = rememberedKeys(lock);
  remember?.(keys.path, path);
  remember?.(keys.token, token);
}
