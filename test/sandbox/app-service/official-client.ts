import { readFileSync } from "node:fs";
import { WebSiteManagementClient } from "@azure/arm-appservice";

/**
 * A process of its own, because NODE_EXTRA_CA_CERTS is read when Node starts: Microsoft's client, as anybody
 * uses it, against an address. Prints what it was told as JSON.
 *
 * node official-client.ts <address> <subscription> <group> <site> <zip>
 */
const [address, subscription, group, site, zip] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];

const credential = {
  getToken: () => Promise.resolve({ token: "a-token", expiresOnTimestamp: Date.now() + 3_600_000 }),
};
const client = new WebSiteManagementClient(credential, subscription, {
  endpoint: address,
  retryOptions: { maxRetries: 0 },
});
const { webApps, appServicePlans } = client;
const told: Record<string, unknown> = {};
const swap = { targetSlot: "production", preserveVnet: true };
const quick = { updateIntervalInMs: 5 };

/** What a refusal is to whoever uses the client. */
async function refusal(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
    return "was not refused";
  } catch (error) {
    const { statusCode, code, message, details, name } = error as Record<string, unknown>;
    return { name, statusCode, code, message, details };
  }
}

async function listed<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of pages) all.push(each);
  return all;
}

told["site"] = await webApps.get(group, site);
told["plan"] = await appServicePlans.get(group, `${site}-plan`);
told["created"] = await webApps.createOrUpdateSlot(
  group,
  site,
  "staging",
  {
    location: "westeurope",
    siteConfig: { appSettings: [{ name: "COLOUR", value: "green" }] },
  },
  quick,
);
told["slots"] = await listed(webApps.listSlots(group, site));
await webApps.updateSlotConfigurationNames(group, site, { appSettingNames: ["ROLE"] });
told["sticky"] = await webApps.listSlotConfigurationNames(group, site);
await webApps.updateApplicationSettings(group, site, { properties: { ROLE: "live", COLOUR: "blue" } });
told["settings"] = await webApps.listApplicationSettingsSlot(group, site, "staging");
told["auth"] = await webApps.getAuthSettingsV2(group, site);
told["config"] = await webApps.getConfiguration(group, site);
const rampUpRules = [{ name: "staging", actionHostName: "staging.example", reroutePercentage: 10 }];
await webApps.updateConfiguration(group, site, { experiments: { rampUpRules } });
await webApps.updateConfigurationSlot(group, site, "staging", { autoSwapSlotName: "production" });
told["routed"] = (await webApps.getConfiguration(group, site)).experiments?.rampUpRules;
told["autoSwap"] = (await webApps.getConfigurationSlot(group, site, "staging")).autoSwapSlotName;
await webApps.updateConfiguration(group, site, { experiments: { rampUpRules: [] } });
await webApps.updateConfigurationSlot(group, site, "staging", { autoSwapSlotName: "" });
await webApps.updateConnectionStrings(group, site, {
  properties: { MAIN: { value: "host=db", type: "PostgreSQL" } },
});
told["connections"] = (await webApps.listConnectionStrings(group, site)).properties;
const mount = {
  type: "AzureFiles",
  accountName: "a",
  shareName: "s",
  accessKey: "k",
  mountPath: "/m",
} as const;
await webApps.updateAzureStorageAccounts(group, site, { properties: { files: mount } });
told["mounts"] = (await webApps.listAzureStorageAccounts(group, site)).properties;
// This machine is let in: what follows comes from here.
const rules = [{ ipAddress: "127.0.0.1/32", action: "Allow", priority: 100, name: "here" }];
const guards = {
  ipSecurityRestrictions: rules,
  ipSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictionsUseMain: true,
  webSocketsEnabled: true,
};
await webApps.updateConfigurationSlot(group, site, "staging", guards);
told["guards"] = await webApps.getConfigurationSlot(group, site, "staging");
await webApps.update(group, site, { clientCertEnabled: true, clientCertMode: "Optional" });
told["guarded"] = await webApps.get(group, site);
const scm = ((await webApps.getSlot(group, site, "staging"))?.hostNameSslStates ?? []).find(
  ({ hostType }) => hostType === "Repository",
)!.name!;
const published = await fetch(`https://${scm}/api/publish?type=zip`, {
  method: "POST",
  headers: { authorization: "Bearer a-token", "content-type": "application/zip" },
  body: readFileSync(zip),
});
told["published"] = published.status;
told["differences"] = await listed(webApps.listSlotDifferencesSlot(group, site, "staging", swap));
await webApps.applySlotConfigurationSlot(group, site, "staging", swap);
told["previewed"] = (await webApps.getSlot(group, site, "staging"))?.targetSwapSlot;
told["locked"] = await refusal(webApps.updateApplicationSettings(group, site, { properties: {} }));
await webApps.resetProductionSlotConfig(group, site);
told["released"] = (await webApps.getSlot(group, site, "staging"))?.targetSwapSlot ?? null;
const running = webApps.swapSlot(group, site, "staging", swap, quick);
await running.submitted();
told["busy"] = await refusal(webApps.deleteSlot(group, site, "staging"));
await running;
told["swapped"] = (await webApps.get(group, site))?.slotSwapStatus;
told["after"] = await webApps.getConfiguration(group, site);
told["kept"] = await webApps.getConfigurationSlot(group, site, "staging");
told["late"] = await refusal(webApps.swapSlot(group, site, "staging", swap, quick));
told["missing"] = await refusal(webApps.getSlot(group, site, "none"));
await webApps.restartSlot(group, site, "staging");
await webApps.deleteSlot(group, site, "staging");
told["left"] = await listed(webApps.listSlots(group, site));
process.stdout.write(JSON.stringify(told));
