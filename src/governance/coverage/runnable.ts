import type { LineRange } from "../../ports/source-history.ts";

/** What stands on longer lines is made by a machine. */
const WIDTH_MAX = 400;

/** Members of types may be called like words of a language: `return?: string`, `throw(e: Error): void`. */
const CONTROL = [
  /^(?:return|throw|raise|await|yield|del|assert)(?: +[^ :?=]|;|$)/,
  /^(?:\} *)?(?:if|for|foreach|while|switch|elif|until|unless)(?: *\(| +[^ :?(])/,
  /^(?:\} *)?(?:else|try|do)(?: *\{|:$|$)/,
];
/** `this.items = []`, `cart["n"] += 1`; of names alone enumerations have the same. */
const ASSIGNED = /^[\w$]{1,80}[.[][\w$.[\]"']{1,200} *[-+*/|&]?=[^=>]/;
/** `store.save(cart);` */
const CALLED = /^[\w$]{1,80}(?:\.[\w$]{1,80}){0,9}\(.*\);?$/;
/** In JavaScript a statement; elsewhere constants are often none. */
const DECLARED = /^(?:export +)?(?:const|let|var) [^=]{1,200}=[^=>]/;
const JAVASCRIPT = /\.(?:[cm]?[jt]sx?|vue|svelte)$/i;

/**
 * The first of the lines that plainly can be run: no comment, no type, no declaration. By its words alone, in
 * whatever language: so that this is a reason to look, and none to refuse. Undefined where there is none.
 */
export function firstRunnable(path: string, text: string, ranges: readonly LineRange[]): number | undefined {
  const wanted = [...CONTROL, ASSIGNED, CALLED, ...(JAVASCRIPT.test(path) ? [DECLARED] : [])];
  let isComment = false;
  let at = 0;
  for (const [index, whole] of text.split("\n").entries()) {
    const line = whole.slice(0, WIDTH_MAX).trim();
    const opens = line.lastIndexOf("/*");
    const closes = line.lastIndexOf("*/");
    const wasComment = isComment;
    isComment = opens > closes || (isComment && closes === -1);
    while (at < ranges.length && ranges[at]!.last < index + 1) at += 1;
    if (at === ranges.length) return undefined;
    if (ranges[at]!.first > index + 1 || wasComment || line.startsWith("/*")) continue;
    if (wanted.some((each) => each.test(line))) return index + 1;
  }
  return undefined;
}
