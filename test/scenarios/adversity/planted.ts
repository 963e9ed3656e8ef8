import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Looks for planted secrets in texts and files, in every form in which they commonly leak. */
export class Detector {
  readonly #needles: { readonly name: string; readonly form: string }[] = [];

  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) {
      if (secret.length < 12) throw new Error(`${name} is too short to be told from ordinary text`);
      for (const form of formsOf(secret)) this.#needles.push({ name, form });
    }
  }

  /** Names of the secrets that a text holds. */
  found(text: string): string[] {
    return [...new Set(this.#needles.filter(({ form }) => text.includes(form)).map(({ name }) => name))];
  }

  /** `<secret> in <file>` for every file below a folder. */
  foundIn(folder: string): string[] {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.flatMap((file) => {
      const path = join(file.parentPath, file.name);
      return [
        ...this.found(readFileSync(path, "latin1")),
        ...this.found(readFileSync(path, "utf8")),
        ...this.found(path),
      ].map((name) => `${name} in ${path}`);
    });
  }
}

/** Raw, percent-encoded in both cases, in JSON, in base64 alone and inside something longer, as hex. */
function formsOf(secret: string): string[] {
  const percent = [encodeURIComponent(secret), encodeURI(secret)];
  const lower = percent.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  const inside = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)])
      .toString("base64")
      .slice(4, -4),
  );
  return [
    ...new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      ...percent,
      ...lower,
      ...inside,
      Buffer.from(secret).toString("hex"),
    ]),
  ];
}

/**
 * Watches the command lines of every process of the machine, as any of its users could, until told to stop.
 */
export class ProcessWatch {
  readonly seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #samples = 0;

  constructor(everyMs = 5) {
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  get samples(): number {
    return this.#samples;
  }

  #look(): void {
    this.#samples += 1;
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // It ended between the listing and the look.
      }
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
