/**
 * Regular expressions made of several, each short enough to be read and a literal of its own, which the
 * compiler and the lint rules check. All of one have the same flags.
 */

/** Fits where one of them does. Groups count through, from the first to the last. */
export function anyOf(...alternatives: readonly [RegExp, ...RegExp[]]): RegExp {
  return joined(alternatives, "|");
}

/** Fits where they fit one after another. Groups count through, from the first to the last. */
export function inSequence(...parts: readonly [RegExp, ...RegExp[]]): RegExp {
  return joined(parts, "");
}

function joined(parts: readonly [RegExp, ...RegExp[]], by: string): RegExp {
  const [{ flags }] = parts;
  const other = parts.find((part) => part.flags !== flags);
  if (other !== undefined) {
    throw new Error(`${String(other)} has other flags than the first part, '${flags}'`);
  }
  return new RegExp(parts.map(({ source }) => `(?:${source})`).join(by), flags);
}
