import type { Json } from "../../kernel/outcome.ts";
import type { Operation, Plan, Site, Slot } from "./world.ts";
import { inProgress } from "./world.ts";
import { PRODUCTION, resourceOf } from "./words.ts";

/**
 * Answers in the shapes of the API description of Microsoft.Web, version 2025-05-01:
 * Azure/azure-rest-api-specs, specification/web/resource-manager/Microsoft.Web/AppService.
 */

/** The id of a site's or slot's resource. */
export function idOf(site: Site, slot: string): string {
  return (
    `/subscriptions/${site.subscription}/resourceGroups/${site.group}/providers/Microsoft.Web/` +
    resourceOf(site.name, slot)
  );
}

/** `Site`. */
export function shownSlot(site: Site, slot: Slot): Json {
  const isProduction = slot.name === PRODUCTION;
  const { front, scm, swapped } = slot;
  return {
    id: idOf(site, slot.name),
    name: isProduction ? site.name : `${site.name}/${slot.name}`,
    type: isProduction ? "Microsoft.Web/sites" : "Microsoft.Web/sites/slots",
    kind: "app,linux",
    location: site.location,
    tags: slot.tags,
    properties: {
      name: isProduction ? site.name : `${site.name}(${slot.name})`,
      state: "Running",
      enabled: true,
      usageState: "Normal",
      availabilityState: "Normal",
      hostNames: [front.host],
      enabledHostNames: [front.host, scm.host],
      hostNameSslStates: [
        { name: front.host, sslState: "Disabled", hostType: "Standard", toUpdate: null, thumbprint: null },
        { name: scm.host, sslState: "Disabled", hostType: "Repository", toUpdate: null, thumbprint: null },
      ],
      defaultHostName: front.host,
      serverFarmId: planId(site, site.plan),
      reserved: true,
      resourceGroup: site.group,
      ...slot.site,
      siteConfig: { linuxFxVersion: "NODE|24-lts", ...slot.config },
      targetSwapSlot: slot.targetSwapSlot ?? null,
      slotSwapStatus:
        swapped === undefined
          ? null
          : {
              timestampUtc: swapped.at.toISOString(),
              sourceSlotName: swapped.source,
              destinationSlotName: swapped.target,
            },
      inProgressOperationId: inProgress(site)?.id ?? null,
    },
  };
}

function planId(site: Site, plan: Plan): string {
  return (
    `/subscriptions/${site.subscription}/resourceGroups/${site.group}/providers/Microsoft.Web/` +
    `serverfarms/${plan.name}`
  );
}

/** `AppServicePlan`. */
export function shownPlan(site: Site): Json {
  const { plan } = site;
  return {
    id: planId(site, plan),
    name: plan.name,
    type: "Microsoft.Web/serverfarms",
    kind: "linux",
    location: site.location,
    properties: { status: "Ready", numberOfSites: site.slots.size, numberOfWorkers: 1, reserved: true },
    sku: {
      name: plan.sku,
      tier: plan.tier,
      size: plan.sku,
      family: plan.sku.replace(/\d/, ""),
      capacity: 1,
    },
  };
}

/** A resource below `config/` of a slot. */
export function shownConfig(site: Site, slot: Slot, name: string, properties: Json): Json {
  const isProduction = slot.name === PRODUCTION;
  return {
    id: `${idOf(site, slot.name)}/config/${name}`,
    name,
    type: isProduction ? "Microsoft.Web/sites/config" : "Microsoft.Web/sites/slots/config",
    location: site.location,
    properties,
  };
}

/** The status of something long, as `Azure-AsyncOperation` leads to. */
export function shownOperation(operation: Operation): Json {
  const { id, name, began, ended } = operation;
  const failure = ended?.failure;
  return {
    id,
    name: id,
    operation: name,
    status: ended === undefined ? "InProgress" : failure === undefined ? "Succeeded" : "Failed",
    createdTime: began.toISOString(),
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
  };
}
