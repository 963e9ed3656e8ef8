import * as z from "zod";
import type { Finding } from "../findings/finding.ts";
import type { Item } from "./item.ts";

/**
 * What an audit found, in few words: it travels from the job that may read rules to the one that may write an
 * issue, as an output and then an input, and neither takes more than some 100 kB.
 */
export const digest = z.strictObject({
  verdict: z.enum(["equal", "drift", "cannot-see"]),
  drift: z.array(z.strictObject({ subject: z.string(), about: z.string(), message: z.string() })),
  unseen: z.array(
    z.strictObject({
      subject: z.string(),
      about: z.string(),
      message: z.string(),
      permission: z.string(),
    }),
  ),
  errors: z.array(z.strictObject({ rule: z.string(), message: z.string() })),
  /** How many of all lists are left out. */
  more: z.int().nonnegative(),
});

export type Digest = z.infer<typeof digest>;

const LISTED = 40;
const LETTERS = 300;
/** Linux gives a program no variable of more than 128 KiB: see MAX_ARG_STRLEN in execve(2). */
const BYTES_MAX = 100_000;

export function digestOf(found: Found): Digest {
  for (let listed = LISTED; ; listed = Math.floor(listed / 2)) {
    const made = digestWith(found, listed);
    if (listed === 0 || Buffer.byteLength(JSON.stringify(made)) <= BYTES_MAX) return made;
  }
}

/** What an audit found, whole. */
interface Found {
  readonly items: readonly Item[];
  readonly findings: readonly Finding[];
}

function digestWith({ items, findings }: Found, most: number): Digest {
  const drift = items.filter(({ verdict }) => verdict === "drift");
  const unseen = items.filter(({ verdict }) => verdict === "cannot-see");
  const errors = findings.filter(({ severity }) => severity === "error");
  const cut = (text: string): string => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text);
  const more = [drift, unseen, errors].reduce((sum, { length }) => sum + Math.max(0, length - most), 0);
  return {
    verdict: drift.length > 0 ? "drift" : unseen.length > 0 ? "cannot-see" : "equal",
    drift: drift.slice(0, most).map(({ subject, about, message }) => ({
      subject: cut(subject),
      about: cut(about),
      message: cut(message),
    })),
    unseen: unseen.slice(0, most).map(({ subject, about, message, permission }) => ({
      subject: cut(subject),
      about: cut(about),
      message: cut(message),
      permission: cut(permission ?? ""),
    })),
    errors: errors.slice(0, most).map(({ rule, message }) => ({ rule: cut(rule), message: cut(message) })),
    more,
  };
}
