import * as z from "zod";
import lint from "@commitlint/lint";
import conventional from "@commitlint/config-conventional";
import type { QualifiedRules } from "@commitlint/types";
import { HoldfastError } from "../../kernel/errors.ts";
import { readYaml } from "../../kernel/yaml.ts";

/** A repository's own configuration of commitlint, as far as it is data. */
export interface OwnRules {
  /** Undefined where there is none, or none that can be read: then ours count. */
  readonly rules: QualifiedRules | undefined;
  readonly notes: readonly string[];
}

/**
 * Where commitlint looks, the first that is there counts:
 * https://commitlint.js.org/reference/configuration.html#config-via-file
 */
const DATA = [
  "package.json",
  "package.yaml",
  ".commitlintrc",
  ".commitlintrc.json",
  ".commitlintrc.yaml",
  ".commitlintrc.yml",
];
const CODE = /^(?:\.commitlintrc|commitlint\.config)\.[cm]?[jt]s$/;
/** Presets that are the same rules: our own defaults are made of them. */
const CONVENTIONAL = new Set(["@commitlint/config-conventional", "@commitlint/conventional", "conventional"]);
/** How often what is referred to may be repeated; a file of a few bytes could fill the memory. */
const ALIASES_MAX = 100;

const NEEDING_MORE = ["parserPreset", "plugins", "ignores"] as const;

const configuration = z.object({
  parserPreset: z.unknown().optional(),
  plugins: z.unknown().optional(),
  ignores: z.unknown().optional(),
  extends: z
    .union([z.string(), z.array(z.string())])
    .transform((names) => (typeof names === "string" ? [names] : names))
    .default([]),
  rules: z
    .record(z.string(), z.union([z.number(), z.array(z.unknown()).min(1).max(3)]))
    .transform((rules) =>
      Object.fromEntries(
        Object.entries(rules).map(([name, rule]) => [name, typeof rule === "number" ? [rule] : rule]),
      ),
    )
    .default({}),
});

/**
 * Reads the repository's own rules for messages from a commit. Nothing of it is run: a configuration that is
 * code is told, and so is a preset that is not the conventional one, whose rules stand in some package.
 *
 * @param paths of the commit's files
 * @param read a file of the commit
 * @throws input.malformed
 */
export async function readOwnRules(
  paths: readonly string[],
  read: (path: string) => Promise<Buffer | undefined>,
): Promise<OwnRules> {
  for (const path of DATA) {
    const content = paths.includes(path) ? contentOf(path, await read(path)) : undefined;
    if (content !== undefined) return await rulesIn(path, content);
  }
  const code = paths.find((path) => CODE.test(path));
  return {
    rules: undefined,
    notes:
      code === undefined
        ? []
        : [
            `${code} is code, which is not run: types and scopes of the settings count. ` +
              "Rules in .commitlintrc.yaml are read",
          ],
  };
}

function contentOf(path: string, bytes: Buffer | undefined): unknown {
  // JSON is YAML too.
  const document = readYaml(bytes?.toString("utf8") ?? "");
  const isPackage = path.startsWith("package.");
  const [error] = document.errors;
  if (error !== undefined) {
    // What else is wrong with a package's own file is not ours to say.
    if (isPackage) return undefined;
    throw wrong(path, error.message.split("\n")[0] ?? "");
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw wrong(path, cause instanceof Error ? cause.message : String(cause));
  }
  if (!isPackage) return content ?? {};
  return typeof content === "object" && content !== null
    ? (content as Record<string, unknown>)["commitlint"]
    : undefined;
}

async function rulesIn(path: string, content: unknown): Promise<OwnRules> {
  const read = configuration.safeParse(content);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw wrong(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  const presets = read.data.extends;
  const others = presets.filter((name) => !CONVENTIONAL.has(name));
  const rules = {
    ...(others.length < presets.length ? (conventional.rules as QualifiedRules) : {}),
    ...(read.data.rules as unknown as QualifiedRules),
  };
  try {
    // It looks at all of them before the message.
    await lint("fix: a", rules);
  } catch (cause) {
    throw wrong(path, cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause));
  }
  return {
    rules: Object.keys(rules).length === 0 ? undefined : rules,
    notes: [
      ...others.map(
        (name) =>
          `${path} extends ${JSON.stringify(name.slice(0, 100))}, which is not read: its rules do not count`,
      ),
      ...NEEDING_MORE.filter((key) => read.data[key] !== undefined).map(
        (key) => `${key} in ${path} is not read: it needs packages or code of the repository`,
      ),
    ],
  };
}

function wrong(path: string, why: string): HoldfastError {
  return new HoldfastError("input.malformed", `the rules for commits in ${path} are wrong: ${why}`, {
    hint: "Correct them on the base: those of the pull request do not count yet.",
  });
}
