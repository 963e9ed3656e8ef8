import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { Secret } from "../../kernel/secret.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import {
  type AppPackage,
  PRODUCTION_SLOT,
  type AppAddress,
  type SettingDifference,
  type SlotCall,
  type SlotFacts,
  type SlotHost,
  type SlotTraffic,
} from "../../ports/slot-host.ts";
import { ArmClient, type ArmAccess, type ArmAnswer, type ArmCall } from "./arm-client.ts";
import { Budget } from "./budget.ts";
import { deployTo } from "./deploy.ts";
import { differencesOf, type Configured } from "./differences.ts";
import { ended } from "./long-running.ts";
import {
  closedSlot,
  filledSlot,
  missingGuards,
  ownOf,
  requireGuarded,
  requireUntouched,
} from "./new-slot.ts";
import { swapAndLook } from "./swap.ts";
import {
  auth,
  connectionStrings,
  factsOf,
  mounts,
  plan,
  settingValues,
  shapeOf,
  site,
  slotPage,
  sticky,
  trafficConfig,
  trafficOf,
  webConfig,
  type SiteResource,
} from "./resources.ts";
import { packageOf } from "./zip-folder.ts";

/** Shapes: Azure/azure-rest-api-specs, Microsoft.Web/AppService. */
const API_VERSION = "2025-05-01";

export interface SlotAccess extends ArmAccess {
  /** Folder for packages that are zipped. */
  readonly temporary: string;
}

/** Slots of one app of Azure App Service. Sends nothing yet. */
export function appServiceSlots(address: AppAddress, access: SlotAccess): SlotHost {
  return new AppServiceSlots(address, access);
}

class AppServiceSlots implements SlotHost {
  readonly #address: AppAddress;
  readonly #access: SlotAccess;
  readonly #client: ArmClient;

  constructor(address: AppAddress, access: SlotAccess) {
    this.#address = address;
    this.#access = access;
    this.#client = new ArmClient(access);
  }

  async app(call: SlotCall): ReturnType<SlotHost["app"]> {
    const budget = this.#budget(call);
    const of = await this.#site(PRODUCTION_SLOT, budget);
    const { sku } = await this.#read(plan, of.properties.serverFarmId, "read the plan", budget);
    const names = await this.#read(sticky, this.#path("", "config/slotConfigNames"), "read settings", budget);
    const signIn = await this.#read(auth, this.#path("", "config/authsettingsV2"), "read sign-in", budget);
    return {
      tier: sku.tier,
      slots: await this.#slotNames(budget),
      stickySettings: names.properties.appSettingNames ?? [],
      hasSignIn: signIn.properties.platform?.enabled === true,
    };
  }

  async slot(name: string, call: SlotCall): Promise<SlotFacts | undefined> {
    return await this.#find(name, this.#budget(call));
  }

  async settings(slot: string, call: SlotCall): Promise<ReadonlyMap<string, Secret>> {
    return await this.#settings(slot, this.#budget(call));
  }

  async putSettings(slot: string, settings: ReadonlyMap<string, Secret>, call: SlotCall): Promise<void> {
    const properties = Object.fromEntries([...settings].map(([name, value]) => [name, value.reveal()]));
    const json = { properties };
    await this.#write("PUT", slot, "config/appsettings", `change settings of ${slot}`, call, json);
  }

  async traffic(slot: string, call: SlotCall): Promise<SlotTraffic> {
    const path = this.#path(slot, "config/web");
    return trafficOf(await this.#read(trafficConfig, path, `look at traffic of ${slot}`, this.#budget(call)));
  }

  async differences(source: string, target: string, call: SlotCall): Promise<readonly SettingDifference[]> {
    const budget = this.#budget(call);
    const doing = "read settings";
    const names = await this.#read(sticky, this.#path("", "config/slotConfigNames"), doing, budget);
    const from = await this.#configured(source, budget);
    return differencesOf(from, await this.#configured(target, budget), names);
  }

  async makeSlot(name: string, call: SlotCall, without: readonly string[] = []): Promise<SlotFacts> {
    const budget = this.#budget(call);
    const there = await this.#find(name, budget);
    if (there !== undefined && !there.isUnfinished) return there;
    const doing = `make the slot ${name}`;
    const names = await this.#read(sticky, this.#path("", "config/slotConfigNames"), doing, budget);
    const production = await this.#configured(PRODUCTION_SLOT, budget);
    const pattern = { production, names, without };
    if (there !== undefined) requireUntouched(name, ownOf(await this.#configured(name, budget), pattern));
    await this.#write("PUT", name, "", doing, budget, closedSlot({ production }));
    const web = await this.#read(webConfig, this.#path(name, "config/web"), doing, budget);
    requireGuarded(name, missingGuards(production.web, web));
    await this.#write("PUT", name, "", doing, budget, filledSlot(pattern));
    const made = await this.#find(name, budget);
    if (made !== undefined) return made;
    throw new HoldfastError("slots.refused", `App Service made the slot ${name} and does not show it`, {
      hint: "Look in the portal, then run again.",
    });
  }

  async removeSlot(name: string, call: SlotCall): Promise<void> {
    if (isProduction(name)) {
      throw new HoldfastError("slots.refused", "production is no slot that could be removed", {
        hint: "Name the slot that is meant.",
      });
    }
    const budget = this.#budget(call);
    // The plan is not to go with its last app, which is what Azure does by itself.
    const below = "?deleteEmptyServerFarm=false";
    await this.#write("DELETE", name, below, `remove the slot ${name}`, budget, undefined, [404]);
  }

  async restart(slot: string, call: SlotCall): Promise<void> {
    await this.#write("POST", slot, "restart?synchronous=true", `restart ${slot}`, call);
  }

  async preview(source: string, target: string, call: SlotCall): Promise<void> {
    const budget = this.#budget(call);
    const pending = (await this.#found(source, budget)).previewInto;
    if (pending?.toLowerCase() === target.toLowerCase()) return;
    const doing = `apply the settings of ${target} to ${source}`;
    // Where no answer came, another try finds the lock of the first: that is what was wanted.
    const json = { targetSlot: target, preserveVnet: true };
    try {
      await this.#write("POST", source, "applySlotConfig", doing, budget, json);
    } catch (error) {
      const now = await this.#find(source, budget);
      if (now?.previewInto?.toLowerCase() !== target.toLowerCase()) throw error;
    }
  }

  async release(slot: string, call: SlotCall): Promise<void> {
    await this.#write("POST", slot, "resetSlotConfig", `release the preview of ${slot}`, call);
  }

  async swap(source: string, target: string, call: SlotCall): ReturnType<SlotHost["swap"]> {
    const budget = this.#budget(call);
    await this.#found(source, budget);
    const asked: ArmCall = {
      method: "POST",
      url: this.#path(source, "slotsswap"),
      doing: `swap ${source} with ${target}`,
      repeatable: false,
      waitsForOthers: false,
      json: { targetSlot: target, preserveVnet: true },
    };
    return await swapAndLook({
      source,
      target,
      budget,
      look: () => this.#found(target, budget),
      send: async () => {
        const taken = await this.#client.ask(asked, budget);
        return () => this.#ended(taken, asked, budget);
      },
    });
  }

  async deploy(slot: string, path: string, call: SlotCall): Promise<string> {
    const budget = this.#budget(call);
    const { temporary, clock } = this.#access;
    await using zip = await packageOf(path, temporary, budget.signal);
    const into = await this.#found(slot, budget);
    return await deployTo(this.#client, into, zip, { budget, now: () => clock.now() });
  }

  async pack(path: string, { signal }: SlotCall): Promise<AppPackage> {
    const zip = await packageOf(path, this.#access.temporary, signal);
    try {
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(zip.path, { signal })) hash.update(chunk as Buffer);
      const content = (): ByteStream => createReadStream(zip.path);
      return {
        path: zip.path,
        bytes: zip.bytes,
        leftOut: zip.leftOut,
        digest: hash.digest("hex"),
        content,
        [Symbol.asyncDispose]: async () => await zip[Symbol.asyncDispose](),
      };
    } catch (error) {
      await zip[Symbol.asyncDispose]();
      throw error;
    }
  }

  #budget(call: SlotCall): Budget {
    return new Budget(this.#access.clock, call);
  }

  /** A path of a slot, below which something is; with the version of the API. */
  #path(slot: string, below = ""): string {
    const { subscription, group, site: name } = this.#address;
    const [path = "", query] = below.split("?");
    const parts = [
      "/subscriptions",
      encodeURIComponent(subscription),
      "resourceGroups",
      encodeURIComponent(group),
      "providers/Microsoft.Web/sites",
      encodeURIComponent(name),
      ...(slot === "" || isProduction(slot) ? [] : ["slots", encodeURIComponent(slot)]),
      ...(path === "" ? [] : [path]),
    ];
    return `${parts.join("/")}?${query === undefined ? "" : `${query}&`}api-version=${API_VERSION}`;
  }

  /** What is the same when it is done twice: others are waited for, and its own end. */
  async #write(
    method: ArmCall["method"],
    slot: string,
    below: string,
    doing: string,
    within: SlotCall | Budget,
    json?: unknown,
    reads: readonly number[] = [],
  ): Promise<void> {
    const budget = within instanceof Budget ? within : this.#budget(within);
    const url = this.#path(slot, below);
    const asked: ArmCall = {
      method,
      url,
      doing,
      repeatable: true,
      waitsForOthers: true,
      ...(json === undefined ? {} : { json }),
    };
    const taken = await this.#client.ask(asked, budget, reads);
    if (taken.status < 400) await this.#ended(taken, asked, budget);
  }

  async #ended(taken: ArmAnswer, call: ArmCall, budget: Budget): Promise<void> {
    const { endpoint, clock } = this.#access;
    await ended(this.#client, taken, { call, endpoint, now: () => clock.now() }, budget);
  }

  async #read<T>(
    shape: z.ZodType<T>,
    path: string,
    doing: string,
    budget: Budget,
    method: "GET" | "POST" = "GET",
  ): Promise<T> {
    const url = path.includes("api-version=") ? path : `${path}?api-version=${API_VERSION}`;
    const call = { method, url, doing, repeatable: true, waitsForOthers: false };
    return shapeOf(shape, await this.#client.ask(call, budget), doing);
  }

  async #settings(slot: string, budget: Budget): Promise<ReadonlyMap<string, Secret>> {
    const path = this.#path(slot, "config/appsettings/list");
    const { properties } = await this.#read(settingValues, path, `read settings of ${slot}`, budget, "POST");
    return new Map(Object.entries(properties ?? {}).map(([name, value]) => [name, new Secret(value ?? "")]));
  }

  async #configured(slot: string, budget: Budget): Promise<Configured> {
    const doing = `read settings of ${slot}`;
    const list = async <T>(shape: z.ZodType<T>, below: string): Promise<T> =>
      await this.#read(shape, this.#path(slot, `config/${below}/list`), doing, budget, "POST");
    return {
      site: await this.#site(slot, budget),
      web: await this.#read(webConfig, this.#path(slot, "config/web"), doing, budget),
      settings: await this.#settings(slot, budget),
      connectionStrings: await list(connectionStrings, "connectionstrings"),
      mounts: await list(mounts, "azurestorageaccounts"),
    };
  }

  async #slotNames(budget: Budget): Promise<readonly string[]> {
    const names: string[] = [];
    for (let next: string | undefined = this.#path("", "slots"); next !== undefined;) {
      const page: z.infer<typeof slotPage> = await this.#read(slotPage, next, "list slots", budget);
      names.push(...page.value.map(({ name }) => name.slice(name.indexOf("/") + 1)));
      // Followed as a path of the endpoint: the token goes along.
      const { pathname, search } = new URL(page.nextLink ?? "/", this.#access.endpoint);
      next = page.nextLink ? pathname + search : undefined;
    }
    return names;
  }

  async #site(slot: string, budget: Budget): Promise<SiteResource> {
    return await this.#read(site, this.#path(slot), `look at ${slot}`, budget);
  }

  /** @throws slots.missing where the app itself is not there */
  async #find(name: string, budget: Budget): Promise<SlotFacts | undefined> {
    const doing = `look at ${name}`;
    const url = this.#path(name);
    const call = { method: "GET", url, doing, repeatable: true, waitsForOthers: false } as const;
    const answer = await this.#client.ask(call, budget, isProduction(name) ? [] : [404]);
    if (answer.status !== 404) return factsOf(name, shapeOf(site, answer, doing));
    // It may as well be the app that is not there.
    await this.#site(PRODUCTION_SLOT, budget);
    return undefined;
  }

  async #found(name: string, budget: Budget): Promise<SlotFacts> {
    const facts = await this.#find(name, budget);
    if (facts !== undefined) return facts;
    throw new HoldfastError("slots.missing", `${this.#address.site} has no slot ${name}`, {
      hint: "Make it first, or name one that is there.",
    });
  }
}

function isProduction(slot: string): boolean {
  return slot.toLowerCase() === PRODUCTION_SLOT;
}
