import type { Random } from "../../ports/clock.ts";
import { BACKUP_ID } from "./manifest.ts";

/**
 * Makes `YYYYMMDDTHHMMSSZ-<6 hex>`, which sorts by time. The first two digits count 256ths of the second, so
 * that of two backups begun in one second, a small database's one after the other, the later is the newest;
 * the other four are random, so that two begun at once still differ.
 */
export function newBackupId(now: Date, random: Random): string {
  const fraction = Math.floor((now.getUTCMilliseconds() * 256) / 1000);
  return `${compactTime(now)}-${fraction.toString(16).padStart(2, "0")}${random.hex(2)}`;
}

/** `20261122T034501Z`. */
export function compactTime(time: Date): string {
  return `${time.toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
}

/** The second a backup was begun, as its id says; `undefined` for anything that is no id or no real time. */
export function timeOfBackupId(id: string): Date | undefined {
  if (!BACKUP_ID.test(id)) return undefined;
  const iso = id.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-.*$/, "$1-$2-$3T$4:$5:$6.000Z");
  const time = new Date(iso);
  // `new Date` accepts 30 February by rolling over; an id that does not come back the same is not ours.
  return Number.isNaN(time.getTime()) || compactTime(time) !== id.slice(0, 16) ? undefined : time;
}
