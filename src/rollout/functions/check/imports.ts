const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*/g;
const IMPORT = /\b(?:from|import)\s*(?:\(\s*)?(["'])([^"'\n]+)\1/g;

/** What a module imports, in the order of its text. */
export function importsOf(text: string): readonly string[] {
  return [...text.replaceAll(COMMENT, "").matchAll(IMPORT)].map(([, , specifier]) => specifier!);
}
