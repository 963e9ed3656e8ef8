import type { InputSpecs } from "../../commands/define.ts";
import type { ParsedArgv } from "./argv.ts";
import { variableName } from "./missing-hint.ts";
import type { Given, Problem } from "./given.ts";
import { nearest } from "../../kernel/suggest.ts";
import type { Environment } from "./environment.ts";

/** Reads a file of a secret, `-` being standard input; throws with the system's error when it cannot. */
export type ReadSecretFile = (path: string) => Promise<string>;

/** Everything that was given, from every source, and what is wrong with it so far. */
export interface Collected {
  readonly given: Map<string, Given>;
  readonly problems: Problem[];
}

/**
 * The command line first, then `HOLDFAST_<NAME>`; for secrets also `--<name>-file` and
 * `HOLDFAST_<NAME>_FILE`. Defaults come later.
 */
export async function collectCli(
  specs: InputSpecs,
  argv: ParsedArgv,
  env: Environment,
  readFile: ReadSecretFile,
): Promise<Collected> {
  const collected: Collected = { given: new Map(argv.given), problems: [...argv.problems] };
  let stdinTakenBy: string | undefined;
  for (const [name, file] of argv.files) {
    if (collected.given.has(name)) {
      collected.problems.push({
        code: "input.conflict",
        message: `--${name} and ${file.origin} are both given`,
        hint: "Give the secret one way only.",
      });
      continue;
    }
    if (file.texts[0] === "-" && stdinTakenBy !== undefined) {
      collected.problems.push({
        code: "input.conflict",
        message: `${stdinTakenBy} and ${file.origin} both want standard input`,
      });
      continue;
    }
    if (file.texts[0] === "-") stdinTakenBy = file.origin;
    await readInto(collected, name, file.texts[0] ?? "", file.origin, readFile);
  }
  await collectEnvironment(offeredOn("cli", specs), env, readFile, collected);
  return collected;
}

/**
 * The action's inputs as the runner passes them (`INPUT_STORE-SECRET`: upper case, spaces to `_`, dashes
 * kept), then the same environment variables as on the command line.
 *
 * @returns also the inputs that are not of this command and near to none of it; the runner itself
 *   warns about those
 */
export async function collectAction(
  specs: InputSpecs,
  env: Environment,
  readFile: ReadSecretFile,
): Promise<Collected> {
  const collected: Collected = { given: new Map(), problems: [] };
  const byVariable = new Map(
    Object.keys(offeredOn("action", specs)).map((name) => [inputVariable(name), name]),
  );
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("INPUT_") || text === undefined) continue;
    const name = byVariable.get(variable);
    if (name !== undefined) {
      // The runner sets every declared input, those left out to the empty text.
      if (text.trim() !== "") collected.given.set(name, { texts: [text], origin: `input '${name}'` });
      continue;
    }
    // A variable inherited from elsewhere is none of our business; one that is nearly an input is a typing
    // error that would be lost.
    const written = variable.slice("INPUT_".length).toLowerCase();
    const near = nearest(written, [...byVariable.values()]);
    if (near === undefined || text === "") continue;
    collected.problems.push({
      code: "input.unknown",
      message: `there is no input '${written}'; did you mean '${near}'?`,
    });
  }
  await collectEnvironment(offeredOn("action", specs), env, readFile, collected);
  return collected;
}

/** The inputs a surface has; what only the other one has cannot be given here in any way. */
function offeredOn(surface: "cli" | "action", specs: InputSpecs): InputSpecs {
  return Object.fromEntries(
    Object.entries(specs).filter(([, spec]) => spec.only === undefined || spec.only === surface),
  );
}

/** How the runner names the variable of an action's input. */
export function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`;
}

async function collectEnvironment(
  specs: InputSpecs,
  env: Environment,
  readFile: ReadSecretFile,
  collected: Collected,
): Promise<void> {
  for (const [name, spec] of Object.entries(specs)) {
    if (collected.given.has(name)) continue;
    const variable = variableName(name);
    const text = env[variable];
    if (text !== undefined && text.trim() !== "") {
      if (spec.explicit === true) {
        collected.problems.push({
          code: "input.conflict",
          message: `${variable} is set, and '${name}' is never taken from the environment`,
          hint: "Unset the variable, and say it in the call itself where it is meant.",
        });
        continue;
      }
      collected.given.set(name, { texts: [text], origin: variable });
      continue;
    }
    const path = spec.type === "secret" ? env[`${variable}_FILE`] : undefined;
    if (path !== undefined && path !== "") {
      await readInto(collected, name, path, `${variable}_FILE`, readFile);
    }
  }
}

/** What to do about a file that cannot be read. */
function unreadable(reason: string): string {
  if (reason === "ENOENT") {
    return "No file has that name; a relative path begins in the folder where the command was started.";
  }
  if (reason === "EACCES") {
    return "The user who runs this may not read it; give it to that user, or its group, and to nobody else.";
  }
  return reason === "EISDIR"
    ? "That is a folder; name the file in it."
    : "Check the file, and that its disk works.";
}

async function readInto(
  collected: Collected,
  name: string,
  path: string,
  origin: string,
  readFile: ReadSecretFile,
): Promise<void> {
  // A file that cannot be read counts as given, so that it is not reported a second time as missing.
  const shown = path === "-" ? "standard input" : `the file '${path}'`;
  try {
    const text = (await readFile(path)).replace(/^\uFEFF/, "").trim();
    if (text === "") {
      collected.problems.push({ code: "input.malformed", message: `${origin}: ${shown} is empty` });
    }
    collected.given.set(name, { texts: [text === "" ? "?" : text], origin });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unreadable";
    collected.problems.push({
      code: "input.malformed",
      message: `${origin}: ${shown} cannot be read (${reason})`,
      hint: unreadable(reason),
    });
    collected.given.set(name, { texts: ["?"], origin });
  }
}
