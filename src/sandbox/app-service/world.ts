import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Json } from "../../kernel/outcome.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Listener } from "../router/listen.ts";
import type { Deployment } from "./deployment.ts";
import { SITE_DEFAULTS, type Configuration } from "./configuration.ts";
import { AppServiceFaults, type AppServiceFault } from "./faults.ts";
import type { Start } from "./package.ts";
import { RunningApp, type Running } from "./running-app.ts";
import { PRODUCTION, SiteRefusal } from "./words.ts";

/**
 * How long the phases of what takes long in Azure take here, in milliseconds; all zero is as fast as it goes.
 */
export interface Phases {
  /** Making a slot. */
  readonly provisionMs: number;
  /** Building what was uploaded. */
  readonly buildMs: number;
  /** Bringing the target's settings to the source, before its restart. */
  readonly applyMs: number;
  /** Between a good warm-up and the exchange of addresses. */
  readonly flipMs: number;
}

/** A plan, as far as slots hang on it. */
export interface Plan {
  readonly name: string;
  readonly sku: string;
  readonly tier: string;
}

/** What runs behind an address, and goes with a swap. */
export interface Content {
  readonly deployments: Deployment[];
  start: Start | undefined;
  app: RunningApp | undefined;
}

/** A slot: what stays when contents are exchanged. */
export interface Slot {
  readonly name: string;
  readonly front: Listener;
  readonly scm: Listener;
  settings: Readonly<Record<string, string>>;
  /** `SiteConfig`; some of it goes with a content. */
  config: Configuration;
  /** Properties of the site itself, which stay. */
  site: Configuration;
  tags: Readonly<Record<string, string>>;
  /** Connection strings and mounts by their names, as the API shows them; they go with a content. */
  resources: Resources;
  content: Content;
  isAuthOn: boolean;
  /** Where its pending preview leads; the other end has it as {@link previewOf}. */
  targetSwapSlot: string | undefined;
  previewOf: string | undefined;
  swapped: { readonly at: Date; readonly source: string; readonly target: string } | undefined;
  /** Milliseconds of the clock until which its address answers 503. */
  unavailableUntil: number;
  /** Restarts of its app, for tests of what a restart really is. */
  restarts: number;
}

export interface Resources {
  readonly connectionStrings: Readonly<Record<string, Json>>;
  readonly azureStorageAccounts: Readonly<Record<string, Json>>;
}

const NO_RESOURCES: Resources = { connectionStrings: {}, azureStorageAccounts: {} };

/** What a slot is made with beside its settings. */
export type OfSlot = Pick<Slot, "config" | "site" | "tags" | "resources">;

/** Something that takes long, and can be asked how it goes. */
export interface Operation {
  readonly id: string;
  readonly name: string;
  readonly slot: string;
  readonly began: Date;
  ended: { readonly failure: SiteRefusal | undefined } | undefined;
}

export interface Site {
  readonly subscription: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly plan: Plan;
  readonly slots: Map<string, Slot>;
  readonly operations: Map<string, Operation>;
  /** Names of settings that stay in their slot. */
  sticky: readonly string[];
  /** The same of connection strings and mounts. */
  stickyResources: Readonly<Record<keyof Resources, readonly string[]>>;
}

/** What this part needs from outside. */
export interface AppServiceOptions {
  readonly clock: Clock;
  readonly running: Omit<Running, "clock" | "printed">;
  /** Node, for packages that name a file and no command. */
  readonly node: string;
  /** Packages are unpacked below; an empty folder of ours. */
  readonly folder: string;
  readonly phases: Phases;
  /** What clients are told to wait before they ask how something goes. */
  readonly retryAfterSeconds: number;
  readonly faults: readonly AppServiceFault[];
  /** Hears what packages print, and what happens to slots. */
  readonly heard: (line: string) => void;
  readonly broke: (error: unknown) => void;
  /** Opens the address of a slot, and that of its deployment service. */
  readonly open: (which: "front" | "scm", site: string, slot: () => Slot) => Promise<Listener>;
}

/** How many slots a tier has beside production: Azure's limits of App Service. */
const SLOTS_OF: Readonly<Record<string, number>> = {
  Free: 0,
  Shared: 0,
  Basic: 0,
  Standard: 5,
  Premium: 20,
  PremiumV2: 20,
  PremiumV3: 20,
};

/** Everything that is played of App Service: sites with their slots, and what is going on with them. */
export class World implements AsyncDisposable {
  readonly options: AppServiceOptions;
  readonly faults: AppServiceFaults;
  readonly sites: Site[] = [];
  readonly #ended = new AbortController();
  readonly #works = new Set<Promise<void>>();

  constructor(options: AppServiceOptions) {
    this.options = options;
    this.faults = new AppServiceFaults(options.faults);
  }

  /** Aborts when the sandbox is closed. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Makes a site with its production slot. */
  async addSite(of: Omit<Site, "slots" | "operations" | "sticky" | "stickyResources">): Promise<Site> {
    const site: Site = {
      ...of,
      slots: new Map(),
      operations: new Map(),
      sticky: [],
      stickyResources: { connectionStrings: [], azureStorageAccounts: [] },
    };
    await this.addSlot(site, PRODUCTION, {});
    this.sites.push(site);
    return site;
  }

  findSite(subscription: string, group: string, name: string): Site | undefined {
    const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
    return this.sites.find(
      (each) => same(each.subscription, subscription) && same(each.group, group) && same(each.name, name),
    );
  }

  /** @throws SiteRefusal where the plan has no room for one more */
  requireRoom(site: Site): void {
    const most = SLOTS_OF[site.plan.tier] ?? 0;
    if (site.slots.size - 1 < most) return;
    throw new SiteRefusal(
      409,
      "Conflict",
      `Cannot complete the operation because the site will exceed the number of slots allowed for the ` +
        `'${site.plan.tier}' SKU.`,
    );
  }

  async addSlot(
    site: Pick<Site, "name" | "slots">,
    name: string,
    settings: Readonly<Record<string, string>>,
    { config = {}, site: own = {}, tags = {}, resources = NO_RESOURCES }: Partial<OfSlot> = {},
  ): Promise<Slot> {
    const { open } = this.options;
    const itself = (): Slot => slot;
    const [front, scm] = [await open("front", site.name, itself), await open("scm", site.name, itself)];
    const slot: Slot = {
      name,
      front,
      scm,
      settings,
      config,
      site: { ...SITE_DEFAULTS, ...own },
      tags,
      resources,
      content: { deployments: [], start: undefined, app: undefined },
      isAuthOn: false,
      targetSwapSlot: undefined,
      previewOf: undefined,
      swapped: undefined,
      unavailableUntil: 0,
      restarts: 0,
    };
    site.slots.set(name.toLowerCase(), slot);
    return slot;
  }

  async removeSlot(site: Site, slot: Slot): Promise<void> {
    site.slots.delete(slot.name.toLowerCase());
    await endSlot(slot);
  }

  /**
   * Starts what lies behind an address anew, with these settings.
   *
   * @param name of the slot whose address it is behind, for what it prints
   */
  async restart(content: Content, settings: Readonly<Record<string, string>>, name: string): Promise<void> {
    const { clock, running, heard } = this.options;
    const { app, start } = content;
    content.app = undefined;
    await app?.[Symbol.asyncDispose]();
    if (start === undefined || this.ended.aborted) return;
    content.app = await RunningApp.start(start, settings, {
      ...running,
      clock,
      printed: (line) => heard(`${name}: ${line}`),
    });
    // The sandbox may have been closed while it was started.
    if (this.ended.aborted) await content.app[Symbol.asyncDispose]();
  }

  async restartSlot(slot: Slot): Promise<void> {
    slot.restarts += 1;
    await this.restart(slot.content, slot.settings, slot.name);
  }

  /** An empty folder for one package. */
  async newFolder(): Promise<string> {
    const folder = join(this.options.folder, randomUUID());
    await mkdir(folder);
    return folder;
  }

  /** Begins something that takes long; it is waited for when the sandbox is closed. */
  begin(site: Site, name: string, slot: string, work: () => Promise<void>): Operation {
    const operation: Operation = {
      id: randomUUID(),
      name,
      slot,
      began: this.options.clock.now(),
      ended: undefined,
    };
    site.operations.set(operation.id, operation);
    this.track(
      work().then(
        () => void (operation.ended = { failure: undefined }),
        (error: unknown) => {
          const failure = error instanceof SiteRefusal ? error : broken(error);
          if (!(error instanceof SiteRefusal) && !this.ended.aborted) this.options.broke(error);
          operation.ended = { failure };
        },
      ),
    );
    return operation;
  }

  /** Remembers a piece of work, so that nothing goes on behind a closed sandbox. */
  track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#works.delete(tracked));
    this.#works.add(tracked);
  }

  /** @throws the reason of the sandbox's end */
  async pass(ms: number): Promise<void> {
    if (ms > 0) await this.options.clock.sleep(ms, this.ended);
    this.ended.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error("the sandbox was closed"));
    await Promise.all([...this.#works]);
    for (const site of this.sites) {
      await Promise.all([...site.slots.values()].map((slot) => endSlot(slot)));
    }
  }
}

async function endSlot(slot: Slot): Promise<void> {
  await slot.content.app?.[Symbol.asyncDispose]();
  await slot.front[Symbol.asyncDispose]();
  await slot.scm[Symbol.asyncDispose]();
}

function broken(error: unknown): SiteRefusal {
  return new SiteRefusal(500, "InternalServerError", error instanceof Error ? error.message : String(error));
}

/** What is going on with a site, where something is. */
export function inProgress(site: Site): Operation | undefined {
  return [...site.operations.values()].find(({ ended }) => ended === undefined);
}

/** @throws SiteRefusal: nothing of a site is changed while something else changes it */
export function requireIdle(site: Site): void {
  const busy = inProgress(site);
  if (busy === undefined) return;
  throw new SiteRefusal(
    409,
    "Conflict",
    `Cannot modify this site because another operation is in progress. Details: Id: ${busy.id}, ` +
      `OperationName: ${busy.name}, CreatedTime: ${busy.began.toISOString()}, RequestId: ${busy.id}, ` +
      `EntityType: 3, SlotName: ${busy.slot}`,
  );
}

/** @throws SiteRefusal: both ends of a preview are locked until it is swapped or released */
export function requireUnlocked(...slots: readonly Slot[]): void {
  for (const slot of slots) {
    if (slot.targetSwapSlot === undefined && slot.previewOf === undefined) continue;
    throw new SiteRefusal(
      409,
      "Conflict",
      `Deployment slot '${slot.name}' cannot be changed because its configuration settings have been ` +
        "prepared for swap.",
    );
  }
}
