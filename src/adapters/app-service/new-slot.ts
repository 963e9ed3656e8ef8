import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import type { Configured } from "./differences.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Secret } from "../../kernel/secret.ts";
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
  "cors",
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

const OF_THE_SERVICE = /^(?:WEBSITE_|SCM_|FUNCTIONS_EXTENSION_VERSION$)/i;

/** Of those, what has to be seen again: the strict value of each. */
const STRICT = {
  ipSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictionsUseMain: true,
  publicNetworkAccess: "Disabled",
} as const;

/** What a slot is made from. */
export interface Pattern {
  /** How production is configured. */
  readonly production: Configured;
  /** What stays in its slot. */
  readonly names: z.infer<typeof sticky>;
  /** Settings of production alone, which do not stick. */
  readonly without: readonly string[];
}

/**
 * What an unfinished slot has been given by somebody else: settings and connection strings that it would not
 * have, or not so, if it was finished. What App Service sets by itself is nobody's.
 */
export function ownOf(slot: Configured, { production, names, without }: Pattern): readonly string[] {
  const { appSettingNames, connectionStringNames } = names.properties;
  const isSet = ([name, value]: readonly [string, Secret]): boolean =>
    includes(appSettingNames, name) ||
    includes(without, name) ||
    production.settings.get(name)?.reveal() !== value.reveal();
  const strings = production.connectionStrings.properties ?? {};
  return [
    ...[...slot.settings].filter(([name]) => !OF_THE_SERVICE.test(name)).filter(isSet),
    ...Object.entries(slot.connectionStrings.properties ?? {}).filter(
      ([name, own]) =>
        includes(connectionStringNames, name) ||
        !Object.hasOwn(strings, name) ||
        strings[name]!.value !== own.value,
    ),
  ].map(([name]) => name);
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
  const isStrict = ({ properties }: z.infer<typeof webConfig>, name: keyof typeof STRICT): boolean =>
    String(properties[name]).toLowerCase() === String(STRICT[name]).toLowerCase();
  return [
    ...RULES.filter((name) => !isDeepStrictEqual(rulesOf(production, name), rulesOf(slot, name))),
    ...(Object.keys(STRICT) as (keyof typeof STRICT)[]).filter(
      (name) => isStrict(production, name) && !isStrict(slot, name),
    ),
  ];
}

function rulesOf({ properties }: z.infer<typeof webConfig>, name: string): ReadonlySet<string> {
  const rules = (properties[name] ?? []) as readonly Readonly<Record<string, unknown>>[];
  return new Set(rules.map((rule) => JSON.stringify(OF_A_RULE.map((field) => plain(rule[field])))));
}

/** Azure writes names of resources in any case, and headers in any order. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return value.toLowerCase();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value ?? null;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function told(from: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(
    names
      .map((name) => [name, from[name]] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  );
}

/** @throws slots.refused where the slot that was made lets in whom production does not */
export function requireGuarded(name: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new HoldfastError(
    "slots.refused",
    `App Service made the slot ${name} without production's ${missing.join(", ")}; it was given no settings`,
    { hint: `Set the access restrictions of ${name} in the portal, or remove the slot; then run again.` },
  );
}

/**
 * Somebody has taken over a slot that a killed run has left: what he gave it is not ours to take away.
 *
 * @throws slots.refused
 */
export function requireUntouched(name: string, own: readonly string[]): void {
  if (own.length === 0) return;
  throw new HoldfastError(
    "slots.refused",
    `the slot ${name} was left unfinished, and has been given ${listed(own)} since, which finishing it ` +
      "would take away",
    {
      hint: `Where it is as you want it, remove its tag ${UNFINISHED}; else remove the slot. Then run again.`,
    },
  );
}
