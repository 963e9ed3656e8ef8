import type { CornerChoice } from "./canary/corners.ts";
import type { Meant, MeantRows } from "./meant/meant.ts";
import { toldRows } from "./meant/told-rows.ts";
import type { RowsTried } from "./rows-tried.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = "23505";
/** Keys by which rows may turn out, one after the other, not to be there beside the pair's own. */
const KEYS_MAX = 3;

/**
 * Rows that the pair writes or takes away by their values are nearly always its own. Nobody knows that none
 * was there before: what would become of such a one is a note, and no verdict.
 *
 * @param tried what is known without them; what is lost there is not told again
 */
export async function withOwn(
  attempt: (choice: CornerChoice) => Promise<RowsTried>,
  { own, names }: Meant,
  { differences }: RowsTried,
): Promise<string[]> {
  const told = new Set(differences.map(({ object }) => object));
  let rows = own;
  for (let left = KEYS_MAX; rows.length > 0; left -= 1) {
    const tried = await attempt({
      corners: undefined,
      wanted: () => true,
      nulls: () => false,
      meant: { rows, names },
    });
    if (!tried.stopped) {
      const which = `a row that was there before with what this pair itself writes (${toldRows(rows)})`;
      const lost = tried.differences.filter(({ object }) => !told.has(object));
      const words = lost.map(({ object, message }) => `${object}: ${message}`).join("; ");
      return lost.length === 0 ? [] : [`${which} is taken for its own: ${words}`];
    }
    // Such a row holds the pair up, so it is not lost without a word; it hides what becomes of others.
    const columns = tried.refusal?.state === UNIQUE_VIOLATION ? keyColumns(tried.refusal.detail) : [];
    const others = withoutColumns(rows, columns);
    if (columns.length === 0 || countOf(others) === countOf(rows) || left === 0) {
      return [
        `whether rows that were there before are kept that have what this pair itself writes ` +
          `(${toldRows(rows)}) was not tried, because with them not both scripts go through: ${tried.why}`,
      ];
    }
    rows = others;
  }
  return [];
}

/** `Key (a, b)=(1, 2) already exists.` */
function keyColumns(detail: string | undefined): readonly string[] {
  const [, inner] = /^Key \((.*?)\)=/s.exec(detail ?? "") ?? [];
  return inner === undefined ? [] : [...inner.matchAll(/\w+/g)].map(([name]) => name);
}

const countOf = (rows: readonly MeantRows[]): number => rows.reduce((sum, each) => sum + each.rows.length, 0);

function withoutColumns(rows: readonly MeantRows[], columns: readonly string[]): readonly MeantRows[] {
  return rows.flatMap((each): readonly MeantRows[] => {
    const left = each.rows.filter((row) => !row.some(({ column }) => columns.includes(column)));
    return left.length === 0 ? [] : left.length === each.rows.length ? [each] : [{ ...each, rows: left }];
  });
}
