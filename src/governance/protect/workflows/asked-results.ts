/** What may stand behind `needs`: one by its name, all of them by `*` or by what is worked out only then. */
const ONE = /\s*(?:\.([\w-]+|\*)|\[\s*'([\w-]+)'\s*\]|\[([^[\]'"]+)\])/y;
const RESULT = /\s*(?:\.\s*result\b|\[\s*'result'\s*\])/iy;
const CLOSED = /\s*\)/y;
const NEEDS = /\b(tojson\(\s*)?needs/gi;

/**
 * Of which jobs a text asks how they ended: for the result, or for all that is known of one. What another job
 * hands on (`needs.<job>.outputs`) is there or not, whatever became of it. Capitals mean nothing in
 * expressions. The text is read once, however many jobs are asked about.
 * https://docs.github.com/actions/reference/contexts-reference#needs-context
 *
 * @returns whether a job of this name is among them
 */
export function askedResults(text: string): (id: string) => boolean {
  const names = new Set<string>();
  let isAll = false;
  const add = (name: string | undefined): void => {
    if (name === undefined || name === "*") isAll = true;
    else names.add(name.toLowerCase());
  };
  for (const { index, 0: found, 1: whole } of text.matchAll(NEEDS)) {
    let at = index + found.length;
    const one = matchAt(ONE, text, at);
    if (one !== undefined) at += one[0].length;
    const name = one?.[1] ?? one?.[2];
    if (one !== undefined && matchAt(RESULT, text, at) !== undefined) add(name);
    if (whole !== undefined && matchAt(CLOSED, text, at) !== undefined) add(name);
  }
  return (id) => isAll || names.has(id.toLowerCase());
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text) ?? undefined;
}
