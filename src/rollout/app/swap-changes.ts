import type { Json } from "../../kernel/outcome.ts";
import { isHoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import {
  PRODUCTION_SLOT,
  type DifferenceKind,
  type SettingDifference,
  type SlotCall,
  type SlotFacts,
  type SlotHost,
} from "../../ports/slot-host.ts";
import { RELEASE_MARK } from "./release-mark.ts";
import type { AppSwap } from "./settings.ts";
import type { Way } from "./steps/on-app.ts";

/** One thing of production's configuration that a swap changes. Values are secrets, and never told. */
export interface SwapChange {
  readonly kind: DifferenceKind;
  readonly name: string;
  readonly how: "other-value" | "lost" | "gained";
  /** Whether it may: the settings declare it, or it takes nothing away that production has. */
  readonly isMeant: boolean;
}

/** In what slot and production differ: what moves, and names of what stays where it is. */
export interface SwapDifferences {
  readonly changes: readonly SwapChange[];
  readonly staying: readonly string[];
  /** Why it could not be asked; undefined where it was. */
  readonly unasked?: string;
}

const NOTHING: SwapDifferences = { changes: [], staying: [] };

const NAMES_MAX = 30;
const EVERYTHING = "*";

/**
 * What a swap of the slot would change; nothing where there is no slot, or none that is finished.
 *
 * @param way back: what cannot be asked is told as such, and keeps nobody from going
 * @throws what the host throws, on the way forward
 */
export async function swapDifferences(
  host: Pick<SlotHost, "differences">,
  candidate: SlotFacts | undefined,
  { swap, way }: { readonly swap: AppSwap; readonly way: Way },
  call: SlotCall,
): Promise<SwapDifferences> {
  if (candidate === undefined || candidate.isUnfinished) return NOTHING;
  let all: readonly SettingDifference[];
  try {
    all = await host.differences(candidate.name, PRODUCTION_SLOT, call);
  } catch (error) {
    call.signal.throwIfAborted();
    if (way === "forward" || !isHoldfastError(error)) throw error;
    return { ...NOTHING, unasked: error.message };
  }
  const others = all.filter(({ name }) => name.toUpperCase() !== RELEASE_MARK);
  return {
    changes: others.filter(({ isSticky }) => !isSticky).map((each) => changeOf(each, swap)),
    staying: others.filter(({ isSticky }) => isSticky).map(labelOf),
  };
}

/**
 * A general setting may always change: a release may bring another stack, and was seen well on it in the
 * slot. What an app is told from outside may not: with the database of staging, or without a key, an app may
 * look as well as ever.
 */
function changeOf({ kind, name, inSource, inTarget }: SettingDifference, swap: AppSwap): SwapChange {
  const how = !inTarget ? "gained" : inSource ? "other-value" : "lost";
  const takesNothing = kind === "general" || (how === "gained" && kind !== "protection");
  return { kind, name, how, isMeant: takesNothing || isDeclared(name, swap) };
}

function isDeclared(name: string, { "may-change": names }: AppSwap): boolean {
  return names.some((each) => each === EVERYTHING || each.toLowerCase() === name.toLowerCase());
}

/** What production gets, loses and gains, in a line each. */
export function changeWords(slot: string, changes: readonly SwapChange[]): readonly string[] {
  const line = (words: string, belongs: (change: SwapChange) => boolean): readonly string[] => {
    const names = changes.filter(belongs).map(labelOf);
    return names.length === 0 ? [] : [`${words}: ${listed(names, NAMES_MAX)}`];
  };
  const isTold = ({ kind }: SwapChange): boolean => kind !== "general";
  return [
    ...line(`production gets ${slot}'s value of`, (each) => isTold(each) && each.how === "other-value"),
    ...line(`production loses what ${slot} has not`, (each) => isTold(each) && each.how === "lost"),
    ...line(`production gains from ${slot}`, (each) => isTold(each) && each.how === "gained"),
    ...line(`production is configured as ${slot} is in`, (each) => !isTold(each)),
  ];
}

/** Why a swap may not be begun; undefined where it may. */
export function unmeantChanges(slot: string, changes: readonly SwapChange[]): string | undefined {
  const unmeant = changes.filter(({ isMeant }) => !isMeant);
  if (unmeant.length === 0) return undefined;
  return `with the swap ${changeWords(slot, unmeant).join("; ")}, and nothing says that it may`;
}

/** What ends such a refusal. */
export function unmeantHelp(slot: string): string {
  return (
    `give ${slot} what production has; or mark the name as a deployment slot setting, so that each keeps ` +
    "its own; or list it in rollout.swap.may-change"
  );
}

/** For machines. */
export function changesJson(changes: readonly SwapChange[]): Json {
  return changes.map(({ kind, name, how }) => ({ kind, name, how }));
}

function labelOf({ kind, name }: Pick<SettingDifference, "kind" | "name">): string {
  if (kind === "connection-string") return `connection string ${name}`;
  return kind === "mount" ? `mount ${name}` : name;
}
