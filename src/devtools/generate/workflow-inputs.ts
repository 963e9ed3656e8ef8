import type { Command, InputSpec } from "../../commands/define.ts";
import { inputsOf } from "./tables.ts";

/** What a workflow that others call takes over of one command, and how it differs from it. */
interface Offer {
  readonly command: string;
  /** Inputs that the workflow has as secrets, by their names there. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * Inputs that have to be given although the command does not insist: GitHub's groups cannot see a database's
   * URL, so that without a source all databases of a store would be one.
   */
  readonly insisted?: readonly string[];
  /** Defaults that suit a job better than those for everywhere. */
  readonly defaults?: Readonly<Record<string, string | boolean>>;
  /** Inputs of the form for starting by hand, which has ten fields at most. */
  readonly form: readonly string[];
}

/** By file, without its ending. */
export const OFFERS: Readonly<Record<string, Offer>> = {
  backup: {
    command: "backup",
    secrets: { database: "DATABASE_URL", "store-secret": "STORE_SECRET" },
    insisted: ["source"],
    defaults: { "install-client": true },
    form: [
      ...["store", "source", "tier", "kinds", "recipients", "allow-unencrypted", "proof"],
      ...["access-tier", "takes-turns-in", "dry-run"],
    ],
  },
  validate: {
    command: "validate",
    secrets: { "store-secret": "STORE_SECRET", scratch: "SCRATCH_URL", identity: "AGE_IDENTITY" },
    defaults: { "install-client": true },
    form: ["store", "backup", "since", "source", "tier", "depth", "accept-gaps", "jobs", "dry-run"],
  },
  restore: {
    command: "restore",
    secrets: { "store-secret": "STORE_SECRET", target: "TARGET_URL", identity: "AGE_IDENTITY" },
    defaults: { backup: "latest-verified", "install-client": true },
    form: [
      ...["store", "backup", "before", "source", "tables", "mode", "confirm", "safety-backup", "dry-run"],
    ],
  },
};

/**
 * The parts of a workflow that follow from the menu, by the name of their section; undefined for a workflow
 * that is written by hand.
 */
export function workflowSections(
  file: string,
  menu: readonly Command[],
): Readonly<Record<string, string>> | undefined {
  const offer = OFFERS[file];
  const command = menu.find(({ name }) => name === offer?.command);
  if (offer === undefined || command === undefined) return undefined;
  const inputs = inputsOf(command, "action");
  const open = inputs.filter(([name]) => offer.secrets[name] === undefined);
  const shown = open.filter(([name]) => offer.form.includes(name));
  const outputs = Object.entries(command.outputs);
  return {
    inputs: open.flatMap(([name, spec]) => declared(name, spec, offer, callType(spec))).join("\n"),
    form: shown.flatMap(([name, spec]) => declared(name, spec, offer, formType(spec))).join("\n"),
    outputs: outputs
      .flatMap(([name, text]) => [
        `${name}:`,
        `  description: ${quoted(text)}`,
        `  value: \${{ jobs.${file}.outputs.${name} }}`,
      ])
      .join("\n"),
    "job-outputs": outputs.map(([name]) => `${name}: \${{ steps.${file}.outputs.${name} }}`).join("\n"),
    given: inputs.map(([name]) => `${name}: \${{ ${expression(name, offer)} }}`).join("\n"),
  };
}

function declared(name: string, spec: InputSpec, offer: Offer, type: readonly string[]): string[] {
  const usual = offer.defaults?.[name] ?? ("default" in spec ? spec.default : undefined);
  const isRequired = spec.required === true || offer.insisted?.includes(name) === true;
  return [
    `${name}:`,
    `  description: ${quoted(spec.text)}`,
    ...type,
    ...(isRequired ? ["  required: true"] : []),
    ...(usual === undefined ? [] : [`  default: ${quoted(usual)}`]),
  ];
}

function callType(spec: InputSpec): string[] {
  const types: Partial<Record<InputSpec["type"], string>> = { boolean: "boolean", integer: "number" };
  return [`  type: ${types[spec.type] ?? "string"}`];
}

/** A form shows the first of the choices where none is the default, which would narrow what was not narrowed. */
function formType(spec: InputSpec): string[] {
  if (spec.type !== "choice" || spec.default === undefined) return callType(spec);
  return ["  type: choice", `  options: [${spec.choices.join(", ")}]`];
}

/** What started by hand has no field for is not there, and has the default all the same. */
function expression(name: string, { secrets, defaults = {}, form }: Offer): string {
  if (secrets[name] !== undefined) return `secrets.${secrets[name]}`;
  const usual = defaults[name];
  if (usual === undefined || form.includes(name)) return `inputs.${name}`;
  // What is not there equals false in an expression, so that the texts are compared.
  if (usual === true) return `toJSON(inputs.${name}) != 'false'`;
  return `inputs.${name} || '${String(usual)}'`;
}

/** A JSON value is a YAML one. */
function quoted(value: string | boolean | number): string {
  return JSON.stringify(value);
}

/**
 * Fills what stands between `# generated:<name>` and `# /generated:<name>`, indented as these are; the rest
 * belongs to its author.
 *
 * @throws Error for a section that nobody fills, and for one that is missing
 */
export function fillWorkflow(text: string, sections: Readonly<Record<string, string>>): string {
  const left = new Set(Object.keys(sections));
  const filled = text.replace(
    /^( *)(# generated:([a-z-]+) .*)\n(?:[\s\S]*?\n)??\1# \/generated:\3$/gm,
    (_, indent: string, begin: string, name: string) => {
      const content = sections[name];
      if (content === undefined) {
        throw new Error(`there is nothing to fill the section generated:${name} with`);
      }
      left.delete(name);
      const lines = content.split("\n").map((line) => indent + line);
      return [`${indent}${begin}`, ...lines, `${indent}# /generated:${name}`].join("\n");
    },
  );
  if (left.size > 0) throw new Error(`the sections ${[...left].join(", ")} are missing, or do not end`);
  return filled;
}
