import type { Json } from "../../kernel/outcome.ts";

/** A slot's configuration by the names of `SiteConfig`, or of `Site`'s own properties. */
export type Configuration = Readonly<Record<string, Json>>;

/**
 * What of `SiteConfig` goes along with a swap: stack, platform, WebSockets, handlers and paths. Protocols,
 * restrictions, Always On, logs, CORS and networks stay:
 * https://learn.microsoft.com/azure/app-service/deploy-staging-slots#which-settings-are-swapped
 */
const SWAPPED: ReadonlySet<string> = new Set([
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
]);

/** What a content is configured with in a slot: its own, and what stays the slot's. */
export function configuredIn(own: Configuration, slots: Configuration): Configuration {
  return Object.fromEntries([
    ...Object.entries(slots).filter(([name]) => !SWAPPED.has(name)),
    ...Object.entries(own).filter(([name]) => SWAPPED.has(name)),
  ]);
}

/** Properties of `Site` that can be set, and stay in their slot; with App Service's values of a new one. */
export const SITE_DEFAULTS: Configuration = {
  httpsOnly: true,
  clientCertEnabled: false,
  clientCertMode: "Required",
  clientCertExclusionPaths: null,
  publicNetworkAccess: null,
};

/** Of a body's properties those that a site is asked to have. */
export function siteProperties(properties: Readonly<Record<string, unknown>>): Configuration {
  const known = Object.entries(properties).filter(([name]) => name in SITE_DEFAULTS);
  return Object.fromEntries(known) as Configuration;
}

interface Rule {
  readonly ipAddress?: string;
  readonly action?: string;
  readonly priority?: number;
}

/** Whoever asks a sandbox asks from here. */
const HERE: ReadonlySet<string> = new Set(["Any", "0.0.0.0/0", "127.0.0.1", "127.0.0.1/32", "127.0.0.0/8"]);

/**
 * Whether a slot's access restrictions let this machine in: the rule of the lowest number that is of it, else
 * the default, which is to deny where there are rules and none is told.
 */
export function letsIn(config: Configuration, site: Configuration, which: "front" | "scm"): boolean {
  const isOwn = which === "scm" && config["scmIpSecurityRestrictionsUseMain"] !== true;
  const name = isOwn ? "scmIpSecurityRestrictions" : "ipSecurityRestrictions";
  if (site["publicNetworkAccess"] === "Disabled" || config["publicNetworkAccess"] === "Disabled") {
    return false;
  }
  const rules = [...((config[name] ?? []) as readonly Rule[])];
  const first = rules
    .sort((one, other) => (one.priority ?? 65_000) - (other.priority ?? 65_000))
    .find(({ ipAddress }) => HERE.has(ipAddress ?? ""));
  const otherwise = config[`${name}DefaultAction`] ?? (rules.length === 0 ? "Allow" : "Deny");
  return (first?.action ?? otherwise) === "Allow";
}

/** What App Service's front answers whom it does not let in; its status line says `Ip Forbidden`. */
export const FORBIDDEN = {
  status: 403,
  headers: { "content-type": "text/html", "x-ms-forbidden-ip": "127.0.0.1" },
  text:
    "<!DOCTYPE html><title>Web App - Unavailable</title><h1>Error 403 - Forbidden</h1>" +
    "<p>The web app you have attempted to reach has blocked your access.</p>",
} as const;
