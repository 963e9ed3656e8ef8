import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { KeygenPorts } from "./ports.ts";
import { recoveryKit } from "./recovery-kit.ts";

/** Where to put what is made; see `src/commands/backups/keygen.ts`. */
export interface KeygenInputs {
  readonly output: string | undefined;
  readonly kit: string | undefined;
}

/**
 * Makes a new age identity.
 *
 * Order: the identity first, the kit second. A kit for a key that was lost again would invite people to
 * encrypt to it.
 *
 * @throws input.missing in Actions without `output`, input.conflict, input.malformed when a file exists or
 *   cannot be made
 */
export async function runKeygen(inputs: KeygenInputs, ports: KeygenPorts): Promise<Outcome> {
  if (ports.surface === "action" && inputs.output === undefined) {
    throw new HoldfastError(
      "input.missing",
      "input 'output' is required in Actions: a key must never be printed in a job log",
      {
        hint:
          "Give the path of a file on a disk that outlives the job and that only you can read, or run " +
          "keygen on your own machine.",
      },
    );
  }
  if (inputs.output !== undefined && inputs.output === inputs.kit) {
    throw new HoldfastError("input.conflict", `output and kit are the same file '${inputs.output}'`, {
      hint: "Name two files: the kit may be shown around, the key may not.",
    });
  }
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const identity = await generateX25519Identity();
  if (ports.surface === "action") ports.mask(identity);
  const recipient = await identityToRecipient(identity);
  const madeAt = ports.clock.now();
  const text = identityFile(identity, recipient, madeAt);
  if (inputs.output !== undefined) await create(ports, "output", inputs.output, text);
  if (inputs.kit !== undefined) {
    await create(ports, "kit", inputs.kit, recoveryKit({ recipient, madeAt, identityFile: inputs.output }));
  }
  return {
    exit: EXIT.done,
    outputs: {
      recipient,
      "identity-file": inputs.output ?? "",
      "kit-file": inputs.kit ?? "",
      identity: inputs.output === undefined ? identity : "",
    },
    report: {
      good: true,
      headline: `made a new key; its public half is ${recipient}`,
      tables: [],
      notes: notes(inputs),
    },
    ...(inputs.output === undefined ? { product: text } : {}),
  };
}

/** The format age-keygen writes, which `age --identity` reads. */
function identityFile(identity: string, recipient: string, madeAt: Date): string {
  return (
    `# created: ${madeAt.toISOString().replace(/\.\d{3}Z$/, "Z")}\n# public key: ` +
    `${recipient}\n${identity}\n`
  );
}

function notes(inputs: KeygenInputs): string[] {
  return [
    inputs.output === undefined
      ? "The identity above is shown this once and stored nowhere: keep it where an attacker " +
        "of the database cannot reach it."
      : `The identity is in ${inputs.output}, readable only by you: move it where an attacker ` +
        "of the database cannot reach it.",
    ...(inputs.kit === undefined
      ? []
      : [`The recovery kit is ${inputs.kit}; print it or keep it beside the key.`]),
    "Give the public key to `holdfast backup --recipients`; give the identity to `validate` " +
      "and `restore` only.",
  ];
}

/** What the file system may answer to a path a person chose, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: "it exists already and is never overwritten",
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder does not exist",
  EACCES: "its folder may not be written",
  EPERM: "its folder may not be written",
  EROFS: "its disk is read-only",
  EISDIR: "it is a folder",
};

async function create(ports: KeygenPorts, input: string, path: string, text: string): Promise<void> {
  try {
    await ports.disk.keep(path, Buffer.from(text));
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
    if (reason === undefined) throw error;
    throw new HoldfastError("input.malformed", `${input} '${path}' cannot be written: ${reason}`, {
      hint: "Name a new file in an existing folder that you may write.",
      cause: error,
    });
  }
}
