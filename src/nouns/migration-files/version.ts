/** Numbers that are compared one after the other. */
export type VersionKey = readonly bigint[];

/** The version and the name in a file's or folder's name; undefined where it begins with no version. */
export function splitName(stem: string): { readonly version: string; readonly name: string } | undefined {
  // Flyway's `V1.2__name` beside `202611270900_name`, `0001_name` and `2026-11-27-090000_name`.
  const [, flyway, dotted, name] = /^[VU](\d+(?:[._]\d+)*?)(__(.*))$/.exec(stem) ?? [];
  if (flyway !== undefined && dotted !== undefined) return { version: flyway, name: name ?? "" };
  const [, version, rest] = /^(\d+(?:[-.]\d+)*)(?:[_-]+([^_-].*)?)?$/.exec(stem) ?? [];
  return version === undefined ? undefined : { version, name: rest ?? "" };
}

/**
 * Year, month and day, and maybe hours, minutes, seconds and a counter: https://docs.diesel.rs writes dashes
 * between, most tools nothing.
 */
const TIME = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d\d){0,5}$/;
/** Digits to which times are filled up. */
const TIME_DIGITS = 20;
const MINUTE_DIGITS = 12;
/** Of a time to the second; what is longer has a counter behind. */
const SECOND_DIGITS = 14;

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
 * different ways. Everything else is compared number by number, also with times: `20261812090000`, which is
 * in no calendar, stands where tools put it that compare numbers, or text.
 */
export function versionKey(version: string): VersionKey {
  const digits = version.replaceAll("-", "");
  if (!/^\d+$/.test(digits)) return version.split(/[._-]/).map((part) => BigInt(part));
  if (!isLikeTime(version)) return [BigInt(digits) * (isLongNumber(digits) ? FROM_SECONDS : 1n)];
  const filled = BigInt(digits.padEnd(TIME_DIGITS, "0"));
  // `20261127120000-0000` is not the same as without its counter, and comes after it.
  return digits.length > SECOND_DIGITS ? [filled, BigInt(digits.length)] : [filled];
}

/** From a number of seconds to what times are filled up to. */
const FROM_SECONDS = 10n ** BigInt(TIME_DIGITS - SECOND_DIGITS);

/**
 * Whether a version is ordered as a time: also one of a time's length whose month or day is none, and one
 * with dashes and a digit too few (`2026-12-7-190800`). Only diesel writes dashes, and it compares text:
 * https://docs.rs/diesel_migrations/latest/diesel_migrations/struct.FileBasedMigrations.html
 */
function isLikeTime(version: string): boolean {
  const digits = version.replaceAll("-", "");
  if (!/^(?:19|20)\d{6,}$/.test(digits) || digits.length > TIME_DIGITS) return false;
  return version.includes("-") || digits.length % 2 === 0;
}

/** What begins with a year and is too long for a time to the second, by a digit too many or milliseconds. */
function isLongNumber(digits: string): boolean {
  return /^(?:19|20)/.test(digits) && digits.length > SECOND_DIGITS && digits.length <= TIME_DIGITS;
}

/** Whether a version's place is not what it was in histories of earlier versions of Holdfast. */
export function isUnusual(version: string): boolean {
  const digits = version.replaceAll("-", "");
  return !isTime(version) && /^\d+$/.test(digits) && versionKey(version)[0] !== BigInt(digits);
}

/**
 * Whether two versions come in one order here and in the other for who compares numbers, as golang-migrate,
 * sqlx and Flyway do: a day of eight digits among times, or a time with more than seconds. That
 * `202611270900` and `20261127090000` are both times is known, and no such case.
 *
 * @param one that comes before the other here
 */
export function isAmbiguous(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) =>
    /^\d+$/.test(version) ? BigInt(isMinute(version) ? `${version}00` : version) : undefined,
  );
  return a !== undefined && b !== undefined && a > b;
}

function isMinute(version: string): boolean {
  return version.length === MINUTE_DIGITS && isLikeTime(version);
}

export function compareKeys(a: VersionKey, b: VersionKey): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [one, other] = [a[at] ?? -1n, b[at] ?? -1n];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
