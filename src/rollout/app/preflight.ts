import { listed } from "../../kernel/listed.ts";
import {
  PRODUCTION_SLOT,
  type AppFacts,
  type SettingDifference,
  type SlotCall,
  type SlotFacts,
  type SlotHost,
  type SlotTraffic,
} from "../../ports/slot-host.ts";
import { RELEASE_MARK } from "./release-mark.ts";
import type { AppHealth, RolloutSettings } from "./settings.ts";
import type { AppTarget } from "./target.ts";

/** What is known of an app before anything is done. */
export interface Preflight {
  readonly facts: AppFacts;
  /** Why nothing may be begun. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Tiers without slots: https://learn.microsoft.com/azure/app-service/deploy-staging-slots and
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
 */
const WITHOUT_SLOTS = /^(?:free|shared|basic|dynamic|flexconsumption)$/i;

/** Looks at everything on which a swap founders that can be known before. */
export async function preflight(
  host: Pick<SlotHost, "app" | "slot" | "differences" | "traffic">,
  { slot, address }: Pick<AppTarget, "slot" | "address">,
  { health }: Pick<RolloutSettings, "health">,
  call: SlotCall,
): Promise<Preflight> {
  const facts = await host.app(call);
  if (WITHOUT_SLOTS.test(facts.tier)) {
    return {
      facts,
      problems: [`the plan is ${facts.tier}, which has no slots to swap: Standard or better is needed`],
      notes: [],
    };
  }
  const [production, candidate] = [await host.slot(PRODUCTION_SLOT, call), await host.slot(slot, call)];
  const pending = production?.previewInto;
  const own = candidate === undefined ? undefined : await host.traffic(slot, call);
  const shared = await host.traffic(PRODUCTION_SLOT, call);
  // As Azure's own client names an app, so that the line can be used as it stands.
  const named = `--name ${address.site} --resource-group ${address.group}`;
  const isStuck = facts.stickySettings.some((name) => name.toUpperCase() === RELEASE_MARK);
  const problems = [
    ...(pending === undefined
      ? []
      : [`production waits to be swapped with ${pending}: finish or cancel that first`]),
    // By it a swap that has happened is told from one that has not.
    ...autoSwapProblem(slot, own, named),
    ...routeProblem(shared, candidate, named),
    ...(isStuck ? [`the setting ${RELEASE_MARK} sticks to its slot: it has to go along with a swap`] : []),
  ];
  const differences = candidate === undefined ? [] : await host.differences(slot, PRODUCTION_SLOT, call);
  return {
    facts,
    problems,
    notes: [
      ...(candidate === undefined ? [newSlotNote(slot)] : []),
      ...buildNote(health),
      ...signInNote(facts),
      ...differenceNotes(slot, differences),
    ],
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
  const to = routes.map(({ name, host: other, percent }) => {
    const isCandidate = candidate !== undefined && (other === host || name === candidate.name);
    return `${percent} % to ${isCandidate ? candidate.name : name}`;
  });
  return [
    `production hands some of its requests on (testing in production): ${listed(to)}; end that with ` +
      `az webapp traffic-routing clear ${app}`,
  ];
}

function newSlotNote(slot: string): string {
  return (
    `${slot} is made with what of production does not stick: stack, settings, connection strings, mounts; ` +
    "not its identity, certificates and networks: where the app needs them, make the slot yourself"
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

/** Names alone: values are secrets. */
function differenceNotes(slot: string, differences: readonly SettingDifference[]): readonly string[] {
  const named = (of: readonly SettingDifference[]): string => listed(of.map(({ name }) => name).sort());
  const others = differences.filter(({ name }) => name !== RELEASE_MARK);
  const sticky = others.filter(({ isSticky }) => isSticky);
  const moving = others.filter(({ isSticky }) => !isSticky);
  const onlyThere = moving.filter(({ inSource, inTarget }) => inTarget && !inSource);
  return [
    ...(sticky.length === 0 ? [] : [`these settings stay where they are: ${named(sticky)}`]),
    ...(onlyThere.length === 0
      ? []
      : [
          `production loses these settings, which ${slot} has not and which do not stick: ` +
            named(onlyThere),
        ]),
  ];
}
