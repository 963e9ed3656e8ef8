import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import type { Secret } from "../../kernel/secret.ts";
import type { DifferenceKind, SettingDifference } from "../../ports/slot-host.ts";
import { includes } from "./names.ts";
import type { connectionStrings, mounts, SiteResource, sticky, webConfig } from "./resources.ts";

/**
 * What a swap carries and what it leaves, by Microsoft's list:
 * https://learn.microsoft.com/azure/app-service/deploy-staging-slots#which-settings-are-swapped
 */

/** How one slot is configured. */
export interface Configured {
  readonly site: SiteResource;
  readonly web: z.infer<typeof webConfig>;
  readonly settings: ReadonlyMap<string, Secret>;
  readonly connectionStrings: z.infer<typeof connectionStrings>;
  readonly mounts: z.infer<typeof mounts>;
}

/**
 * General settings that go along. Of the last three the list says nothing; a difference in them is worth a
 * word all the same.
 */
const SWAPPED = [
  "linuxFxVersion",
  "windowsFxVersion",
  "netFrameworkVersion",
  "phpVersion",
  "pythonVersion",
  "nodeVersion",
  "powerShellVersion",
  "javaVersion",
  "javaContainer",
  "javaContainerVersion",
  "use32BitWorkerProcess",
  "webSocketsEnabled",
  "handlerMappings",
  "virtualApplications",
  "appCommandLine",
  "defaultDocuments",
  "healthCheckPath",
];

/** What stays, unless an app has the setting {@link ALL_SWAPPED}; of `config/web`, and of the site itself. */
const KEPT_WEB = [
  "ipSecurityRestrictions",
  "ipSecurityRestrictionsDefaultAction",
  "scmIpSecurityRestrictions",
  "scmIpSecurityRestrictionsDefaultAction",
  "scmIpSecurityRestrictionsUseMain",
  "minTlsVersion",
  "scmMinTlsVersion",
  "minTlsCipherSuite",
  "cors",
  "alwaysOn",
];
const KEPT_SITE = ["httpsOnly", "clientCertEnabled", "clientCertMode", "clientCertExclusionPaths"];

/** At `0` or `false` it has all of it swapped, as it was before 2018. */
const ALL_SWAPPED = "WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS";

/** Settings that stay though no list names them, and what would have them swapped after all. */
const STAYING: readonly { readonly names: RegExp; readonly unless: string }[] = [
  { names: /_EXTENSION_VERSION$/i, unless: "WEBSITE_OVERRIDE_STICKY_EXTENSION_VERSIONS" },
  {
    names: /^(?:WEBSITE_HTTPLOGGING_|DIAGNOSTICS_)/i,
    unless: "WEBSITE_OVERRIDE_STICKY_DIAGNOSTICS_SETTINGS",
  },
];

/** Where a content lies, by App Service itself: with the content it goes along, and has to. */
const OF_THE_CONTENT =
  /^WEBSITE_(?:CONTENTSHARE|CONTENTAZUREFILECONNECTIONSTRING|RUN_FROM_PACKAGE|RUN_FROM_ZIP)$/i;

/** Fields that say what is mounted where; how it is doing at the moment is none of them. */
const MOUNT_FIELDS = ["type", "accountName", "shareName", "mountPath", "protocol", "accessKey"];

/** In what two slots differ that a swap carries, or that sticks; names alone. */
export function differencesOf(
  source: Configured,
  target: Configured,
  { properties: sticks }: z.infer<typeof sticky>,
): readonly SettingDifference[] {
  const isAt0 = (name: string): boolean =>
    [source, target].some(({ settings }) => /^(?:0|false)$/i.test(settings.get(name)?.reveal() ?? ""));
  const stays = (name: string): boolean =>
    includes(sticks.appSettingNames, name) ||
    STAYING.some(({ names, unless }) => names.test(name) && !isAt0(unless) && !isAt0(ALL_SWAPPED));
  const kept = isAt0(ALL_SWAPPED) ? { web: KEPT_WEB, site: KEPT_SITE } : { web: [], site: [] };
  const of = (each: Configured, names: readonly string[], web: readonly string[]): Values =>
    new Map([...picked(each.site.properties, names), ...picked(each.web.properties, web)]);
  const both = (kind: DifferenceKind, values: (of: Configured) => Values, isSticky: IsSticky): Differing =>
    differing(kind, values(source), values(target), isSticky);
  return [
    ...both("setting", settingsOf, stays),
    ...both("connection-string", stringsOf, (name) => includes(sticks.connectionStringNames, name)),
    ...both("mount", mountsOf, (name) => includes(sticks.azureStorageConfigNames, name)),
    ...both(
      "general",
      (each) => of(each, [], SWAPPED),
      () => false,
    ),
    ...both(
      "protection",
      (each) => of(each, kept.site, kept.web),
      () => false,
    ),
  ];
}

type Values = ReadonlyMap<string, unknown>;
type IsSticky = (name: string) => boolean;
type Differing = readonly SettingDifference[];

function settingsOf({ settings }: Configured): Values {
  return new Map(
    [...settings]
      .filter(([name]) => !OF_THE_CONTENT.test(name))
      .map(([name, value]) => [name, value.reveal()]),
  );
}

function stringsOf({ connectionStrings: { properties } }: Configured): Values {
  return new Map(
    Object.entries(properties ?? {})
      // One that is empty is none, and no slot is made with it.
      .filter(([, { value }]) => Boolean(value))
      .map(([name, { value, type }]) => [name, [value, type]]),
  );
}

function mountsOf({ mounts: { properties } }: Configured): Values {
  return new Map(
    Object.entries(properties ?? {}).map(([name, mount]) => [
      name,
      MOUNT_FIELDS.map((field) => mount[field] ?? null),
    ]),
  );
}

/** What is nothing, empty or not told is one and the same. */
function picked(
  from: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly (readonly [string, unknown])[] {
  return names
    .map((name) => [name, from[name]] as const)
    .filter(([, value]) => value !== undefined && value !== null && value !== "");
}

/** Names that differ in their case alone are one and the same to Azure. */
function differing(kind: DifferenceKind, from: Values, to: Values, isSticky: IsSticky): Differing {
  const byName = (values: Values): ReadonlyMap<string, { readonly name: string; readonly value: unknown }> =>
    new Map([...values].map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const [source, target] = [byName(from), byName(to)];
  return [...new Set([...source.keys(), ...target.keys()])]
    .filter((key) => !isDeepStrictEqual(source.get(key)?.value, target.get(key)?.value))
    .map((key) => ({ key, name: (target.get(key) ?? source.get(key)!).name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ key, name }) => ({
      kind,
      name,
      isSticky: isSticky(name),
      inSource: source.has(key),
      inTarget: target.has(key),
    }));
}
