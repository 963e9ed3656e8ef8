import type { LineRange } from "../../ports/source-history.ts";

/** What a patch says of one file. */
export interface PatchedFile {
  readonly lines: readonly LineRange[];
  readonly removed: number;
}

/** No more of a line is looked at: those that matter are short. */
const BEGINNING = 256;
const NEWLINE = 0x0a;

/**
 * Reads which lines a patch without context touches, as it is printed. Content is never kept, so a file of
 * any size costs nothing; its lines begin with `+`, `-` or `\`, and so are never taken for a header.
 * https://git-scm.com/docs/diff-format#generate_patch_text_with_p
 */
export class PatchLines {
  readonly #files: { readonly lines: LineRange[]; removed: number }[] = [];
  #line = "";

  hear(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(NEWLINE, at);
      const end = found === -1 ? bytes.length : found;
      const room = BEGINNING - this.#line.length;
      if (room > 0) this.#line += bytes.toString("latin1", at, Math.min(end, at + room));
      if (found !== -1) this.#endLine();
      at = end + 1;
    }
  }

  /** In the order of the patch. */
  end(): readonly PatchedFile[] {
    this.#endLine();
    return this.#files;
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = "";
    if (line.startsWith("diff --git ")) {
      this.#files.push({ lines: [], removed: 0 });
      return;
    }
    if (!line.startsWith("@@ ")) return;
    const [, went = "1", first, came = "1"] = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    const file = this.#files.at(-1);
    if (file === undefined || first === undefined) return;
    file.removed += Number(went);
    if (Number(came) > 0) {
      file.lines.push({ first: Number(first), last: Number(first) + Number(came) - 1 });
    }
  }
}
