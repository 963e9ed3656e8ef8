import { isMap, isScalar, LineCounter, visit } from "yaml";
import { withoutMark } from "./placed.ts";
import { baseOf } from "./lock.ts";
import { readYaml } from "../../kernel/yaml.ts";

/** Where a package manager's configuration says that packages come from. */
export interface DeclaredRegistry {
  /** The configuration's path from the repository's root. */
  readonly file: string;
  readonly line: number;
  /** The key that says it: `registry`, `@acme:registry`, `npmRegistryServer`. */
  readonly key: string;
  /** As written. */
  readonly address: string;
}

/** A configuration that nobody can read. */
export interface UnreadConfiguration {
  readonly file: string;
  readonly line: number;
}

/** Longer than any configuration that a person wrote. */
const LENGTH_MAX = 200_000;

/**
 * Configurations of npm and pnpm, yarn 1, and yarn 2 and later.
 * https://docs.npmjs.com/cli/configuring-npm/npmrc, https://yarnpkg.com/configuration/yarnrc
 */
export const CONFIGURATIONS: readonly string[] = [".npmrc", ".yarnrc", ".yarnrc.yml"];

/** The registries that a configuration of the checkout names, which every installation asks. */
export function declaredRegistries(
  file: string,
  given: string,
): readonly (DeclaredRegistry | UnreadConfiguration)[] {
  const text = withoutMark(given);
  if (text.length > LENGTH_MAX) return [{ file, line: 1 }];
  return baseOf(file) === ".yarnrc.yml" ? inYaml(file, text) : inLines(file, text);
}

/**
 * `registry=https://…` and `@acme:registry = …`; in `.yarnrc` a blank stands for the sign, with quotes
 * around both.
 */
const SAID = /^\s*"?((?:@[^\s:="]+:)?registry)"?(?:\s+(?:=\s*)?|=\s*)"?([^\s"]+)/;

function inLines(file: string, text: string): DeclaredRegistry[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const [, key, address] = SAID.exec(line.slice(0, 4_000)) ?? [];
    return key === undefined || address === undefined ? [] : [{ file, line: at + 1, key, address }];
  });
}

function inYaml(file: string, text: string): (DeclaredRegistry | UnreadConfiguration)[] {
  const lines = new LineCounter();
  const document = readYaml(text, lines);
  const [broken] = document.errors;
  if (broken !== undefined) return [{ file, line: Math.max(1, lines.linePos(broken.pos[0]).line) }];
  const found: DeclaredRegistry[] = [];
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || key.value !== "npmRegistryServer" || isMap(value)) return;
      const line = Math.max(1, lines.linePos(key.range?.[0] ?? 0).line);
      const address = isScalar(value) ? String(value.value) : "";
      found.push({ file, line, key: "npmRegistryServer", address });
    },
  });
  return found;
}
