import type { Secret } from "./secret.ts";

/**
 * Replaces known secrets in any text that leaves the process. The last line of defence: code must not put
 * secrets into messages in the first place, but libraries and child processes may.
 */
export class Redactor {
  readonly #needles = new Set<string>();

  /**
   * Registers a secret together with the forms it commonly takes: percent-encoded, in JSON, base64, and as
   * several lines.
   */
  add(secret: string): void {
    // Values shorter than four characters would blank out ordinary words; they are no secrets worth the name.
    for (const line of [secret, ...secret.split(/\r?\n/)]) {
      const value = line.trim();
      if (value.length >= 4) for (const form of formsOf(value)) this.#needles.add(form);
    }
  }

  /**
   * Everything that any secret covers becomes `***`; secrets that overlap are covered as one, so that no end
   * of one sticks out.
   */
  redact(text: string): string {
    const covered: [start: number, end: number][] = [];
    for (const needle of this.#needles) {
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
        covered.push([at, at + needle.length]);
      }
    }
    covered.sort(([a], [b]) => a - b);
    let clean = "";
    let position = 0;
    for (const [start, end] of covered) {
      if (start >= position) clean += `${text.slice(position, start)}***`;
      position = Math.max(position, end);
    }
    return clean + text.slice(position);
  }
}

function formsOf(value: string): string[] {
  // A lone surrogate cannot be percent-encoded, nor can it have come through a URL.
  const encoded = value.isWellFormed() ? [encodeURIComponent(value), encodeURI(value)] : [];
  const lowerCase = encoded.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  return [value, JSON.stringify(value).slice(1, -1), ...encoded, ...lowerCase, ...base64Forms(value)];
}

/**
 * Base64 as it looks when the secret stands alone, and the part of it that stays the same inside something
 * longer, such as `user:secret` in an Authorization header: there the secret starts 0, 1 or 2 bytes into a
 * group of three.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const inside = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64url");
    // Characters that also hold bits of the neighbours are cut off: 2 or 3 in front, 1 at the end of an
    // unfinished group.
    return text.slice(offset === 0 ? 0 : offset + 1, (offset + bytes.length) % 3 === 0 ? undefined : -1);
  });
  // A short piece would also be found in text that has nothing to do with the secret.
  const long = inside.filter((text) => text.length >= 8);
  return [
    bytes.toString("base64"),
    bytes.toString("base64url"),
    ...long,
    ...long.map((text) => text.replaceAll("-", "+").replaceAll("_", "/")),
  ];
}

/** Covers these secrets in a text. */
export function redaction(secrets: readonly (Secret | undefined)[]): (text: string) => string {
  const redactor = new Redactor();
  for (const secret of secrets) if (secret !== undefined) redactor.add(secret.reveal());
  return (text) => redactor.redact(text);
}
