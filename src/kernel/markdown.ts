import { printableLine } from "./printable.ts";

/**
 * Text from outside as plain text in GitHub's Markdown: every character that could begin markup, HTML, a
 * link, a mention or an emoji code is written as a character reference, because a backslash is not honoured
 * inside HTML and tables.
 */
export function escapeMarkdown(text: string): string {
  return (
    printableLine(text)
      .replace(/[&<>"'`*_{}[\]()#+!|~\\$@=^-]/g, (character) => `&#${character.charCodeAt(0)};`)
      // Bare addresses become links by themselves; a zero-length reference between scheme and
      // slashes prevents it.
      .replace(/:(?=\/\/)/g, "&#58;")
      .replace(/\b(www)\./gi, "$1&#46;")
  );
}
