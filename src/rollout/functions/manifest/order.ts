/** What needs what, by name. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** Names with everything that they need, over any number of steps. What is not known stands by itself. */
export function closed(names: readonly string[], needs: Needs): ReadonlySet<string> {
  const all = new Set<string>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    left.push(...(needs.get(name) ?? []));
  }
  return all;
}

/**
 * Names in levels: each needs only what stands in levels before its own. In each level in the order of their
 * characters, so that the same names give the same levels.
 *
 * @returns the levels, and what is left over because it goes round in a circle
 */
export function inLevels(
  names: Iterable<string>,
  needs: Needs,
): { readonly levels: readonly (readonly string[])[]; readonly circular: readonly string[] } {
  const wanted = new Set(names);
  const open = new Map<string, Set<string>>();
  const neededBy = new Map<string, string[]>();
  for (const name of wanted) {
    const needed = new Set((needs.get(name) ?? []).filter((each) => wanted.has(each)));
    open.set(name, needed);
    for (const each of needed) neededBy.set(each, [...(neededBy.get(each) ?? []), name]);
  }
  const levels: string[][] = [];
  let level = [...open].filter(([, needed]) => needed.size === 0).map(([name]) => name);
  while (level.length > 0) {
    levels.push(level.sort());
    const next: string[] = [];
    for (const name of level) {
      open.delete(name);
      for (const waiting of neededBy.get(name) ?? []) {
        const needed = open.get(waiting)!;
        needed.delete(name);
        if (needed.size === 0) next.push(waiting);
      }
    }
    level = next;
  }
  return { levels, circular: [...open.keys()].sort() };
}

/** One way round among names that go in a circle: the first is the last too. */
export function oneCircle(circular: readonly string[], needs: Needs): readonly string[] {
  const inside = new Set(circular);
  const seen: string[] = [];
  let name = circular[0];
  while (name !== undefined && !seen.includes(name)) {
    seen.push(name);
    // Whoever only hangs on a circle leads into it.
    name = (needs.get(name) ?? []).find((each) => inside.has(each));
  }
  return name === undefined ? [] : [...seen.slice(seen.indexOf(name)), name];
}
