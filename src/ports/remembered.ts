/**
 * Keys under which a main step remembers (`Ports.remember`) what the action's post step needs to clean up
 * after a cancelled or crashed run: path and token of the lock it took. Remembered as soon as the lock is
 * held; the store itself is an input of the post step again.
 */
export const REMEMBERED = { lockPath: "lock-path", lockToken: "lock-token" } as const;
