import type { InputSpec } from "../../commands/define.ts";
import { defaultText } from "../inputs/parse-inputs.ts";

/** What a value looks like, for help: `<duration>`, `tier1|tier2`, nothing for switches. */
export function valueShape(spec: InputSpec): string {
  switch (spec.type) {
    case "choice":
      return spec.choices.length <= 3
        ? spec.choices.join("|")
        : `<${spec.choices[0]}…${spec.choices.at(-1)}>`;
    case "list":
      if (spec.oneALine === true) return "<text>…";
      return spec.choices === undefined ? "<text>[,…]" : "<choice>[,…]";
    case "integer":
      return "<number>";
    case "boolean":
      return "";
    case "secret":
      return "<secret>";
    case "duration":
      return "<duration>";
    case "instant":
      return "<time>";
    case "string":
      return "<text>";
  }
}

/** The accepted form of a value in words, for tables. */
export function acceptedForm(spec: InputSpec): string {
  switch (spec.type) {
    case "choice":
      return spec.choices.map((choice) => `\`${choice}\``).join(", ");
    case "list":
      if (spec.oneALine === true) return "list, one a line";
      return (
        "list" +
        (spec.choices === undefined ? "" : ` of ${spec.choices.map((choice) => `\`${choice}\``).join(", ")}`)
      );
    case "integer":
      return `whole number, ${spec.min}…${spec.max}`;
    case "boolean":
      return "`true` or `false`";
    case "secret":
      return "secret";
    case "duration":
      return "duration such as `45s`, `30m`, `5h`, `7d`";
    case "instant":
      return "day or instant with time zone (ISO 8601)";
    case "string":
      return spec.accepts ?? "text";
  }
}

/** `required`, the default, or nothing. */
export function presence(spec: InputSpec): string {
  if (spec.required === true) return "required";
  const text = defaultText(spec);
  return text === undefined ? "" : text;
}

/** What giving the option on the command line means: one that is on by default is given to switch it off. */
export function flagMeaning(spec: InputSpec): string {
  return spec.type === "boolean" && spec.default ? `Do not do this: ${lowerFirst(spec.text)}` : spec.text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
