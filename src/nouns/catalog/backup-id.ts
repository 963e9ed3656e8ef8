import type { Random } from "../../ports/clock.ts";
import { BACKUP_ID } from "./manifest.ts";

/** Makes `YYYYMMDDTHHMMSSZ-<6 hex>`: sorts by time, and two backups of one second still differ. */
export function newBackupId(now: Date, random: Random): string {
  return `${compactTime(now)}-${random.hex(3)}`;
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
