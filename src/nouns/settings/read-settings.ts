import type * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { SettingsProblem } from "./document.ts";
import { examine } from "./examine.ts";
import type { SectionName } from "./section.ts";

type Schemas = Partial<Readonly<Record<SectionName, z.ZodType>>>;

/** What a settings file says, section by section; undefined where it has no such section. */
export type Settings<S extends Schemas> = {
  readonly [K in keyof S]: S[K] extends z.ZodType<infer T> ? T | undefined : never;
};

/**
 * Reads the sections that are asked for. Everything that is wrong in them is told together, each with line
 * and column, and so is a section that nobody knows.
 *
 * @param path for messages
 * @throws input.malformed
 */
export function readSettings<const S extends Schemas>(text: string, path: string, schemas: S): Settings<S> {
  const { values, problems } = examine(text, path, schemas);
  if (problems.length > 0) throw wrong(path, problems);
  return Object.fromEntries(values) as Settings<S>;
}

function wrong(path: string, problems: readonly SettingsProblem[]): HoldfastError {
  const list = problems.map((each) => `  - ${problemText(each)}`).join("\n");
  return new HoldfastError("input.malformed", `the settings in ${path} are wrong:\n${list}`, {
    hint: "Correct all of them; nothing was asked and nothing was changed.",
  });
}

function problemText({ line, column, key, message }: SettingsProblem): string {
  return `${line}:${column} ${key === "" ? "" : `${key}: `}${message}`;
}
