/** Number of single-character edits (insert, delete, replace, swap of neighbours) between two words. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (last[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(replaced, (last[column] as number) + 1, (current[column - 1] as number) + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] as number) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] as number;
}

/**
 * The known word a mistyped one most likely meant, or `undefined` when none is near enough to be more
 * than a guess.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const distances = known.map((candidate) => ({
    candidate,
    // Words of very different lengths are never near, and one of them may be as long as a stranger likes.
    distance:
      Math.abs(word.length - candidate.length) > limit
        ? Infinity
        : editDistance(word.toLowerCase(), candidate.toLowerCase()),
  }));
  const least = Math.min(...distances.map((each) => each.distance));
  const nearestOnes = distances.filter((each) => each.distance === least && least <= limit);
  // Two words equally near (tier9: tier1, tier2 …) would be a guess.
  const best = nearestOnes.length === 1 ? nearestOnes[0]?.candidate : undefined;
  // A word that is only the beginning of a longer one ("exclude") is a clear case however much is missing.
  return best ?? (word.length >= 3 ? known.find((candidate) => candidate.startsWith(word)) : undefined);
}
