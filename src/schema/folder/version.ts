import type { VersionKey } from "./migration.ts";

/** The version and the name in a file's or folder's name; undefined where it begins with no version. */
export function splitName(stem: string): { readonly version: string; readonly name: string } | undefined {
  // Flyway's `V1.2__name` beside `202611270900_name`, `0001_name` and `2026-11-27-090000_name`.
  const [, flyway, dotted, name] = /^[VU](\d+(?:[._]\d+)*?)(__(.*))$/.exec(stem) ?? [];
  if (flyway !== undefined && dotted !== undefined) return { version: flyway, name: name ?? "" };
  const [, version, rest] = /^(\d+(?:[-.]\d+)*)(?:[_-]+(.*))?$/.exec(stem) ?? [];
  return version === undefined ? undefined : { version, name: rest ?? "" };
}

/**
 * Year, month and day, and maybe hours, minutes, seconds and a counter: https://docs.diesel.rs writes dashes
 * between, most tools nothing.
 */
const TIME = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d\d){0,5}$/;
/** Digits to which times are filled up. */
const TIME_DIGITS = 20;

/** Whether a text is a version, as {@link versionKey} takes it. */
export function isVersion(text: string): boolean {
  return /^\d+(?:[._-]\d+)*$/.test(text);
}

/** Whether a version is a time, to the day or to the second. */
export function isTime(version: string): boolean {
  return TIME.test(version.replaceAll("-", ""));
}

/**
 * By what versions are ordered. `202611270900` and `20261127090000` are the same minute: times are filled up,
 * because by name (`_` comes after digits), by text and by number versions of different lengths sort in three
 * different ways. Everything else is compared number by number.
 */
export function versionKey(version: string): VersionKey {
  const digits = version.replaceAll("-", "");
  if (isTime(version)) return [BigInt(digits.padEnd(TIME_DIGITS, "0"))];
  if (/^\d+$/.test(digits)) return [BigInt(digits)];
  return version.split(/[._-]/).map((part) => BigInt(part));
}

export function compareKeys(a: VersionKey, b: VersionKey): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [one, other] = [a[at] ?? -1n, b[at] ?? -1n];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
