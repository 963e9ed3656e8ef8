import type * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { sha256 } from "../../kernel/streams.ts";

/**
 * A JSON document that carries its own checksum. Its last member is `"sha256"`: the hash of every byte of the
 * file before that line, so `head -n -2 manifest.json | sha256sum` checks it by hand. A flipped bit anywhere
 * in the file is found.
 */

/** A document as read: the value, and the checksum that names exactly these bytes. */
export interface SealedDocument<T> {
  readonly value: T;
  readonly sha256: string;
}

/** Writes `value` as a sealed document. `value` must be an object with at least one member. */
export function writeDocument(value: object): { readonly bytes: Buffer; readonly sha256: string } {
  const body = `${JSON.stringify(value, null, 2).slice(0, -2)},\n`;
  const digest = sha256(body);
  return { bytes: Buffer.from(`${body}  "sha256": "${digest}"\n}\n`), sha256: digest };
}

/**
 * Checks and reads a sealed document.
 *
 * @param what names the document in errors
 * @throws catalog.damaged, or catalog.unknown-format when it is whole but from a newer Holdfast
 */
export function readDocument<T>(
  bytes: Buffer,
  schema: z.ZodType<T>,
  formats: string | readonly string[],
  what: string,
): SealedDocument<T> {
  const hint =
    "The document was changed or damaged after it was written; take the backup as lost unless another copy " +
    "of the store has it whole.";
  const text = bytes.toString("utf8");
  const tail = /,\n {2}"sha256": "([0-9a-f]{64})"\n\}\n$/.exec(text);
  const body = tail ? text.slice(0, tail.index + 2) : "";
  // Decoding replaces invalid UTF-8, so the bytes are compared too.
  if (!tail || sha256(body) !== tail[1] || !Buffer.from(text).equals(bytes)) {
    throw new HoldfastError("catalog.damaged", `${what} does not have the checksum it was written with`, {
      hint,
    });
  }
  const { sha256: digest, ...value } = parseJson(
    text,
    () => new HoldfastError("catalog.damaged", `${what} is not JSON`, { hint }),
  );
  const known = [formats].flat();
  if (!known.includes(String(value.format))) {
    throw new HoldfastError(
      "catalog.unknown-format",
      `${what} has the format '${String(value.format)}', and this version reads '${known.join("', '")}'`,
      {
        hint: "Use the version of Holdfast that wrote it, or a newer one.",
      },
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new HoldfastError(
      "catalog.damaged",
      `${what} breaks its format at '${first?.path.join(".") ?? ""}': ${first?.message ?? ""}`,
      { hint },
    );
  }
  return { value: parsed.data, sha256: digest };
}

/** A checksum that is right proves what was written, not that it was Holdfast who wrote it. */
function parseJson(text: string, failure: () => HoldfastError): { sha256: string; format?: unknown } {
  try {
    return JSON.parse(text) as { sha256: string; format?: unknown };
  } catch {
    throw failure();
  }
}
