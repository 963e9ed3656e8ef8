import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { SlotFacts, SlotTraffic } from "../../ports/slot-host.ts";
import type { ArmAnswer } from "./arm-client.ts";

/**
 * Answers of Microsoft.Web, as far as they are read; fields that are not are let through. Shapes:
 * Azure/azure-rest-api-specs, specification/web/resource-manager/Microsoft.Web/AppService, 2025-05-01.
 */

export const site = z.looseObject({
  location: z.string(),
  kind: z.string().nullish(),
  tags: z.record(z.string(), z.string().nullish()).nullish(),
  properties: z.looseObject({
    state: z.string().nullish(),
    serverFarmId: z.string(),
    enabledHostNames: z.array(z.string()).nullish(),
    hostNameSslStates: z.array(z.looseObject({ name: z.string(), hostType: z.string().nullish() })).nullish(),
    targetSwapSlot: z.string().nullish(),
    slotSwapStatus: z
      .looseObject({
        timestampUtc: z.string(),
        sourceSlotName: z.string(),
        destinationSlotName: z.string(),
      })
      .nullish(),
    inProgressOperationId: z.string().nullish(),
  }),
});
export type SiteResource = z.infer<typeof site>;

export const plan = z.looseObject({ sku: z.looseObject({ tier: z.string() }) });
export const slotPage = z.looseObject({
  value: z.array(z.looseObject({ name: z.string() })),
  nextLink: z.string().nullish(),
});
export const sticky = z.looseObject({
  properties: z.looseObject({
    appSettingNames: z.array(z.string()).nullish(),
    connectionStringNames: z.array(z.string()).nullish(),
    azureStorageConfigNames: z.array(z.string()).nullish(),
  }),
});
export const auth = z.looseObject({
  properties: z.looseObject({ platform: z.looseObject({ enabled: z.boolean().nullish() }).nullish() }),
});
export const settingValues = z.looseObject({
  // One without a value has been seen as null: https://github.com/Azure/azure-rest-api-specs/issues/26734
  properties: z.record(z.string(), z.string().nullable()).nullish(),
});
/** Their values are secrets. */
export const connectionStrings = z.looseObject({
  properties: z
    .record(z.string(), z.looseObject({ value: z.string().nullish(), type: z.string() }))
    .nullish(),
});
/** Their keys are secrets. */
export const mounts = z.looseObject({
  properties: z.record(z.string(), z.looseObject({})).nullish(),
});
export const trafficConfig = z.looseObject({
  properties: z.looseObject({
    autoSwapSlotName: z.string().nullish(),
    experiments: z
      .looseObject({
        rampUpRules: z
          .array(
            z.looseObject({
              name: z.string().nullish(),
              actionHostName: z.string().nullish(),
              reroutePercentage: z.number().nullish(),
              changeStep: z.number().nullish(),
              changeDecisionCallbackUrl: z.string().nullish(),
            }),
          )
          .nullish(),
      })
      .nullish(),
  }),
});
export const webConfig = z.looseObject({ properties: z.record(z.string(), z.unknown()) });

/**
 * The tag of a slot that has not got its settings yet. It is made closed first, and filled when that was
 * seen: a run that is killed between the two leaves one that says so.
 */
export const UNFINISHED = "holdfast-unfinished";

export function factsOf(name: string, { properties, tags }: SiteResource): SlotFacts {
  const { slotSwapStatus: swapped, state, targetSwapSlot, inProgressOperationId } = properties;
  return {
    name,
    address: hostOf(properties, "Standard"),
    deployAddress: hostOf(properties, "Repository"),
    isRunning: state === "Running",
    previewInto: targetSwapSlot || undefined,
    lastSwap: swapped
      ? {
          at: new Date(swapped.timestampUtc),
          source: swapped.sourceSlotName,
          target: swapped.destinationSlotName,
        }
      : undefined,
    inProgress: inProgressOperationId || undefined,
    isUnfinished: tags?.[UNFINISHED] !== undefined,
  };
}

export function trafficOf({ properties }: z.infer<typeof trafficConfig>): SlotTraffic {
  const rules = properties.experiments?.rampUpRules ?? [];
  return {
    autoSwapInto: properties.autoSwapSlotName || undefined,
    routes: rules
      .map((rule) => ({
        name: rule.name || rule.actionHostName || "a rule without a name",
        host: rule.actionHostName || undefined,
        percent: rule.reroutePercentage ?? 0,
        changesItself: Boolean(rule.changeStep) || Boolean(rule.changeDecisionCallbackUrl),
      }))
      .filter(({ percent, changesItself }) => percent > 0 || changesItself),
  };
}

/**
 * Host names as the site lists them: built ones would be wrong where Azure has cut them or made them unique.
 */
function hostOf(
  { hostNameSslStates, enabledHostNames }: SiteResource["properties"],
  type: "Standard" | "Repository",
): string {
  const enabled = new Set(enabledHostNames ?? []);
  const ofType = (hostNameSslStates ?? []).filter(({ hostType }) => hostType === type);
  const host = ofType.find(({ name }) => enabled.has(name)) ?? ofType[0];
  if (host !== undefined) return `https://${host.name}`;
  throw new HoldfastError("slots.refused", "the site lists no host name to reach it by", {
    hint: "Look at the app's host names in the portal; it may be stopped or its names disabled.",
  });
}

/** @throws slots.unreachable where an answer is not of its shape */
export function shapeOf<T>(shape: z.ZodType<T>, answer: ArmAnswer, doing: string): T {
  try {
    return shape.parse(JSON.parse(answer.text));
  } catch (cause) {
    const message = `App Service's answer is not what its description says (${doing})`;
    // What was not understood may hold values of settings: its shape alone is told.
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is no JSON";
    throw new HoldfastError("slots.unreachable", `${message}: ${why.replaceAll("\n", "; ")}`, {
      hint: "Check the management endpoint, and what stands between here and Azure; then run again.",
    });
  }
}
