import type { AdvisorySource } from "./advisory-source.ts";
import type { Secret } from "../kernel/secret.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Clock, Random } from "./clock.ts";
import type { Database, DatabaseAddress } from "./database.ts";
import type { Disk } from "./disk.ts";
import type { DumpTools } from "./dump-tools.ts";
import type { Forge } from "./forge.ts";
import type { FunctionHost } from "./function-host.ts";
import type { Log } from "./log.ts";
import type { Notifications } from "./notifications.ts";
import type { ScratchServers } from "./scratch-server.ts";
import type { MergeGroupEvent, PullRequestEvent } from "./pull-request-event.ts";
import type { CalculateRelease } from "./release-calculation.ts";
import type { Programs } from "./programs.ts";
import type { Web } from "./web.ts";
import type { SourceHistory } from "./source-history.ts";
import type { SourceRefs } from "./source-refs.ts";
import type { SourceTree } from "./source-tree.ts";
import type { StartSandbox } from "./sandbox.ts";
import type { AppAddress, SlotHost } from "./slot-host.ts";
import type { ToolInstaller } from "./tool-installer.ts";
import type { RunIdentity } from "./run-identity.ts";
import type { WorkTree } from "./work-tree.ts";

/**
 * Everything a command may reach, made by `entry/wire.ts`. Adapters load only when a function here is called.
 */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly disk: Disk;
  /**
   * Where the repository is kept: GitHub. `repository` is `owner/name`, by default that of the job this runs
   * in; the token comes from `token` or the standard environment.
   */
  openForge(repository: string | undefined, token: Secret | undefined): Promise<Forge>;
  /** Where people are told of what happened: issues of a repository, given as to {@link openForge}. */
  openNotifications(repository: string | undefined, token: Secret | undefined): Promise<Notifications>;
  /**
   * Where edge functions run: a project at Supabase. The token comes from `token` or the standard
   * environment; with `key` functions are called that ask for a signed token.
   */
  openFunctions(project: string, token: Secret | undefined, key: Secret | undefined): Promise<FunctionHost>;
  /** Who knows of vulnerabilities of npm's packages: the registry at an address. */
  openAdvisories(registry: string): Promise<AdvisorySource>;
  /** Opens a store URL with retry around it; credentials come from `secret` or the standard environment. */
  openStore(url: string, secret: Secret | undefined): Promise<BlobStore>;
  openDatabase(address: DatabaseAddress): Promise<Database>;
  /**
   * Slots of an app, at Azure or at the management address that AZURE_RESOURCE_MANAGER_ENDPOINT names.
   *
   * @throws input.malformed where that is no address
   */
  openSlotHost(app: AppAddress): Promise<SlotHost>;
  /** Addresses that anybody may ask. */
  readonly web: Web;
  /** Programs that settings name. */
  readonly programs: Programs;
  /** Services played on this machine. */
  readonly startSandbox: StartSandbox;
  /** Files of the checkout this runs in, and their history. */
  sourceTree(): Promise<SourceTree>;
  /**
   * The history of the repository that a folder of this machine is in.
   *
   * @throws source.missing, source.history
   */
  sourceHistory(folder: string): Promise<SourceHistory>;
  /** Branches and tags of that repository. */
  sourceRefs(folder: string): Promise<SourceRefs>;
  /** Works out which version comes next. */
  releaseCalculation(): Promise<CalculateRelease>;
  /**
   * The pull request that this job runs for; undefined where it runs for none, and
   * outside of a job.
   *
   * @throws source.unreadable
   */
  pullRequestEvent(): Promise<PullRequestEvent | undefined>;
  /**
   * The checkout that this runs in, to be written.
   *
   * @throws source.history where it is none
   */
  workTree(): Promise<WorkTree>;
  /**
   * The merge group that this job runs for; undefined where it runs for none, and
   * outside of a job.
   *
   * @throws source.unreadable
   */
  mergeGroupEvent(): Promise<MergeGroupEvent | undefined>;
  dumpTools(): Promise<DumpTools>;
  scratchServers(): Promise<ScratchServers>;
  /**
   * Installs missing PostgreSQL programs; absent where Holdfast has no business installing
   * anything (the CLI).
   */
  toolInstaller?(): Promise<ToolInstaller>;
  /**
   * Keeps a value for the action's post step, which runs even after a cancelled or crashed main step; absent
   * in the CLI. Never a secret. The keys are those of `remembered.ts`.
   */
  remember?(key: string, value: string): void;
  /**
   * A variable of the environment that a setting names; undefined where it is not set. Inputs come from the
   * entry, never from here.
   */
  variable(name: string): string | undefined;
  /** Registers a secret learnt at run time with the redactor (and the runner's mask). */
  mask(secret: string): void;
  /** Aborts when the process is asked to stop (SIGINT, SIGTERM, cancelled job). */
  readonly cancelled: AbortSignal;
  /** Who runs this, for manifests, receipts and locks. */
  readonly run: RunIdentity;
  readonly version: string;
  /** Where this runs; only for choosing words and defaults, never for rights. */
  readonly surface: "cli" | "action";
}
