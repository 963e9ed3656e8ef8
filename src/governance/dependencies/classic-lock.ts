import { printableLine } from "../../kernel/printable.ts";
import { aliased, descriptorOf } from "./descriptors.ts";
import type { Dangling, Lock, LockedPackage, ReadLock } from "./lock.ts";
import { originOf } from "./origin.ts";
import { withoutMark, type Trouble } from "./placed.ts";

const AGAIN = "Write it anew with `yarn install` and commit it.";

/** What one entry says. */
interface Entry {
  readonly descriptors: readonly string[];
  readonly line: number;
  readonly fields: Map<string, string>;
  /** Names of what it needs, with their lines. */
  readonly needs: { readonly name: string; readonly range: string; readonly line: number }[];
}

/**
 * Reads the `yarn.lock` of yarn 1: https://classic.yarnpkg.com/lang/en/docs/yarn-lock/. It remembers
 * nothing of package.json but each name with its range, and does not tell which packages run scripts.
 */
export function readClassicLock(file: string, text: string): ReadLock {
  const troubles: Trouble[] = [];
  const entries = entriesOf(withoutMark(text), troubles);
  if (entries.length === 0 && !/^# yarn lockfile v1\s*$/m.test(text)) {
    const message = text.trim() === "" ? "the file is empty" : "the file is no lock file of yarn";
    return { lock: undefined, troubles: [{ line: 1, message, fix: AGAIN }] };
  }
  const found = new Map<string, LockedPackage>();
  const packages = entries.flatMap((entry) => {
    const locked = packageOf(entry, troubles);
    if (locked === undefined) return [];
    for (const descriptor of entry.descriptors) {
      if (found.has(descriptor)) {
        const message = `'${printableLine(descriptor)}' is there twice`;
        troubles.push({ line: entry.line, message, fix: AGAIN });
      }
      found.set(descriptor, locked);
    }
    return [locked];
  });
  const lock: Lock = {
    format: "yarn-classic",
    formatVersion: "1",
    file,
    packages,
    projects: null,
    listsPeers: false,
    overrides: new Map(),
    catalogs: new Map(),
    dangling: danglingOf(entries),
    lookUp: (_project, name, range) => {
      const locked = found.get(`${name}@${range}`);
      return locked === undefined ? undefined : { locked, version: locked.version };
    },
  };
  return { lock, troubles };
}

/** `resolutions` put other ranges in place, so that a name counts as there with any. */
function danglingOf(entries: readonly Entry[]): Dangling[] {
  const names = new Set(
    entries.flatMap(({ descriptors }) => descriptors.map((each) => descriptorOf(each)?.name)),
  );
  return entries.flatMap(({ descriptors, needs }) =>
    needs
      .filter(({ name }) => !names.has(name))
      .map(({ name, line }) => ({ name, by: descriptors.join(", "), line })),
  );
}

/** `  name value`, either in quotes or not. */
const FIELD = /^ {2}("(?:[^"\\]|\\.)*"|[^\s":]+) ("(?:[^"\\]|\\.)*"|[^\s"]\S*)$/;
const NEED = /^ {4}("(?:[^"\\]|\\.)*"|[^\s":]+) ("(?:[^"\\]|\\.)*"|[^\s"]\S*)$/;
const SECTION = /^ {2}(\w+):$/;

function entriesOf(text: string, troubles: Trouble[]): Entry[] {
  const entries: Entry[] = [];
  let entry: Entry | undefined;
  let section: string | undefined;
  let line = 0;
  for (const written of text.split("\n")) {
    line += 1;
    const row = written.replace(/\r$/, "");
    if (row.trim() === "" || row.startsWith("#")) continue;
    const field = FIELD.exec(row);
    const need = NEED.exec(row);
    if (!row.startsWith(" ")) {
      const descriptors = descriptorsOf(row);
      if (descriptors === undefined) troubles.push(strange(line, row));
      entry = descriptors === undefined ? undefined : { descriptors, line, fields: new Map(), needs: [] };
      section = undefined;
      if (entry !== undefined) entries.push(entry);
    } else if (entry !== undefined && field !== null) {
      section = undefined;
      const name = bare(field[1] as string);
      if (entry.fields.has(name)) troubles.push(strange(line, row));
      entry.fields.set(name, bare(field[2] as string));
    } else if (entry !== undefined && SECTION.test(row)) {
      section = SECTION.exec(row)?.[1];
    } else if (entry !== undefined && section !== undefined && need !== null) {
      // What an optional dependency of another is need not be there.
      const name = bare(need[1] as string);
      if (section === "dependencies") entry.needs.push({ name, range: bare(need[2] as string), line });
    } else {
      troubles.push(strange(line, row));
    }
  }
  return entries;
}

const strange = (line: number, row: string): Trouble => ({
  line,
  message: `'${printableLine(row.trim()).slice(0, 80)}' is nothing that yarn writes here`,
  fix: AGAIN,
});

/** `a@^1.0.0, "@scope/b@^1.0.0":` → both; undefined where the line is something else. */
function descriptorsOf(row: string): string[] | undefined {
  if (!row.endsWith(":")) return undefined;
  const found: string[] = [];
  const one = /\s*("(?:[^"\\]|\\.)*"\s*|[^\s",][^",]*)(,|$)/y;
  const list = row.slice(0, -1);
  while (one.lastIndex < list.length) {
    const [, word] = one.exec(list) ?? [];
    if (word === undefined) return undefined;
    const descriptor = bare(word.trim());
    if (descriptorOf(descriptor) === undefined) return undefined;
    found.push(descriptor);
  }
  return found.length === 0 ? undefined : found;
}

function bare(word: string): string {
  if (!word.startsWith('"')) return word;
  try {
    return JSON.parse(word) as string;
  } catch {
    return word.slice(1, -1);
  }
}

function packageOf({ descriptors, line, fields }: Entry, troubles: Trouble[]): LockedPackage | undefined {
  const key = descriptors.join(", ");
  const { name, range } = descriptorOf(descriptors[0] as string) as { name: string; range: string };
  const version = fields.get("version");
  if (version === undefined) {
    troubles.push({ line, message: `'${printableLine(key)}' has no version`, fix: AGAIN });
    return undefined;
  }
  const resolved = fields.get("resolved") ?? null;
  const isLocal = (each: string): boolean =>
    /^(?:file|link):|^\.{0,2}\//.test(descriptorOf(each)?.range ?? "");
  // What a resolution has made a link of has no address, and a mark that nothing else has.
  const local = descriptors.some(isLocal) || (resolved === null && fields.get("uid") === "");
  // Before 1.10 yarn wrote no more than the SHA-1 behind the address, and it still checks that.
  const behind = /#([0-9a-f]{40})$/.exec(resolved ?? "")?.[1];
  const origin = local ? "local" : /\.git(?:#|$)|^git/.test(resolved ?? "") ? "git" : originOf(resolved);
  return {
    key,
    name: aliased(range) ?? name,
    version,
    origin,
    resolved,
    integrity:
      fields.get("integrity") ?? (behind !== undefined && origin === "registry" ? `sha1:${behind}` : null),
    withoutChecksum: null,
    installScript: null,
    licence: null,
    dev: null,
    optional: null,
    line,
  };
}
