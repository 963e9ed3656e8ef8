import { canonical } from "../canonical.ts";
import { sha256 } from "../../../../kernel/streams.ts";

/**
 * What a manifest holds of one object: `field=<16 hex digits> …` of every field that is set, in the order of
 * their declaration. 64 bits of a SHA-256 are plenty to tell a change from none; against forgery a manifest
 * needs other means anyway.
 */

/** Stands for a field that the role may not read. */
export const HIDDEN = "?";

/** Digest of a field's text, or undefined for one that is not set. */
export function fieldDigest(text: string | null, printed: boolean): string | undefined {
  if (text === null || text === "") return undefined;
  return sha256(printed ? canonical(text) : text).slice(0, 16);
}

export function writeDigests(digests: readonly (readonly [name: string, digest: string])[]): string {
  return digests.map(([name, digest]) => `${name}=${digest}`).join(" ");
}

/** Name of a field → its digest. */
export function readDigests(text: string): ReadonlyMap<string, string> {
  return new Map(text === "" ? [] : text.split(" ").map((each) => each.split("=") as [string, string]));
}
