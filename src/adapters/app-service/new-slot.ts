import type { z } from "zod";
import type { Secret } from "../../kernel/secret.ts";
import type { connectionStrings, mounts, SiteResource, sticky, webConfig } from "./resources.ts";

/** What of production's configuration a slot needs to run the same packages; the rest is the slot's own. */
const COPIED = [
  "linuxFxVersion",
  "windowsFxVersion",
  "nodeVersion",
  "netFrameworkVersion",
  "phpVersion",
  "pythonVersion",
  "powerShellVersion",
  "javaVersion",
  "javaContainer",
  "javaContainerVersion",
  "virtualApplications",
  "defaultDocuments",
  "appCommandLine",
  "alwaysOn",
  "http20Enabled",
  "webSocketsEnabled",
  "minTlsVersion",
  "ftpsState",
  "use32BitWorkerProcess",
  "healthCheckPath",
];

/** What production is configured with. */
export interface Configuration {
  /** What stays in its slot. */
  readonly names: z.infer<typeof sticky>;
  readonly web: z.infer<typeof webConfig>;
  readonly settings: ReadonlyMap<string, Secret>;
  readonly connectionStrings: z.infer<typeof connectionStrings>;
  readonly mounts: z.infer<typeof mounts>;
  /** Settings of production alone, which do not stick. */
  readonly without: readonly string[];
}

/** The body that makes a slot like production, with what of it does not stick: `Site`. It holds secrets. */
export function slotLike(
  { location, kind, properties: { serverFarmId } }: SiteResource,
  { names, web, settings, connectionStrings, mounts, without }: Configuration,
): object {
  const { appSettingNames, connectionStringNames, azureStorageConfigNames } = names.properties;
  const isCopied = ([key, value]: readonly [string, unknown]): boolean =>
    COPIED.includes(key) && value !== null;
  return {
    location,
    kind: kind ?? undefined,
    properties: {
      serverFarmId,
      httpsOnly: true,
      siteConfig: {
        ...Object.fromEntries(Object.entries(web.properties).filter(isCopied)),
        appSettings: [...settings]
          .filter(([name]) => !includes(appSettingNames, name) && !includes(without, name))
          .map(([name, value]) => ({ name, value: value.reveal() })),
        connectionStrings: Object.entries(connectionStrings.properties ?? {})
          .filter(([name]) => !includes(connectionStringNames, name))
          .flatMap(([name, { value, type }]) => (value ? [{ name, connectionString: value, type }] : [])),
        azureStorageAccounts: Object.fromEntries(
          Object.entries(mounts.properties ?? {}).filter(
            ([name]) => !includes(azureStorageConfigNames, name),
          ),
        ),
      },
    },
  };
}

/** As Azure compares names. */
function includes(names: readonly string[] | null | undefined, name: string): boolean {
  return names?.some((each) => each.toLowerCase() === name.toLowerCase()) === true;
}
