import { printableLine } from "./printable.ts";

/**
 * Text from outside as plain text in GitHub's Markdown: every character that could begin markup, HTML, a
 * link, a mention or an emoji code is written as a character reference, because a backslash is not honoured
 * inside HTML and tables. Addresses of mail and mentions are looked for when references are read already:
 * behind their sign stands a comment.
 */
export function escapeMarkdown(text: string): string {
  return (
    printableLine(text)
      .replace(/[&<>"'`*_{}[\]()#+!|~\\$@=^-]/g, (character) => reference(character))
      // Bare addresses become links by themselves; a zero-length reference between scheme and
      // slashes prevents it.
      .replace(/:(?=\/\/)/g, "&#58;")
      .replace(/\b(www)\./gi, "$1&#46;")
  );
}

function reference(character: string): string {
  return `&#${character.charCodeAt(0)};${character === "@" ? "<!-- -->" : ""}`;
}

/** A sentence of ours, which may hold text from outside: what it has between backticks is shown as code. */
export function sentenceMarkdown(text: string): string {
  return escapeMarkdown(text).replace(/&#96;((?! )(?:(?!&#96;).){1,300}(?<! ))&#96;/g, "<code>$1</code>");
}
