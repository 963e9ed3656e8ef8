import type { Json } from "../../kernel/outcome.ts";
import {
  requireIdle,
  requireUnlocked,
  type Operation,
  type Resources,
  type Site,
  type Slot,
  type World,
} from "./world.ts";
import { configuredIn } from "./configuration.ts";
import { SiteRefusal } from "./words.ts";

type Settings = Readonly<Record<string, string>>;

/** App Service's own defaults: https://learn.microsoft.com/azure/app-service/deploy-staging-slots */
const WARM_UP_TRIES = 5;
const WARM_UP_PAUSE_MS = 50;
const PING_PATH = "WEBSITE_SWAP_WARMUP_PING_PATH";
const PING_STATUSES = "WEBSITE_SWAP_WARMUP_PING_STATUSES";

/**
 * Takes a swap and begins it. In real phases: the target's sticky settings are brought to the source, whose
 * app restarts with them; it is pinged until it answers; addresses are exchanged; then what was behind the
 * target restarts with the source's sticky settings. Whoever asks at the wrong moment sees what he would see
 * there.
 *
 * @throws SiteRefusal where it is not even begun
 */
export function beginSwap(world: World, site: Site, source: Slot, target: Slot): Operation {
  requireIdle(site);
  const isPreviewed = source.targetSwapSlot !== undefined && same(source.targetSwapSlot, target.name);
  if (!isPreviewed) requireUnlocked(source, target);
  if (source === target) throw new SiteRefusal(409, "Conflict", "Source and target slots are the same.");
  const faults = world.faults.nextSwap();
  return world.begin(site, "SwapSiteSlots", source.name, async () => {
    if (faults.fails !== undefined && !faults.fails.happened) {
      await world.pass(faults.fails.afterMs);
      throw new SiteRefusal(faults.fails.status, faults.fails.code, faults.fails.message);
    }
    if (faults.pretends) return;
    if (!isPreviewed) await applyTo(world, site, source, target);
    await world.pass(world.options.phases.flipMs);
    exchange(world, site, source, target);
    if (faults.unavailableMs > 0) {
      target.unavailableUntil = world.options.clock.elapsed() + faults.unavailableMs;
    }
    await world.restartSlot(source);
    if (faults.fails !== undefined) {
      await world.pass(faults.fails.afterMs);
      throw new SiteRefusal(faults.fails.status, faults.fails.code, faults.fails.message);
    }
  });
}

/**
 * The first phase alone: the source runs with the target's sticky settings, and both are locked.
 *
 * @throws SiteRefusal
 */
export async function applyPreview(world: World, site: Site, source: Slot, target: Slot): Promise<void> {
  requireIdle(site);
  requireUnlocked(source, target);
  if (source === target) throw new SiteRefusal(409, "Conflict", "Source and target slots are the same.");
  if (source.isAuthOn || target.isAuthOn) {
    throw new SiteRefusal(
      409,
      "Conflict",
      "Swap with preview cannot be used because site authentication is enabled on one of the slots.",
    );
  }
  // Locked first: the restart takes a while, in which others may come.
  source.targetSwapSlot = target.name;
  target.previewOf = source.name;
  try {
    await applyTo(world, site, source, target);
  } catch (error) {
    release(site, source);
    throw error;
  }
}

/** Releases a pending preview of a slot, from either of its ends; without one nothing happens. */
export async function resetPreview(world: World, site: Site, slot: Slot): Promise<void> {
  requireIdle(site);
  const source = slot.previewOf === undefined ? slot : site.slots.get(slot.previewOf.toLowerCase());
  if (source?.targetSwapSlot === undefined) return;
  release(site, source);
  await world.restartSlot(source);
}

function release(site: Site, source: Slot): void {
  const target = site.slots.get(source.targetSwapSlot?.toLowerCase() ?? "");
  source.targetSwapSlot = undefined;
  if (target !== undefined) target.previewOf = undefined;
}

/** @throws SiteRefusal where the source does not answer with them; it then runs with its own again */
async function applyTo(world: World, site: Site, source: Slot, target: Slot): Promise<void> {
  await world.pass(world.options.phases.applyMs);
  const settings = mixed(site.sticky, source.settings, target.settings);
  source.restarts += 1;
  await world.restart(source.content, settings, source.name);
  if (await isWarm(world, source, settings)) return;
  await world.restartSlot(source);
  throw new SiteRefusal(
    400,
    "BadRequest",
    `Cannot swap site slots for site '${site.name}' because the application initialization in ` +
      `'${source.name}' slot either took too long or failed. Please check AppInit module configuration or ` +
      "try using instance warmup with application initialization.",
  );
}

/** Any status counts, unless the settings say which; an address with nothing behind it answers by itself. */
async function isWarm(world: World, { content }: Slot, settings: Settings): Promise<boolean> {
  if (content.app === undefined) return content.start === undefined;
  const wanted = settings[PING_STATUSES]?.split(",").map(Number);
  for (let attempt = 1; attempt <= WARM_UP_TRIES; attempt += 1) {
    const status = await content.app.ping(settings[PING_PATH] ?? "/", world.ended);
    if (status !== undefined && (wanted?.includes(status) ?? true)) return true;
    if (content.app.hasEnded) return false;
    await world.pass(WARM_UP_PAUSE_MS);
  }
  return false;
}

/** In one go, between two requests: contents change places, and take along the settings that do not stick. */
function exchange(world: World, site: Site, source: Slot, target: Slot): void {
  release(site, source);
  [source.content, target.content] = [target.content, source.content];
  [source.settings, target.settings] = [
    mixed(site.sticky, target.settings, source.settings),
    mixed(site.sticky, source.settings, target.settings),
  ];
  [source.config, target.config] = [
    configuredIn(target.config, source.config),
    configuredIn(source.config, target.config),
  ];
  [source.resources, target.resources] = [
    mixedResources(site, target.resources, source.resources),
    mixedResources(site, source.resources, target.resources),
  ];
  const swapped = { at: world.options.clock.now(), source: source.name, target: target.name };
  source.swapped = swapped;
  target.swapped = swapped;
}

/** What a content's settings are in a slot: its own, but for those that stick, which are the slot's. */
function mixed<T>(
  sticky: readonly string[],
  own: Readonly<Record<string, T>>,
  slots: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  const isSticky = (name: string): boolean => sticky.some((each) => same(each, name));
  return Object.fromEntries([
    ...Object.entries(own).filter(([name]) => !isSticky(name)),
    ...Object.entries(slots).filter(([name]) => isSticky(name)),
  ]);
}

function mixedResources({ stickyResources }: Site, own: Resources, slots: Resources): Resources {
  const of = (kind: keyof Resources): Readonly<Record<string, Json>> =>
    mixed(stickyResources[kind], own[kind], slots[kind]);
  return {
    connectionStrings: of("connectionStrings"),
    azureStorageAccounts: of("azureStorageAccounts"),
  };
}

/** How two slots differ in what a swap would bring along: `SlotDifferenceCollection` of the API. */
export function slotDifferences(site: Site, source: Slot, target: Slot): Json {
  const isSticky = (name: string): boolean => site.sticky.some((each) => same(each, name));
  const names = [...new Set([...Object.keys(source.settings), ...Object.keys(target.settings)])].sort();
  const value = names
    .filter((name) => source.settings[name] !== target.settings[name])
    .map((name) => ({
      id: null,
      name: null,
      type: "Microsoft.Web/sites/slotsdiffs",
      properties: {
        level: isSticky(name) ? "Information" : "Warning",
        settingType: "AppSetting",
        diffRule: isSticky(name) ? "SettingsWillRemainInSlot" : "SettingsWillBeSwapped",
        settingName: name,
        // The API gives values as they are; who prints them has to know that they may be secrets.
        valueInCurrentSlot: source.settings[name] ?? null,
        valueInTargetSlot: target.settings[name] ?? null,
        description: isSticky(name)
          ? `The setting ${name} stays in its slot.`
          : `The setting ${name} goes with the content.`,
      },
    }));
  return { value, nextLink: null };
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
