import { basename } from "node:path";
import { EXIT } from "../../kernel/errors.ts";
import type { Annotation, Json, Outcome, ReportTable } from "../../kernel/outcome.ts";
import { printableLine } from "../../kernel/printable.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { SettingsProblem } from "../../nouns/settings/document.ts";
import { SCHEMA_COMMENT } from "../../nouns/settings/json-schema.ts";
import type { Section } from "../../nouns/settings/section.ts";
import type { Ports } from "../../ports/ports.ts";
import { checkSettings, type Checked, type Counted } from "./check.ts";
import { findSettings } from "./find-settings.ts";

/** The parsed inputs of `holdfast settings check`. */
export interface SettingsCheckInputs {
  readonly settings: string | undefined;
}

/** `holdfast settings check`: see src/commands/configuration/settings-check.ts. */
export async function runSettingsCheck(
  inputs: SettingsCheckInputs,
  ports: Pick<Ports, "sourceTree" | "sourceHistory" | "variable">,
  sections: readonly Section[],
): Promise<Outcome> {
  const found = await findSettings(inputs.settings, ports);
  const checked = await checkSettings(found, sections, ports);
  const { problems, values } = checked;
  const isWrong = problems.length > 0;
  const outside = found.isOutside ? ", and no checkout of git here" : "";
  const notes = [
    ...(found.isOutside
      ? ["this folder is in no checkout of git: only .github in this folder was looked at"]
      : []),
    ...notesOf(found.text, checked, isWrong),
  ];
  const verdict = isWrong ? "wrong" : found.text === undefined ? "none" : "valid";
  return {
    exit: isWrong ? EXIT.input : EXIT.done,
    outputs: {
      verdict,
      file: found.text === undefined ? null : found.shown,
      "file-from": inputs.settings === undefined ? "default" : "input",
      problems: problems.map((each) => ({ ...each })),
      settings: isWrong ? [] : values.map(jsonOf),
      notes,
    },
    report: {
      good: !isWrong,
      headline: isWrong
        ? `${found.shown} is wrong in ${quantity(problems.length, "place")}`
        : found.text === undefined
          ? `there is no settings file ${found.shown}${outside}: the defaults count`
          : `${found.shown} is well: ${quantity(values.length, "value")}, ${told(values)}`,
      tables: [isWrong ? problemTable(problems) : valueTable(found.shown, values)],
      notes,
    },
    ...(isWrong ? { annotations: problems.map((each) => annotation(found.shown, each)) } : {}),
  };
}

function told(values: readonly Counted[]): string {
  return `${values.filter(({ origin }) => origin.from === "default").length} of them defaults`;
}

function notesOf(text: string | undefined, { absent, warnings }: Checked, isWrong: boolean): string[] {
  return [
    ...warnings.map(({ line, column, key, message }) => `${line}:${column} ${key}: ${message}`),
    ...(isWrong ? [] : absent).map((name) => `without a section \`${name}\` nothing of the kind is done`),
    ...(text === undefined || /^# yaml-language-server: \$schema=\S/m.test(text)
      ? []
      : [`editors complete the file when its first line is: ${SCHEMA_COMMENT}`]),
  ];
}

function jsonOf({ key, value, origin, isSet }: Counted): Json {
  const from = { ...origin, ...(isSet === undefined ? {} : { isSet }) } as unknown as Readonly<
    Record<string, Json>
  >;
  return { key, value, ...from };
}

function problemTable(problems: readonly SettingsProblem[]): ReportTable {
  return {
    columns: ["line", "column", "key", "what is wrong"],
    rows: problems.map(({ line, column, key, message }) => [
      String(line),
      String(column),
      printableLine(key),
      printableLine(message),
    ]),
  };
}

function valueTable(file: string, values: readonly Counted[]): ReportTable {
  return {
    columns: ["setting", "value", "from"],
    rows: values.map((each) => [each.key, printableLine(JSON.stringify(each.value)), originText(file, each)]),
  };
}

function originText(file: string, { origin, isSet }: Counted): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return `${basename(file)}:${origin.line}`;
    case "environment":
      return `environment (${basename(file)}:${origin.line}), ${isSet === true ? "set" : "not set"}`;
  }
}

function annotation(file: string, { line, column, key, message }: SettingsProblem): Annotation {
  const where = key === "" ? "" : `${printableLine(key)}: `;
  return {
    level: "error",
    file,
    line,
    title: "settings",
    message: `${where}${printableLine(message)} (column ${column})`,
  };
}
