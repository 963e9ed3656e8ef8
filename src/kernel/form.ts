import { Busboy } from "@fastify/busboy";

/** A form of files: https://www.rfc-editor.org/rfc/rfc7578 */
export interface Form {
  /** The last one of each name. */
  readonly fields: ReadonlyMap<string, string>;
  /** In their order, with names as they were sent, folders included. */
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[];
}

const FIELD_MAX = 1024 * 1024;

/**
 * Reads a form that is in memory whole.
 *
 * @param type its `Content-Type`, which says what stands between its parts
 * @throws Error where it is none, breaks off, or holds a field of more than 1 MiB
 */
export async function readForm(bytes: Uint8Array, type: string): Promise<Form> {
  const fields = new Map<string, string>();
  const files: { path: string; bytes: Buffer }[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = new Busboy({
      headers: { "content-type": type },
      preservePath: true,
      limits: { fieldSize: FIELD_MAX },
    });
    parser.on("field", (name, value, _nameCut, isCut) => {
      if (isCut) reject(new Error(`the field ${name} is longer than ${FIELD_MAX} bytes`));
      fields.set(name, value);
    });
    parser.on("file", (field, content, path) => {
      const chunks: Buffer[] = [];
      content.on("data", (chunk: Buffer) => chunks.push(chunk));
      content.on("error", reject);
      content.on("end", () => {
        const whole = Buffer.concat(chunks);
        // A field may be sent as a file without a name.
        if (path === undefined || path === "") fields.set(field, whole.toString("utf8"));
        else files.push({ path, bytes: whole });
      });
    });
    parser.on("error", reject);
    parser.on("finish", () => resolve());
    parser.end(bytes);
  });
  return { fields, files };
}
