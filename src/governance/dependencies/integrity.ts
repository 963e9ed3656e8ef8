/** Length in bytes of the hashes that package managers write. */
const BYTES: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/**
 * What a checksum of a lock file is worth: `weak` are SHA-1 and MD5, for which two files with the same
 * hash can be made; `none` is one that is no hash, or not whole.
 */
export function strengthOf(integrity: string): "strong" | "weak" | "none" {
  const worth = integrity.trim().split(/\s+/).map(one);
  if (worth.includes("strong")) return "strong";
  return worth.includes("weak") ? "weak" : "none";
}

function one(hash: string): "strong" | "weak" | "none" {
  // Yarn: `10c0/<hex>`, and the hex alone before version 8 of its file.
  if (/^(?:[0-9a-z]+\/)?[0-9a-f]{128}$/.test(hash)) return "strong";
  if (/^sha1:[0-9a-f]{40}$/.test(hash)) return "weak";
  const [, way, text] = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(hash) ?? [];
  if (way === undefined || text === undefined) return "none";
  if (way === "md5") return "weak";
  if (Buffer.from(text, "base64").length !== BYTES[way]) return "none";
  return way === "sha1" ? "weak" : "strong";
}
