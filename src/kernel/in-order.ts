/**
 * Maps with at most `atOnce` calls under way, yielding results in the order of the items; a failure is thrown
 * where its item would have come.
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  atOnce: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    const result = map(item);
    // Marked as handled: the rejection is thrown by the await below, which may come later.
    result.catch(() => undefined);
    underWay.push(result);
    if (underWay.length >= atOnce) yield await (underWay.shift() as Promise<R>);
  }
  while (underWay.length > 0) yield await (underWay.shift() as Promise<R>);
}
