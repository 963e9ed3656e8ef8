/**
 * Makes text from outside (names in a database, messages of servers) harmless for a screen or a log: control
 * characters, among them the escape that begins terminal sequences, and characters that reorder text become
 * visible code points. Line feeds stay.
 */
export function printable(text: string): string {
  // C0 without \n, DEL, C1, and the bidirectional controls:
  // https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
  return text
    .replace(/\r\n/g, "\n")
    .replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g, (character) => {
      if (character === "\t") return "  ";
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
}

/** The same for text that must stay on one line: line feeds become spaces. */
export function printableLine(text: string): string {
  return printable(text.replace(/[\r\n]+/g, " "));
}
