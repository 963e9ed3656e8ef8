import type { Chance } from "../chance.ts";

/** An identifier as SQL. */
export function q(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL. */
export function text(value: string): string {
  return value.includes("\\")
    ? `E'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
    : `'${value.replaceAll("'", "''")}'`;
}

const ODD: readonly ((stem: string) => string)[] = [
  (stem) => `${stem} with blanks `,
  (stem) => stem.toUpperCase(),
  (stem) => `${stem}"quoted"`,
  (stem) => `${stem}'s`,
  (stem) => `${stem}.dot`,
  (stem) => `${stem};--`,
  (stem) => `${stem}\nline`,
  (stem) => `${stem}\ttab`,
  (stem) => `${stem}\\back`,
  (stem) => `${stem}$1%s`,
  (stem) => `${stem} ü表🐘`,
  (stem) => `${stem}/*c*/`,
  (stem) => ` ${stem}`,
  (stem) => `${stem}-(x, y)`,
  (stem) => stem.padEnd(60, "n"),
];

/** A name that tools stumble over; at most 63 bytes with any prefix of ours before it. */
export function oddName(chance: Chance, stem: string, count: number): string {
  return cut(chance.pick(ODD)(`${stem}${count}`));
}

/** To 58 bytes, without half a letter. */
function cut(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > 58) short = Array.from(short).slice(0, -1).join("");
  return short;
}
