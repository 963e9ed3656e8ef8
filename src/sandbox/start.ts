import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { HoldfastError } from "../kernel/errors.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { RunningSandbox, SandboxRequestedSite } from "../ports/sandbox.ts";
import { appService, type AppServicePart } from "./app-service/app-service.ts";
import { appServiceFault } from "./app-service/faults.ts";
import { serve } from "./app-service/front.ts";
import type { AppServiceOptions, Phases, Slot } from "./app-service/world.ts";
import { callFault } from "./router/call-faults.ts";
import { makeCertificates, type Certificates } from "./router/certificate.ts";
import { listen, type Listener } from "./router/listen.ts";
import type { SandboxPart } from "./router/part.ts";
import { findDeno } from "./supabase/find-deno.ts";
import { supabaseParts, type SupabaseParts } from "./supabase/supabase-parts.ts";
import { Router } from "./router/router.ts";

/** A script of faults. Each service has a section of its own; `calls` are those of all of them. */
const script = z.strictObject({
  calls: z.array(callFault).default([]),
  appService: z.array(appServiceFault).default([]),
});

/** What a sandbox is started with. */
export interface SandboxOptions {
  readonly clock: Clock;
  readonly random: Pick<Random, "hex">;
  /** A folder for what lies on the disk while it runs: packages, the authority's certificate. */
  readonly temporary: string;
  /** Keeps processes and the folder from outliving this process; disposing takes that back. */
  readonly guard: (processGroup: number) => Disposable;
  readonly guardFolder: (folder: string) => Disposable;
  /** Node itself, and PATH for packages. */
  readonly node: string;
  readonly path: string;
  /** Of the management address; 0 takes a free one. */
  readonly port: number;
  readonly sites: readonly SandboxRequestedSite[];
  readonly phases: Phases;
  readonly retryAfterSeconds: number;
  /** The script as parsed JSON; undefined for none. */
  readonly faults: unknown;
  readonly heard: (line: string) => void;
  readonly broke: (error: unknown) => void;
  /** Reference of a Supabase project, mounted beside App Service; undefined for none. */
  readonly project?: string;
}

/** A sandbox, with what tests may look at and clients cannot. */
export interface OpenSandbox extends RunningSandbox {
  readonly appService: AppServicePart;
  readonly router: Router;
}

const TIERS: Readonly<Record<string, string>> = {
  F: "Free",
  D: "Shared",
  B: "Basic",
  S: "Standard",
  P: "PremiumV3",
};

/**
 * Starts the sandbox: a management address, and two for each slot. It ends with this process, whatever ends
 * it.
 *
 * @throws input.malformed where the script is not one; sandbox.port where the port is taken
 */
export async function startSandbox(options: SandboxOptions): Promise<OpenSandbox> {
  const { clock, random } = options;
  const faults = scriptOf(options.faults);
  const certificates = makeCertificates(clock.now(), random.hex(8));
  const folder = await mkdtemp(join(options.temporary, "holdfast-sandbox-"));
  const will = options.guardFolder(folder);
  const ended = new AbortController();
  const router = new Router({
    faults: faults.calls,
    ended: ended.signal,
    heard: options.heard,
    broke: options.broke,
  });
  const packages = join(folder, "packages");
  await mkdir(packages);
  const part: AppServicePart = appService({
    clock,
    running: { guard: options.guard, path: `${dirname(options.node)}:${options.path}` },
    node: options.node,
    folder: packages,
    phases: options.phases,
    retryAfterSeconds: options.retryAfterSeconds,
    faults: faults.appService,
    heard: options.heard,
    broke: options.broke,
    open: opener(router, certificates, clock, () => part),
  });
  const deno = findDeno(options.path);
  const parts: readonly SandboxPart[] = [
    part,
    ...(options.project === undefined ? [] : supabaseParts(supabase(options.project, deno, options))),
  ];
  const caFile = join(folder, "ca.pem");
  let management: Listener | undefined;
  const close = async (): Promise<void> => {
    ended.abort(new Error("the sandbox was closed"));
    for (const each of parts) await each[Symbol.asyncDispose]();
    await management?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    will[Symbol.dispose]();
  };
  let closed: Promise<void> | undefined;
  try {
    await writeFile(caFile, certificates.ca);
    management = await listenAt(options.port, router, parts, certificates);
    for (const { subscription, group, name, sku } of options.sites) {
      const tier = TIERS[sku.charAt(0).toUpperCase()];
      if (tier === undefined) throw new Error(`no plan is of size ${sku}`);
      const plan = { name: `${name}-plan`, sku, tier };
      await part.world.addSite({ subscription, group, name, location: "westeurope", plan });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    address: `https://${management.host}`,
    ca: certificates.ca,
    caFile,
    sites: part.world.sites.map(({ subscription, group, name, slots }) => ({
      id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Web/sites/${name}`,
      address: `https://${slots.get("production")!.front.host}`,
    })),
    runsFunctions: deno !== undefined,
    appService: part,
    router,
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function supabase(
  project: string,
  deno: string | undefined,
  { clock, random, guard, heard }: SandboxOptions,
): SupabaseParts {
  return { project, now: () => clock.now().getTime(), hex: (bytes) => random.hex(bytes), deno, guard, heard };
}

async function listenAt(
  port: number,
  router: Router,
  parts: readonly SandboxPart[],
  certificates: Certificates,
): Promise<Listener> {
  try {
    return await listen(
      router.listener(() => parts),
      certificates,
      port,
    );
  } catch (error) {
    throw new HoldfastError("sandbox.port", `the sandbox cannot listen on port ${port} of 127.0.0.1`, {
      hint: "Give another port, or leave it out: then a free one is taken.",
      cause: error,
    });
  }
}

function opener(
  router: Router,
  certificates: Certificates,
  clock: Pick<Clock, "elapsed">,
  part: () => AppServicePart,
): AppServiceOptions["open"] {
  return async (which, siteName, slot: () => Slot) => {
    if (which === "front") {
      return await listen(
        (incoming, response) => void serve(slot(), incoming, response, clock),
        certificates,
      );
    }
    const site = (): ReturnType<AppServicePart["world"]["sites"]["find"]> =>
      part().world.sites.find(({ name, slots }) => name === siteName && [...slots.values()].includes(slot()));
    const parts = [part().kudu(site, slot)];
    return await listen(
      router.listener(() => parts),
      certificates,
    );
  };
}

/** @throws input.malformed */
function scriptOf(text: unknown): z.infer<typeof script> {
  const parsed = script.safeParse(text ?? {});
  if (parsed.success) return parsed.data;
  throw new HoldfastError(
    "input.malformed",
    `the script of faults is not one: ${z.prettifyError(parsed.error).replaceAll("\n", "; ")}`,
    { hint: "Its form is in docs/sandbox.md." },
  );
}
