import { formatDuration } from "../../kernel/duration.ts";
import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import type { Ports } from "../../ports/ports.ts";
import type { RunningSandbox } from "../../ports/sandbox.ts";

/** The parsed inputs of `holdfast sandbox`; times in milliseconds. */
export interface SandboxInputs {
  readonly app: string;
  readonly resourceGroup: string;
  readonly subscription: string;
  readonly plan: string;
  readonly project: string;
  readonly port: number;
  readonly phase: number;
  readonly faults: string | undefined;
  readonly readyFile: string | undefined;
  readonly for: number | undefined;
}

export type SandboxPorts = Pick<
  Ports,
  "startSandbox" | "sourceTree" | "disk" | "clock" | "log" | "cancelled" | "surface"
>;

/** Longer nobody plays without a break: its certificates end after a week. */
const LONGEST_MS = 6 * 24 * 60 * 60_000;

/**
 * Runs a sandbox until it is told to end.
 *
 * @throws input.missing in Actions without `for`, input.malformed, source.missing, sandbox.port
 */
export async function runSandbox(inputs: SandboxInputs, ports: SandboxPorts): Promise<Outcome> {
  const { clock, log, cancelled, surface } = ports;
  if (surface === "action" && inputs.for === undefined) {
    throw new HoldfastError("input.missing", "input 'for' is required in Actions", {
      hint: "Give a time after which the sandbox ends by itself, such as 10m.",
    });
  }
  const faults = inputs.faults === undefined ? undefined : await scriptOf(inputs.faults, ports);
  await using running = await ports.startSandbox({
    port: inputs.port,
    sites: [
      {
        subscription: inputs.subscription,
        group: inputs.resourceGroup,
        name: inputs.app,
        sku: inputs.plan,
      },
    ],
    project: inputs.project,
    phaseMs: inputs.phase,
    retryAfterSeconds: Math.ceil(inputs.phase / 1000),
    faults,
    heard: (line) => log.info(line),
  });
  const facts = factsOf(running);
  if (inputs.readyFile !== undefined) await writeReady(inputs.readyFile, facts, ports);
  tell(running, facts, ports);
  const began = clock.elapsed();
  try {
    await clock.sleep(Math.min(inputs.for ?? LONGEST_MS, LONGEST_MS), cancelled);
  } catch (error) {
    // Being told to end is how it ends.
    if (!cancelled.aborted) throw error;
  }
  return {
    exit: EXIT.done,
    outputs: { address: running.address, "app-id": facts.appId },
    report: {
      good: true,
      headline: `the sandbox ran for ${formatDuration(Math.round(clock.elapsed() - began))} and has ended`,
      tables: [],
      notes: [],
    },
  };
}

interface Facts {
  readonly appId: string;
  readonly appAddress: string;
  readonly environment: Readonly<Record<string, string>>;
}

function factsOf({ address, caFile, sites }: RunningSandbox): Facts {
  const [site] = sites;
  if (site === undefined) throw new Error("a sandbox without its app");
  return {
    appId: site.id,
    appAddress: site.address,
    environment: {
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_RESOURCE_MANAGER_ENDPOINT: address,
      HOLDFAST_SUPABASE_API: address,
      HOLDFAST_SUPABASE_FUNCTIONS: `${address}/functions/v1`,
    },
  };
}

function tell({ address, caFile, runsFunctions }: RunningSandbox, facts: Facts, { log }: SandboxPorts): void {
  log.info(`management: ${address}`);
  log.info(`app: ${facts.appAddress} (${facts.appId})`);
  log.info(`authority of its certificates: ${caFile}`);
  log.info("clients need:");
  for (const [name, value] of Object.entries(facts.environment)) {
    log.info(`  export ${name}=${shellWord(value)}`);
  }
  if (!runsFunctions) log.info("there is no deno on the PATH: functions are kept, and answer 501");
  log.info("it runs until Ctrl-C");
}

/** @throws source.missing, input.malformed */
async function scriptOf(path: string, ports: SandboxPorts): Promise<unknown> {
  const bytes = await (await ports.sourceTree()).file(path);
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch (cause) {
    throw new HoldfastError("input.malformed", `faults '${path}' is no JSON`, {
      hint: "A script is one JSON object; its form is in docs/sandbox.md.",
      cause,
    });
  }
}

/** @throws input.malformed where it is there already, or cannot be made */
async function writeReady(path: string, facts: Facts, { disk }: SandboxPorts): Promise<void> {
  const content: Json = {
    address: facts.environment["AZURE_RESOURCE_MANAGER_ENDPOINT"] ?? "",
    "app-id": facts.appId,
    "app-address": facts.appAddress,
    environment: facts.environment,
  };
  try {
    await disk.keep(path, Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new HoldfastError("input.malformed", `ready-file '${path}' cannot be written: ${why}`, {
      hint: "Name a new file in an existing folder that you may write.",
      cause,
    });
  }
}
