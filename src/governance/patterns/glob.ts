import * as z from "zod";

/** What other tools' patterns have, and what would match nothing here. Folders may be called `[id]`. */
const NO_PATTERN = /^[!/]|\/$|\?|\{[^{},]*,[^{}]*\}/;

/** A pattern of paths in the settings, as src/kernel/path-pattern.ts reads them. */
export const glob = z
  .string()
  .min(1)
  .max(300)
  .refine(
    (text) => !NO_PATTERN.test(text),
    "matches nothing: begin and end it without /, write no ! before it, no ? and a pattern each for {a,b}",
  );
