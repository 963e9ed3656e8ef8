import { fileURLToPath } from "node:url";
import { HoldfastError } from "../../kernel/errors.ts";
import { withoutTrailing } from "../../kernel/cut.ts";

/**
 * Reads `file:///path` as the absolute path of the store's folder, percent-decoded.
 *
 * @throws input.malformed
 */
export function parseFileUrl(url: string): string {
  const malformed = (why: string): HoldfastError =>
    new HoldfastError("input.malformed", `the store '${url}' ${why}`, {
      hint: "Write file:// and an absolute path, which makes three slashes: file:///srv/backups.",
    });
  if (!url.startsWith("file:///")) throw malformed("is no file:/// URL");
  const parsed = URL.parse(url);
  if (parsed === null || /[?#]/.test(url)) throw malformed("holds characters that must be percent-encoded");
  let path: string;
  try {
    path = fileURLToPath(parsed);
  } catch {
    throw malformed("cannot be read as a path");
  }
  const folder = path.length > 1 ? withoutTrailing(path, "/") : path;
  if (folder === "" || folder === "/") throw malformed("is the root of the file system");
  if (folder.includes("\0")) throw malformed("holds a NUL byte");
  return folder;
}
