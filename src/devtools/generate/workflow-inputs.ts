import type { Command, InputSpec } from "../../commands/define.ts";
import { inputsOf } from "./tables.ts";

/** What a workflow that others call takes over of its commands, and how it differs from them. */
interface Offer {
  /** With the same inputs where they have one of the same name. */
  readonly commands: readonly string[];
  /** Inputs that the workflow has as secrets, by their names there. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Where what comes of it is from; left out where several jobs make it, which is written by hand. */
  readonly from?: Source;
  /** Inputs that the workflow gives by itself, or has in a way of its own, or that are of no use there. */
  readonly own?: readonly string[];
  /**
   * Inputs that have to be given although the commands do not insist, and the other way round: GitHub's
   * groups cannot see a database's URL, so that without a source all databases of a store would be one.
   */
  readonly required?: Readonly<Record<string, boolean>>;
  /** Defaults that suit a job better than those for everywhere. */
  readonly defaults?: Readonly<Record<string, string | boolean>>;
  /** What there is to add to the menu's text of an input here. */
  readonly notes?: Readonly<Record<string, string>>;
  /**
   * Inputs of the form for starting by hand, which has ten fields at most with those of the workflow alone;
   * left out where nobody starts it by hand.
   */
  readonly form?: readonly string[];
}

/** The step of a workflow whose outputs are those of the workflow. */
interface Source {
  /** The job, and the id of the step in it. */
  readonly job: string;
  /** Those that are of use to a caller; all when left out. */
  readonly outputs?: readonly string[];
  /** Whether the step is given all inputs as they are; otherwise what it is given is written by hand. */
  readonly isGivenAll: boolean;
}

/** What is asked for, or given, by the two jobs of a workflow whose plan is approved. */
const APPROVAL = ["database", "store-secret", "takes-turns-in", "dry-run", "plan-hash"];
const FUNCTIONS = ["access-token", "functions-key"];
/** What a run on GitHub knows by itself. */
const RUN = ["branch", "repository", "token"];
/** What is said of a pull request that is not one yet, and what coverage is not judged by. */
const NOT_COVERAGE = [
  ...["local", "judge", "base", "title", "title-file", "body-file", "coverage"],
  ...["audit", "audit-registry"],
];

/** By file, without its ending. */
export const OFFERS: Readonly<Record<string, Offer>> = {
  backup: {
    commands: ["backup"],
    from: { job: "backup", isGivenAll: true },
    secrets: { database: "DATABASE_URL", "store-secret": "STORE_SECRET" },
    required: { source: true },
    defaults: { "install-client": true },
    form: [
      ...["store", "source", "tier", "kinds", "recipients", "allow-unencrypted", "proof"],
      ...["access-tier", "takes-turns-in", "dry-run"],
    ],
  },
  validate: {
    commands: ["validate"],
    from: { job: "validate", isGivenAll: true },
    secrets: { "store-secret": "STORE_SECRET", scratch: "SCRATCH_URL", identity: "AGE_IDENTITY" },
    // What is green every night is taken for proved.
    defaults: { depth: "restored", "install-client": true },
    notes: { depth: "Here `restored` unless told: red where the runner has no server for it." },
    form: ["store", "backup", "since", "source", "tier", "depth", "accept-gaps", "jobs", "dry-run"],
  },
  restore: {
    commands: ["restore"],
    from: { job: "restore", isGivenAll: true },
    secrets: { "store-secret": "STORE_SECRET", target: "TARGET_URL", identity: "AGE_IDENTITY" },
    defaults: { backup: "latest-verified", "install-client": true },
    form: [
      ...["store", "backup", "before", "source", "tables", "mode", "confirm", "safety-backup", "dry-run"],
    ],
  },
  migrate: {
    commands: ["migrate"],
    own: [...APPROVAL, "baseline"],
    notes: { adopt: "A run with an approval takes over none: here it is `none`, or left out." },
    form: [
      ...["migrations", "to", "store", "source", "max-backup-age", "confirm", "statement-timeout"],
      "allow-late",
    ],
  },
  "rollback-database": {
    commands: ["migrate-rollback"],
    own: [...APPROVAL, "identity", "from-backup"],
    required: { to: true, confirm: true, reason: true },
    form: [
      ...["to", "confirm", "reason", "migrations", "store", "recipients", "without-backup"],
      "allow-unproved",
    ],
  },
  deploy: {
    commands: ["deploy"],
    own: [...APPROVAL, "version", "package", "build", "unit", "timeline", "environment"],
    required: { store: false },
    form: ["store", "settings", "resume"],
  },
  functions: {
    commands: ["functions-deploy", "functions-rollback"],
    own: [...APPROVAL, ...FUNCTIONS, "update-manifest", "environment"],
    required: { project: false, store: false },
    notes: {
      project: "To check it may be left out.",
      store: "To check it may be left out.",
      ref: "To deploy; for status, what is compared with.",
      to: "To roll back.",
    },
    form: ["project", "store", "ref", "to", "functions", "functions-folder", "resume"],
  },
  rollback: {
    commands: ["rollback"],
    own: [
      ...APPROVAL,
      ...FUNCTIONS,
      ...["identity", "package", "unit", "repository", "token", "timeline", "environment"],
    ],
    required: { reason: true, store: false },
    form: ["to", "trigger", "reason", "schema", "confirm", "from-backup", "store", "resume"],
  },
  migrations: {
    commands: ["migrate-check"],
    from: { job: "check", outputs: ["verdict", "counts"], isGivenAll: true },
    // A service container belongs to the job that calls, and a called workflow's job has none.
    own: ["shadow"],
    notes: { "server-major": "It is installed where the runner lacks it." },
  },
  coverage: {
    commands: ["pr-policy"],
    from: { job: "coverage", outputs: ["verdict", "coverage"], isGivenAll: false },
    own: [...RUN, ...NOT_COVERAGE],
  },
  "release-cut": {
    commands: ["release-cut"],
    from: { job: "cut", outputs: ["version", "branch", "pull-request", "url"], isGivenAll: true },
    own: RUN,
    form: ["expect-version", "dry-run"],
  },
  hotfix: {
    commands: ["hotfix-start", "hotfix-finish"],
    own: RUN,
    notes: { from: "To start.", issue: "To finish.", "require-merged": "To finish." },
    form: ["name", "from", "issue", "require-merged", "dry-run"],
  },
  release: {
    commands: ["release-publish"],
    from: {
      job: "publish",
      outputs: ["version", "tag", "artifact-version", "published"],
      isGivenAll: false,
    },
    // Its plan is a job of it, and `build` is the command that builds.
    own: [...RUN, "build", "dry-run"],
    notes: {
      tag: "It is checked out.",
      assets: "With a `build` it makes them; without one they are in the repository.",
    },
    form: ["tag", "assets"],
  },
};

/** The inputs that a workflow takes over, in the order of its commands. */
export function inputsOffered(
  offer: Offer,
  menu: readonly Command[],
): readonly (readonly [string, InputSpec])[] {
  const commands = offer.commands.flatMap((name) => menu.filter((command) => command.name === name));
  const all = new Map(commands.flatMap((command) => inputsOf(command, "action")).reverse());
  return [...all].reverse().filter(([name]) => offer.own?.includes(name) !== true);
}

/**
 * The parts of a workflow that follow from the menu, by the name of their section; undefined for a workflow
 * that is written by hand.
 */
export function workflowSections(
  file: string,
  menu: readonly Command[],
): Readonly<Record<string, string>> | undefined {
  const offer = OFFERS[file];
  if (offer === undefined || !menu.some(({ name }) => offer.commands.includes(name))) return undefined;
  const offered = inputsOffered(offer, menu);
  const open = offered.filter(([name]) => offer.secrets?.[name] === undefined);
  const shown = open.filter(([name]) => offer.form?.includes(name) === true);
  const form = shown.flatMap(([name, spec]) => declared(name, spec, offer, formType(spec))).join("\n");
  return {
    inputs: open.flatMap(([name, spec]) => declared(name, spec, offer, callType(spec))).join("\n"),
    ...(offer.form === undefined ? {} : { form }),
    ...(offer.from === undefined ? {} : outputsFrom(offer.from, offer, menu)),
    ...(offer.from?.isGivenAll === true ? { given: given(offer, offered) } : {}),
  };
}

/** What comes of a workflow, and of its job. */
function outputsFrom(
  { job, outputs }: Source,
  offer: Offer,
  menu: readonly Command[],
): Record<string, string> {
  const all = Object.entries(menu.find(({ name }) => name === offer.commands[0])!.outputs);
  const those = all.filter(([name]) => outputs === undefined || outputs.includes(name));
  const value = ([name, text]: readonly [string, string]): string[] => [
    `${name}:`,
    `  description: ${quoted(text)}`,
    `  value: \${{ jobs.${job}.outputs.${name} }}`,
  ];
  return {
    outputs: those.flatMap(value).join("\n"),
    "job-outputs": those.map(([name]) => `${name}: \${{ steps.${job}.outputs.${name} }}`).join("\n"),
  };
}

function given(offer: Offer, offered: readonly (readonly [string, InputSpec])[]): string {
  return offered.map(([name]) => `${name}: \${{ ${expression(name, offer)} }}`).join("\n");
}

function declared(name: string, spec: InputSpec, offer: Offer, type: readonly string[]): string[] {
  const usual = isInsisted(name, offer)
    ? undefined
    : (offer.defaults?.[name] ?? ("default" in spec ? spec.default : undefined));
  const isRequired = offer.required?.[name] ?? spec.required === true;
  return [
    `${name}:`,
    `  description: ${quoted(described(name, spec, offer, type))}`,
    ...type,
    ...(isRequired ? ["  required: true"] : []),
    ...(usual === undefined ? [] : [`  default: ${quoted(usual)}`]),
  ];
}

/** The menu's text, with the choices where nothing else shows them. */
function described(name: string, spec: InputSpec, { notes }: Offer, type: readonly string[]): string {
  const choices = "choices" in spec && spec.choices !== undefined ? spec.choices : [];
  const isShown = type.length > 1 || choices.every((choice) => spec.text.includes(choice));
  const oneOf = isShown ? [] : [`One of: ${choices.join(", ")}.`];
  return [spec.text, ...oneOf, ...(notes?.[name] === undefined ? [] : [notes[name]])].join(" ");
}

/** What has to be said is not said by a default. */
function isInsisted(name: string, { required }: Offer): boolean {
  return required?.[name] === true;
}

/** A number that nobody gives is 0 to GitHub, so that one without a default is a text, which can be empty. */
function callType(spec: InputSpec): string[] {
  if (spec.type === "integer" && spec.default === undefined) return ["  type: string"];
  const types: Partial<Record<InputSpec["type"], string>> = { boolean: "boolean", integer: "number" };
  return [`  type: ${types[spec.type] ?? "string"}`];
}

/**
 * A form shows the first of the choices where none is the default, which would narrow what was not narrowed.
 */
function formType(spec: InputSpec): string[] {
  if (spec.type !== "choice" || spec.default === undefined) return callType(spec);
  return ["  type: choice", `  options: [${spec.choices.join(", ")}]`];
}

/** What started by hand has no field for is not there, and has the default all the same. */
function expression(name: string, { secrets = {}, defaults = {}, form }: Offer): string {
  if (secrets[name] !== undefined) return `secrets.${secrets[name]}`;
  const usual = defaults[name];
  if (usual === undefined || form === undefined || form.includes(name)) return `inputs.${name}`;
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
