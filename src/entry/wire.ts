import { tmpdir } from "node:os";
import { systemClock } from "../adapters/system/clock.ts";
import { systemDisk } from "../adapters/system/disk.ts";
import { endWithUs, removeWithUs } from "../adapters/system/last-will.ts";
import { systemRandom } from "../adapters/system/random.ts";
import { withVariables } from "../adapters/system/with-variables.ts";
import { sweepFolders } from "../adapters/system/temporary-folders.ts";
import type { JobRunner } from "../adapters/actions-runner/runner.ts";
import { terminalLog } from "../adapters/terminal/terminal-log.ts";
import type { TextOutput } from "../adapters/terminal/text-output.ts";
import { sharedTools } from "../adapters/pg-tools/shared-tools.ts";
import type { TokenSource } from "../adapters/azure-blob/token-source.ts";
import { formatDuration } from "../kernel/duration.ts";
import { HoldfastError } from "../kernel/errors.ts";
import type { Redactor } from "../kernel/redact.ts";
import type { Secret } from "../kernel/secret.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Forge } from "../ports/forge.ts";
import type { FunctionHost } from "../ports/function-host.ts";
import type { Log } from "../ports/log.ts";
import type { Ports } from "../ports/ports.ts";
import type { RunIdentity } from "../ports/run-identity.ts";
import { hideCredentials } from "./inputs/mask.ts";
import { storeUrlHint } from "./inputs/store-url.ts";
import type { Environment } from "./inputs/environment.ts";
import { functionsAccess } from "./inputs/functions-access.ts";
import { forgeAccess } from "./inputs/forge-access.ts";
import { silenceLimit } from "./inputs/silence-limit.ts";
import { storeCredentials } from "./inputs/store-credentials.ts";
import { VERSION } from "./process/version.ts";

/**
 * The only file that picks adapters. Each loads when it is first used: what a command does not touch
 * costs it nothing.
 */

export type { JobRunner };

/** What clients of services need of this process. */
const SYSTEM = { version: VERSION, clock: systemClock, random: systemRandom } as const;

/** What differs between a terminal and a job runner. */
export interface ProcessFacts {
  readonly surface: Ports["surface"];
  readonly env: Environment;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly cancelled: AbortSignal;
  readonly run: RunIdentity;
  /** In Actions: the runner, for masks and for what the post step must know. */
  readonly runner?: JobRunner;
}

/** Everything a command may reach. */
export function makePorts(around: ProcessFacts): Ports {
  const { env, runner, log } = around;
  const disk = systemDisk();
  const bounds = { silenceMs: silenceLimit(env), tell: (text: string) => log.info(text) };
  const shared = sharedTools({
    env,
    disk,
    guard: endWithUs,
    bounds: {
      ...bounds,
      askServer: async (...asked) => (await import("../adapters/postgres/activity.ts")).askServer(...asked),
    },
  });
  const common: Ports = {
    clock: systemClock,
    random: systemRandom,
    disk,
    log,
    openStore: (url, secret) => openStore(url, secret, around),
    openForge: (...asked) => openForge(asked, around),
    async openNotifications(...asked) {
      const { GithubNotifications } = await import("../adapters/github/github-notifications.ts");
      return new GithubNotifications((await openForge(asked, around)).issues);
    },
    openFunctions: (...asked) => openFunctions(asked, around),
    async openAdvisories(registry) {
      const { npmAdvisories } = await import("../adapters/npm-registry/advisories.ts");
      return npmAdvisories({ registry, version: VERSION, cancelled: around.cancelled });
    },
    ...rolloutPorts(around),
    async openDatabase(address) {
      const { postgresDatabase } = await import("../adapters/postgres/database.ts");
      return postgresDatabase(address, { ...bounds, cancelled: around.cancelled });
    },
    async sourceTree() {
      const { checkout } = await import("../adapters/source-tree/checkout.ts");
      return checkout({ env });
    },
    async sourceHistory(folder) {
      const { gitHistory } = await import("../adapters/source-tree/history.ts");
      return gitHistory({ env, folder });
    },
    async sourceRefs(folder) {
      const { gitRefs } = await import("../adapters/source-tree/refs.ts");
      return gitRefs({ env, folder, disk });
    },
    async releaseCalculation() {
      const { semanticReleaseCalculation } = await import("../adapters/semantic-release/calculate.ts");
      return semanticReleaseCalculation({ path: env["PATH"], variables: withVariables });
    },
    async workTree() {
      const { gitWorkTree } = await import("../adapters/source-tree/work-tree.ts");
      return gitWorkTree({ env });
    },
    async pullRequestEvent() {
      const path = eventPath(env);
      if (path === undefined) return undefined;
      const { pullRequestEvent } = await import("../adapters/actions-runner/pull-request-event.ts");
      return pullRequestEvent(path, Number(env["GITHUB_RUN_ATTEMPT"] ?? 1));
    },
    async mergeGroupEvent() {
      const path = eventPath(env);
      if (path === undefined) return undefined;
      const { mergeGroupEvent } = await import("../adapters/actions-runner/pull-request-event.ts");
      return mergeGroupEvent(path);
    },
    dumpTools: () => shared.tools(),
    async scratchServers() {
      const [{ localScratchServers }, { serverInstallations }] = await Promise.all([
        import("../adapters/scratch-server/scratch-servers.ts"),
        import("../adapters/pg-tools/dump-tools.ts"),
      ]);
      return localScratchServers({ installations: () => serverInstallations({ env }), disk });
    },
    variable: (name) => env[name],
    mask(secret) {
      runner?.mask(secret);
      around.redactor.add(secret);
    },
    cancelled: around.cancelled,
    run: around.run,
    version: VERSION,
    surface: around.surface,
  };
  if (runner === undefined) return common;
  return {
    ...common,
    remember: (key, value) => runner.remember(key, value),
    async toolInstaller() {
      const { aptClientTools } = await import("../adapters/actions-runner/client-tools.ts");
      const installer = aptClientTools({ log, env, now: () => systemClock.now() });
      return { install: (major) => installer.install(major).finally(() => shared.forget()) };
    },
  };
}

/** The file of the event that the job runs for; a step may start the command line as well as the action. */
function eventPath(env: Environment): string | undefined {
  return env["GITHUB_ACTIONS"] === "true" ? env["GITHUB_EVENT_PATH"] || undefined : undefined;
}

async function openForge(
  [repository, token]: Parameters<Ports["openForge"]>,
  { env, log, cancelled }: ProcessFacts,
): Promise<Forge> {
  const { repository: name, ...where } = forgeAccess(repository, token, env);
  const { githubForge } = await import("../adapters/github/github-forge.ts");
  return githubForge(name, { ...where, ...SYSTEM, log, cancelled });
}

async function openFunctions(
  [project, token, key]: Parameters<Ports["openFunctions"]>,
  { env, log, cancelled }: ProcessFacts,
): Promise<FunctionHost> {
  const where = functionsAccess(project, token, env);
  const { supabaseFunctions } = await import("../adapters/supabase/supabase-functions.ts");
  return supabaseFunctions({ project, ...where, key, ...SYSTEM, log, cancelled });
}

/** The longest time for all tries of one call to a store, in milliseconds, and in silences. */
const STORE_BUDGET_MS = 5 * 60_000;
const STORE_SILENCES = 4;

/** Opens a store by the scheme of its URL, with retry around it. */
async function openStore(url: string, secret: Secret | undefined, around: ProcessFacts): Promise<BlobStore> {
  const { retrying } = await import("../adapters/store-decorators/retrying.ts");
  return retrying(await openBareStore(url, secret, around), {
    clock: systemClock,
    random: systemRandom,
    log: around.log,
    cancelled: around.cancelled,
    budgetMs: Math.min(STORE_BUDGET_MS, STORE_SILENCES * silenceLimit(around.env)),
  });
}

async function openBareStore(
  url: string,
  secret: Secret | undefined,
  around: ProcessFacts,
): Promise<BlobStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  const silenceMs = silenceLimit(around.env);
  if (scheme === "file") {
    const { openFileStore } = await import("../adapters/file-store/file-store.ts");
    const limits = { silenceMs, cancelled: around.cancelled, tell: (text: string) => around.log.info(text) };
    return openFileStore(url, { random: systemRandom, limits });
  }
  if (scheme === "azure") {
    const credentials = storeCredentials(secret, around.env);
    const [{ openAzureStore, IDLE_MS }, { patienceWithin }] = await Promise.all([
      import("../adapters/azure-blob/azure-store.ts"),
      import("../adapters/azure-blob/deadline.ts"),
    ]);
    const onRetry = (error: unknown, attempt: number, delayMs: number): void => {
      const why = error instanceof Error ? error.message : String(error);
      around.log.info(
        `the store did not answer (try ${attempt}), again in ${formatDuration(delayMs)}: ${why}`,
      );
    };
    const endpoint = around.env["AZURE_STORAGE_BLOB_ENDPOINT"] || undefined;
    const options = {
      ...SYSTEM,
      onRetry,
      cancelled: around.cancelled,
      patience: patienceWithin(silenceMs),
      idleMs: Math.min(IDLE_MS, silenceMs),
      env: around.env,
      onSlow: (message: string) => around.log.warn(message),
      endpoint,
    };
    return await openAzureStore(
      url,
      credentials === "login" ? await azureLogin(around) : credentials,
      options,
    );
  }
  const what = `store is '${hideCredentials(url)}', which is no kind of store Holdfast knows`;
  throw new HoldfastError("input.malformed", what, { hint: storeUrlHint(url) });
}

/** What runs, and where it can be tried. */
function rolloutPorts(
  around: ProcessFacts,
): Pick<Ports, "openSlotHost" | "startSandbox" | "web" | "programs"> {
  const { env, log } = around;
  return {
    web: {
      get: async (...call) => (await import("../adapters/system/web.ts")).systemWeb(VERSION).get(...call),
    },
    programs: {
      run: async (...call) =>
        (await import("../adapters/system/programs.ts")).systemPrograms(env).run(...call),
    },
    async openSlotHost(app) {
      const { appServiceSlots } = await import("../adapters/app-service/slots.ts");
      const endpoint = managementEndpoint(env);
      return appServiceSlots(app, {
        endpoint: endpoint.origin,
        tokens: await managementTokens(endpoint, around),
        ...SYSTEM,
        log,
        temporary: tmpdir(),
      });
    },
    async startSandbox({ phaseMs, ...request }) {
      const { startSandbox } = await import("../sandbox/start.ts");
      return await startSandbox({
        ...request,
        phases: { provisionMs: phaseMs, buildMs: phaseMs, applyMs: phaseMs, flipMs: phaseMs },
        clock: systemClock,
        random: systemRandom,
        temporary: tmpdir(),
        guard: endWithUs,
        guardFolder: removeWithUs,
        node: process.execPath,
        path: env["PATH"] ?? "",
        broke: (error) => log.warn(`the sandbox itself is at fault: ${String(error)}`),
      });
    },
  };
}

/** Azure's public cloud; another cloud's, or a sandbox's, is named by the environment. */
const MANAGEMENT = "https://management.azure.com";

/** @throws input.malformed */
function managementEndpoint(env: Environment): URL {
  const text = env["AZURE_RESOURCE_MANAGER_ENDPOINT"] || MANAGEMENT;
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint?.protocol === "https:") return endpoint;
  throw new HoldfastError(
    "input.malformed",
    "AZURE_RESOURCE_MANAGER_ENDPOINT is not an address that begins with https://",
    { hint: `Leave it out for Azure's public cloud (${MANAGEMENT}), or give what the sandbox printed.` },
  );
}

/**
 * Who we are at Azure. A sandbox on this machine takes any token, so it is not shown a real one.
 */
async function managementTokens({ hostname }: URL, around: ProcessFacts): Promise<TokenSource> {
  if (hostname === "127.0.0.1" || hostname === "localhost" || hostname === "[::1]") {
    return {
      getToken: async () => ({
        token: "sandbox",
        expiresOnTimestamp: systemClock.now().getTime() + 24 * 60 * 60_000,
      }),
    };
  }
  const { tokenSource } = await azureLogin(around);
  return tokenSource ?? new (await import("@azure/identity")).DefaultAzureCredential();
}

/**
 * In a job that may ask GitHub for OIDC tokens and says who it is in Entra ID, every access token is bought
 * with a fresh one, so that a long backup outlives the hour an `azure/login` session lasts. Everywhere else
 * Azure's library looks for a login itself.
 */
async function azureLogin({ env, runner }: ProcessFacts): Promise<{ tokenSource?: TokenSource }> {
  const [tenantId = "", clientId = "", requestUrl = ""] = [
    env["AZURE_TENANT_ID"],
    env["AZURE_CLIENT_ID"],
    env["ACTIONS_ID_TOKEN_REQUEST_URL"],
  ];
  if (runner === undefined || tenantId === "" || clientId === "" || requestUrl === "") return {};
  const { githubOidcSource } = await import("../adapters/azure-blob/github-oidc.ts");
  return {
    tokenSource: await githubOidcSource({
      tenantId,
      clientId,
      getIdToken: (audience) => runner.idToken(audience),
      env,
    }),
  };
}

/**
 * Stops and removes what runs that are gone have left on this machine: scratch servers and folders of plain
 * archives. Says what it removed.
 */
export async function sweepPrivateFolders(log: Pick<Log, "info">): Promise<void> {
  const { sweepScratch } = await import("../adapters/scratch-server/sweep.ts");
  for (const folder of await sweepScratch()) {
    log.info(`removed the scratch server in ${folder}, which a run had left behind`);
  }
  for (const folder of await sweepFolders()) log.info(`removed ${folder}, which a run had left behind`);
}

/** The log of the command line; live where standard error is a terminal that can redraw. */
export function cliLog(
  output: TextOutput,
  options: {
    readonly color: boolean;
    readonly live: boolean;
    readonly verbose: boolean;
    readonly redactor: Redactor;
  },
): Log {
  const { color, live, verbose, redactor } = options;
  return terminalLog(output, {
    color,
    live,
    verbose,
    redact: (text) => redactor.redact(text),
    elapsed: () => systemClock.elapsed(),
  });
}

/** The runner of this job and its log; loads GitHub's toolkit. */
export async function actionRunner(
  env: Environment,
  redactor: Redactor,
): Promise<{ runner: JobRunner; log: Log }> {
  const { openJobRunner } = await import("../adapters/actions-runner/runner.ts");
  const runner = openJobRunner(env);
  return {
    runner,
    log: runner.log(
      (text) => redactor.redact(text),
      () => systemClock.elapsed(),
    ),
  };
}
