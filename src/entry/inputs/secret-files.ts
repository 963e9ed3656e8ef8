import { createReadStream } from "node:fs";
import type { ReadSecretFile } from "./sources.ts";

/**
 * Larger than any identity file or connection string; a wrong path (a dump, a device) must not be read
 * to its end.
 */
const SIZE_MAX = 1024 * 1024;

/** Reads secrets from files, and from standard input for `-`. */
export function secretFileReader(stdin: AsyncIterable<Buffer | string>): ReadSecretFile {
  return async (path) => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of path === "-" ? stdin : (createReadStream(path) as AsyncIterable<Buffer>)) {
      const bytes = Buffer.from(chunk as Buffer);
      size += bytes.byteLength;
      if (size > SIZE_MAX) throw Object.assign(new Error("too large"), { code: "larger than 1 MiB" });
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString("utf8");
  };
}
