/** Telling functions of one name apart, which an archive and a content record write in two ways. */

/** A name as SQL has it, and what may stand between two quotes. */
const NAME = '(?:"(?:[^"]|"")*"|[^",() ]+)';

/**
 * The name and what stands in the brackets at the end: `f(integer, text)`. An archive's name may hold
 * brackets itself.
 */
export function argumentsOf(text: string): { readonly name: string; readonly args: string } {
  const end = text.lastIndexOf(")");
  const at = openingOf(text, end);
  return at < 0 ? { name: text, args: "" } : { name: text.slice(0, at), args: text.slice(at + 1, end) };
}

/** Where the bracket that closes there was opened; names of types may hold brackets between quotes. */
function openingOf(text: string, end: number): number {
  let isQuoted = false;
  let depth = 0;
  for (let at = end; at >= 0; at -= 1) {
    const sign = text[at];
    if (sign === '"') isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (sign === ")") depth += 1;
    if (sign === "(") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/**
 * Whether both are the arguments of one function.
 *
 * @param archived types of what goes in: `integer, text[]`
 * @param recorded the same with modes and names, and what comes out of a procedure:
 *   `n integer, VARIADIC others text[]`
 */
export function fitsArguments(archived: string, recorded: string): boolean {
  const out = `OUT (?:"(?:[^"]|"")*"|[^",])*`;
  const types = splitTypes(archived).map((type) => `(?:(?:INOUT|VARIADIC) )?(?:${NAME} )?${literally(type)}`);
  const [first, ...others] = types;
  const pattern =
    first === undefined
      ? `(?:${out}(?:, ${out})*)?`
      : `(?:${out}, )*${[first, ...others].join(`, (?:${out}, )*`)}(?:, ${out})*`;
  return new RegExp(`^${pattern}$`, "s").test(recorded);
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function splitTypes(list: string): string[] {
  return list === "" ? [] : [...list.matchAll(/(?:"(?:[^"]|"")*"|[^",])+/gs)].map(([type]) => type.trim());
}
