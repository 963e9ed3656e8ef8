import { isHoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import {
  PRODUCTION_SLOT,
  type AppFacts,
  type SlotCall,
  type SlotFacts,
  type SlotHost,
  type SlotTraffic,
} from "../../ports/slot-host.ts";
import type { Web } from "../../ports/web.ts";
import { inItsPlace } from "./not-the-app.ts";
import { markAt, markOf, RELEASE_MARK, type Build } from "./release-mark.ts";
import type { AppHealth, RolloutSettings } from "./settings.ts";
import type { Way } from "./steps/on-app.ts";
import {
  changeWords,
  swapDifferences,
  unmeantChanges,
  unmeantHelp,
  type SwapChange,
  type SwapDifferences,
} from "./swap-changes.ts";
import { azOf, type AppTarget } from "./target.ts";

/** What is known of an app before anything is done. */
export interface Preflight {
  readonly facts: AppFacts;
  /** Why nothing may be begun. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** What the swap would change of production's configuration; nothing where none is needed. */
  readonly changes: readonly SwapChange[];
}

const ANSWER_MS = 20_000;

/**
 * Tiers without slots: https://learn.microsoft.com/azure/app-service/deploy-staging-slots and
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
 */
const WITHOUT_SLOTS = /^(?:free|shared|basic|dynamic|flexconsumption)$/i;

type PreflightHost = Pick<SlotHost, "app" | "slot" | "settings" | "differences" | "traffic">;

/** Looks at everything on which a swap founders that can be known before. */
export async function preflight(
  { host, web }: { readonly host: PreflightHost; readonly web: Web },
  { slot, address }: Pick<AppTarget, "slot" | "address">,
  { health, swap }: Pick<RolloutSettings, "health" | "swap">,
  { build, way }: { readonly build: Build; readonly way: Way },
  call: SlotCall,
): Promise<Preflight> {
  const facts = await host.app(call);
  if (WITHOUT_SLOTS.test(facts.tier)) {
    return {
      facts,
      problems: [`the plan is ${facts.tier}, which has no slots to swap: Standard or better is needed`],
      notes: [],
      changes: [],
    };
  }
  const [production, candidate] = [await host.slot(PRODUCTION_SLOT, call), await host.slot(slot, call)];
  const pending = production?.previewInto;
  const own = candidate === undefined ? undefined : await host.traffic(slot, call);
  const shared = await host.traffic(PRODUCTION_SLOT, call);
  // As Azure's own client names an app, so that the line can be used as it stands.
  const named = azOf(address);
  // What is production already is swapped no more.
  const isThere = (await markAt(host, PRODUCTION_SLOT, call)) === markOf(build);
  const differences = await swapDifferences(host, isThere ? undefined : candidate, { swap, way }, call);
  const isStuck = facts.stickySettings.some((name) => name.toUpperCase() === RELEASE_MARK);
  const problems = [
    ...(pending === undefined
      ? []
      : [`production waits to be swapped with ${pending}: finish or cancel that first`]),
    // By it a swap that has happened is told from one that has not.
    ...autoSwapProblem(slot, own, named),
    ...routeProblem(shared, candidate, named),
    ...(way === "forward" ? unmeantProblem(slot, differences) : []),
    ...(way === "forward" && facts.hasSignIn
      ? [...openSlotProblem(slot, candidate), ...(await signInProblem(web, production, health, call))]
      : []),
    ...(isStuck ? [`the setting ${RELEASE_MARK} sticks to its slot: it has to go along with a swap`] : []),
  ];
  return {
    facts,
    problems,
    notes: [
      ...(candidate === undefined ? [newSlotNote(slot)] : []),
      ...buildNote(health),
      ...signInNote(facts),
      ...(way === "back" && facts.hasSignIn ? openSlotProblem(slot, candidate) : []),
      ...unaskedNote(differences),
      ...differenceNotes(slot, differences),
    ],
    changes: differences.changes,
  };
}

/** What is deployed would serve everybody before anybody has looked at it. */
function autoSwapProblem(slot: string, traffic: SlotTraffic | undefined, app: string): readonly string[] {
  const into = traffic?.autoSwapInto;
  return into === undefined
    ? []
    : [
        `App Service swaps ${slot} with ${into} by itself after each deployment (auto swap), before ` +
          `anything is proved: switch it off with az webapp deployment slot auto-swap ${app} ` +
          `--slot ${slot} --disable`,
      ];
}

/** People would be served what is not proved, or what was taken back; and health would be somebody else's. */
function routeProblem(
  { routes }: SlotTraffic,
  candidate: SlotFacts | undefined,
  app: string,
): readonly string[] {
  if (routes.length === 0) return [];
  const host = candidate === undefined ? undefined : new URL(candidate.address).host;
  const to = routes.map(({ name, host: other, percent, changesItself }) => {
    const isCandidate = candidate !== undefined && (other === host || name === candidate.name);
    const more = changesItself ? ", and another share by itself," : "";
    return `${percent} %${more} to ${isCandidate ? candidate.name : name}`;
  });
  return [
    `production hands some of its requests on (testing in production): ${listed(to)}; end that with ` +
      `az webapp traffic-routing clear ${app}`,
  ];
}

function newSlotNote(slot: string): string {
  return (
    `${slot} is made with production's stack and access restrictions, and the settings, connection strings ` +
    "and mounts that do not stick; not its identity, certificates and networks, nor that nobody may " +
    "publish by password (basic authentication): where those matter, make the slot yourself"
  );
}

function buildNote({ build }: AppHealth): readonly string[] {
  return build === undefined
    ? [
        "the settings do not say where the app tells which build it is (rollout.health.build): a wrong " +
          "package is noticed only if it is ill",
      ]
    : [];
}

function signInNote({ hasSignIn }: AppFacts): readonly string[] {
  return hasSignIn
    ? [
        "people sign in at production, so Azure has no preview of a swap: settings are exchanged in the " +
          "swap itself",
      ]
    : [];
}

/** It would hold production's secrets, and let in everybody. */
function openSlotProblem(slot: string, candidate: SlotFacts | undefined): readonly string[] {
  return candidate !== undefined && !candidate.isUnfinished
    ? []
    : [
        `people sign in at production, and ${slot}, which would be made now with production's settings, ` +
          "would ask nobody to: make it yourself, with a sign-in (authentication, in the portal) before " +
          "its settings",
      ];
}

/** After the swap production would be asked there, and a sign-in is no answer of the app. */
async function signInProblem(
  web: Web,
  production: SlotFacts | undefined,
  { path }: AppHealth,
  { signal }: SlotCall,
): Promise<readonly string[]> {
  if (production === undefined) return [];
  try {
    const answer = await web.get(production.address + path, { signal, withinMs: ANSWER_MS });
    const instead = inItsPlace(answer);
    return instead === undefined ? [] : [`${path} of production answers ${answer.status}: ${instead}`];
  } catch (error) {
    // A production that is down is what is to be replaced.
    if (isHoldfastError(error, "web.unreachable", "web.untrusted")) return [];
    throw error;
  }
}

function unaskedNote({ unasked }: SwapDifferences): readonly string[] {
  return unasked === undefined
    ? []
    : [`what the swap changes of production's configuration could not be asked: ${unasked}`];
}

/** A build that is new may look well with the database of staging; so nothing of that happens in silence. */
function unmeantProblem(slot: string, { changes }: SwapDifferences): readonly string[] {
  const words = unmeantChanges(slot, changes);
  return words === undefined ? [] : [`${words}: ${unmeantHelp(slot)}`];
}

/** Names alone: values are secrets. */
function differenceNotes(slot: string, { changes, staying }: SwapDifferences): readonly string[] {
  return [
    ...(staying.length === 0 ? [] : [`these settings stay where they are: ${listed(staying)}`]),
    ...changeWords(slot, changes),
  ];
}
