import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Configured } from "./differences.ts";
import { includes } from "./names.ts";
import { UNFINISHED, type sticky, type webConfig } from "./resources.ts";

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
  "handlerMappings",
  "defaultDocuments",
  "appCommandLine",
  "alwaysOn",
  "http20Enabled",
  "webSocketsEnabled",
  "use32BitWorkerProcess",
  "healthCheckPath",
];

/** Who may reach it, of `config/web`: the slot holds production's secrets, so nobody else may reach it. */
const RULES = ["ipSecurityRestrictions", "scmIpSecurityRestrictions"];
const GUARDS = [
  "ipSecurityRestrictionsDefaultAction",
  "scmIpSecurityRestrictionsDefaultAction",
  "scmIpSecurityRestrictionsUseMain",
  "publicNetworkAccess",
  "minTlsVersion",
  "scmMinTlsVersion",
  "minTlsCipherSuite",
  "ftpsState",
  "remoteDebuggingEnabled",
];
/** The same of the site itself. */
const SITE_GUARDS = [
  "clientCertEnabled",
  "clientCertMode",
  "clientCertExclusionPaths",
  "publicNetworkAccess",
];

/** Of a rule what says who is meant; the rest are names and descriptions. */
const OF_A_RULE = ["ipAddress", "subnetMask", "vnetSubnetResourceId", "action", "priority", "tag", "headers"];

/** What a slot is made from. */
export interface Pattern {
  /** How production is configured. */
  readonly production: Configured;
  /** What stays in its slot. */
  readonly names: z.infer<typeof sticky>;
  /** Settings of production alone, which do not stick. */
  readonly without: readonly string[];
}

/** The body that makes a slot with production's stack and guards, and without anything secret: `Site`. */
export function closedSlot({ production: { site, web } }: Pick<Pattern, "production">): object {
  const { location, kind, properties } = site;
  return {
    location,
    kind: kind ?? undefined,
    tags: { [UNFINISHED]: "true" },
    properties: {
      serverFarmId: properties.serverFarmId,
      httpsOnly: properties["httpsOnly"] ?? true,
      ...told(properties, SITE_GUARDS),
      siteConfig: told(web.properties, [...COPIED, ...RULES, ...GUARDS]),
    },
  };
}

/** The body that fills it with what of production does not stick. It holds secrets. */
export function filledSlot(pattern: Pattern): object {
  const { production, names, without } = pattern;
  const { settings, connectionStrings, mounts } = production;
  const { appSettingNames, connectionStringNames, azureStorageConfigNames } = names.properties;
  const closed = closedSlot(pattern) as { readonly properties: { readonly siteConfig: object } };
  return {
    ...closed,
    tags: {},
    properties: {
      ...closed.properties,
      siteConfig: {
        ...closed.properties.siteConfig,
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

/** Access restrictions of production that a slot was given and has not; none where all is as it should be. */
export function missingGuards(
  production: z.infer<typeof webConfig>,
  slot: z.infer<typeof webConfig>,
): readonly string[] {
  return RULES.filter((name) => !isDeepStrictEqual(rulesOf(production, name), rulesOf(slot, name)));
}

function rulesOf({ properties }: z.infer<typeof webConfig>, name: string): ReadonlySet<string> {
  const rules = (properties[name] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return new Set(rules.map((rule) => JSON.stringify(OF_A_RULE.map((field) => rule[field] ?? null))));
}

function told(from: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(
    names
      .map((name) => [name, from[name]] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  );
}
