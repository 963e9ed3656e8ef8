import type { SettingsProblem } from "../../nouns/settings/document.ts";
import { keyText } from "../../nouns/settings/document.ts";
import { effectiveValues, type EffectiveValue } from "../../nouns/settings/effective.ts";
import { examine, type Examined } from "../../nouns/settings/examine.ts";
import type { Section, SectionName } from "../../nouns/settings/section.ts";
import type { Ports } from "../../ports/ports.ts";
import type { FoundSettings } from "./find-settings.ts";

/** A value that counts; of a secret, whether its variable is set here. */
export interface Counted extends EffectiveValue {
  readonly isSet: boolean | undefined;
}

/** A settings file held against everything that is known of it. */
export interface Checked {
  /** In the order of their places. */
  readonly problems: readonly SettingsProblem[];
  /** What may be meant otherwise than it counts. */
  readonly warnings: readonly SettingsProblem[];
  readonly values: readonly Counted[];
  /** Sections that are not there, and without which nothing of the kind is done. */
  readonly absent: readonly SectionName[];
}

/**
 * Reads every section, and asks each whether what it names is there.
 *
 * @throws source.unreadable
 */
export async function checkSettings(
  { text, shown, root }: FoundSettings,
  sections: readonly Section[],
  ports: Pick<Ports, "sourceTree" | "variable">,
): Promise<Checked> {
  const schemas = Object.fromEntries(sections.map(({ name, schema }) => [name, schema]));
  const examined = examine(text ?? "", shown, schemas);
  const { document } = examined;
  const around = { tree: await ports.sourceTree(), root };
  const unreachable: SettingsProblem[] = [];
  for (const section of sections) {
    const value = examined.values.get(section.name) ?? examined.salvaged.get(section.name);
    if (value === undefined) continue;
    for (const { path, message } of (await section.unreachable?.(value, around)) ?? []) {
      const whole = [section.name, ...path];
      // A default that names what is not there is nobody's mistake.
      if (!document.has(whole)) continue;
      unreachable.push({ key: keyText(whole), ...document.placeOf(whole), message });
    }
  }
  const values = sections
    .flatMap((section) => valuesOf(section, examined))
    .map((each) => counted(each, ports));
  return {
    problems: [...examined.problems, ...unreachable].sort((a, b) => a.line - b.line || a.column - b.column),
    warnings: [...unset(values), ...unfilled(values)],
    values,
    absent: sections
      .filter(({ name, absent }) => absent === "nothing" && !document.has([name]))
      .map(({ name }) => name),
  };
}

function valuesOf({ name, schema, absent }: Section, { document, values }: Examined): EffectiveValue[] {
  if (values.has(name)) return effectiveValues(values.get(name), [name], document);
  if (document.has([name]) || absent === "nothing") return [];
  return effectiveValues(schema.parse({}), [name], undefined);
}

function counted(each: EffectiveValue, ports: Pick<Ports, "variable">): Counted {
  const { origin } = each;
  const isSet = origin.from === "environment" ? (ports.variable(origin.variable) ?? "") !== "" : undefined;
  return { ...each, isSet };
}

/** No mistake of the file: a laptop has not the secrets of a deployment. */
function unset(values: readonly Counted[]): SettingsProblem[] {
  return values.flatMap(({ key, origin, isSet }) =>
    origin.from === "environment" && isSet === false
      ? [
          {
            key,
            line: origin.line,
            column: origin.column,
            message: `the variable ${origin.variable} is not set here, so what needs it would end`,
          },
        ]
      : [],
  );
}

/** Somebody may count on a variable where none is filled in. */
function unfilled(values: readonly Counted[]): SettingsProblem[] {
  return values.flatMap(({ key, value, origin }) => {
    if (origin.from !== "file") return [];
    const texts = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    const one = texts.find((each) => typeof each === "string" && /\$\{[A-Za-z_]\w*\}/.test(each));
    if (one === undefined) return [];
    const { line, column } = origin;
    const message = "stands as it is written: variables are filled in for secrets alone";
    return [{ key, line, column, message }];
  });
}
