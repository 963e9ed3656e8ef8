import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Columns of a line of code. */
export const WIDTH = 110;

/** Prettier breaks code; texts, comments and SQL that it leaves longer are broken by hand. */
const CODE = ["{src,test,bench,scripts}/**/*.{ts,mjs,js,cjs}", "*.{ts,mjs,js,cjs}"];

/** An address alone in its line of a comment cannot be broken. */
const ADDRESS_ALONE = /^\s*(?:\/\/|\/?\*+)\s*https?:\/\/\S+$/;

/** Lines of a tree's code that are longer, as `path:line (columns)`. */
export function longLines(root: string): string[] {
  return globSync(CODE, { cwd: root })
    .sort()
    .flatMap((path) => {
      const lines = readFileSync(join(root, path), "utf8").split("\n");
      return lines.flatMap((line, index) =>
        line.length > WIDTH && !ADDRESS_ALONE.test(line) ? [`${path}:${index + 1} (${line.length})`] : [],
      );
    });
}
