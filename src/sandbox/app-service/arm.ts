import * as z from "zod";
import type { Json } from "../../kernel/outcome.ts";
import { jsonOf, type SandboxAnswer, type SandboxRequest } from "../router/part.ts";
import {
  settingsBody,
  swapBody,
  stickyBody,
  connectionsBody,
  mountsBody,
  webBody,
  authBody,
  siteBody,
  slotBody,
} from "./bodies.ts";
import { siteProperties } from "./configuration.ts";
import { idOf, shownConfig, shownOperation, shownPlan, shownSlot } from "./shapes.ts";
import { applyPreview, beginSwap, resetPreview, slotDifferences } from "./swap.ts";
import { armError, PRODUCTION, resourceNotFound, resourceOf, SiteRefusal } from "./words.ts";
import { requireIdle, requireUnlocked, type Operation, type Site, type Slot, type World } from "./world.ts";

/** The version whose shapes are played. */
export const API_VERSION = "2025-05-01";

/** A call that has found its slot. */
interface Call {
  readonly world: World;
  readonly site: Site;
  readonly slot: Slot;
  readonly method: string;
  readonly url: URL;
  /** What comes after the slot in the path, in lower case. */
  readonly rest: string;
  /** @throws SiteRefusal where the body is not of this shape */
  readonly body: <T>(shape: z.ZodType<T>) => Promise<T>;
}

/** Plays Azure Resource Manager for `Microsoft.Web`. */
export async function answerArm(world: World, request: SandboxRequest): Promise<SandboxAnswer> {
  const { url, method } = request;
  const path = decodeURIComponent(url.pathname);
  const at = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/(.+)$/i.exec(
    path,
  );
  if (at === null) return armError(404, "InvalidResourceType", `The sandbox plays nothing at '${path}'.`);
  if (!url.searchParams.has("api-version")) {
    const words = "The api-version query parameter (?api-version=) is required for all requests.";
    return armError(400, "MissingApiVersionParameter", words);
  }
  const [subscription, group, below] = [at[1]!, at[2]!, at[3]!];
  const plan = /^serverfarms\/([^/]+)$/i.exec(below)?.[1];
  if (plan !== undefined) return planOf(world, { subscription, group, plan }, method);
  const [, name, slotName, rest = ""] = /^sites\/([^/]+)(?:\/slots\/([^/]+))?(?:\/(.*))?$/i.exec(below) ?? [];
  if (name === undefined) return armError(404, "InvalidResourceType", `The sandbox plays no '${below}'.`);
  const site = world.findSite(subscription, group, name);
  if (site === undefined) return resourceNotFound(`sites/${name}`, group);
  const body = async <T>(shape: z.ZodType<T>): Promise<T> => {
    const parsed = shape.safeParse(await jsonOf(request));
    if (parsed.success) return parsed.data;
    throw new SiteRefusal(400, "BadRequest", `The request is not valid: ${z.prettifyError(parsed.error)}`);
  };
  const asked = slotName ?? PRODUCTION;
  const slot = site.slots.get(asked.toLowerCase());
  try {
    if (slot === undefined) {
      if (rest === "" && method === "PUT") return await makeSlot(world, site, asked, await body(slotBody));
      if (rest === "" && method === "DELETE") return { status: 204 };
      return resourceNotFound(resourceOf(site.name, asked), group);
    }
    return await answerSlot({ world, site, slot, method, url, rest: rest.toLowerCase(), body });
  } catch (error) {
    if (error instanceof SiteRefusal) return error.answer;
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return new SiteRefusal(400, "BadRequest", "The request's body is no JSON.").answer;
    }
    throw error;
  }
}

function planOf(
  world: World,
  of: { readonly subscription: string; readonly group: string; readonly plan: string },
  method: string,
): SandboxAnswer {
  const site = world.sites.find(
    (each) =>
      world.findSite(of.subscription, of.group, each.name) === each &&
      each.plan.name.toLowerCase() === of.plan.toLowerCase(),
  );
  if (site === undefined) return resourceNotFound(`serverfarms/${of.plan}`, of.group);
  return method === "GET" ? { status: 200, json: shownPlan(site) } : notPlayed(method);
}

async function answerSlot(call: Call): Promise<SandboxAnswer> {
  const { site, slot, method, rest } = call;
  const operation = /^operationresults\/([^/]+)$/.exec(rest)?.[1];
  if (operation !== undefined && method === "GET") return operationResult(call, operation);
  switch (`${method} ${rest}`) {
    case "GET ":
      return { status: 200, json: shownSlot(site, slot) };
    case "PUT ":
      if (slot.name === PRODUCTION) return notPlayed("PUT of a site");
      return await makeSlot(call.world, site, slot.name, await call.body(slotBody));
    case "PATCH ": {
      const { properties } = await call.body(siteBody);
      slot.site = { ...slot.site, ...siteProperties(properties ?? {}) };
      return { status: 200, json: shownSlot(site, slot) };
    }
    case "DELETE ":
      return await deleteSlot(call);
    case "GET slots":
      return {
        status: 200,
        json: {
          value: [...site.slots.values()]
            .filter(({ name }) => name !== PRODUCTION)
            .map((each) => shownSlot(site, each)),
          nextLink: null,
        },
      };
    case "POST slotsswap":
      return await swap(call);
    case "POST applyslotconfig":
      await applyPreview(call.world, site, slot, await targetOf(call));
      return { status: 200 };
    case "POST resetslotconfig":
      await resetPreview(call.world, site, slot);
      return { status: 200 };
    case "POST slotsdiffs":
      return { status: 200, json: slotDifferences(site, slot, await targetOf(call)) };
    case "POST restart":
      requireIdle(site);
      await call.world.restartSlot(slot);
      return { status: 200 };
    default:
      return await answerConfig(call);
  }
}

async function answerConfig(call: Call): Promise<SandboxAnswer> {
  const { world, site, slot, method, rest } = call;
  const config = (name: string, properties: Json): SandboxAnswer => ({
    status: 200,
    json: shownConfig(site, slot, name, properties),
  });
  switch (`${method} ${rest}`) {
    case "POST config/appsettings/list":
      return config("appsettings", slot.settings);
    case "PUT config/appsettings": {
      const { properties } = await call.body(settingsBody);
      requireIdle(site);
      requireUnlocked(slot);
      slot.settings = properties ?? {};
      // A change of settings restarts an app.
      await world.restartSlot(slot);
      return config("appsettings", slot.settings);
    }
    case "GET config/slotconfignames":
    case "PUT config/slotconfignames": {
      if (method === "PUT") {
        const { properties } = await call.body(stickyBody);
        requireIdle(site);
        requireUnlocked(...site.slots.values());
        site.sticky = properties.appSettingNames ?? site.sticky;
        const { connectionStrings, azureStorageAccounts } = site.stickyResources;
        site.stickyResources = {
          connectionStrings: properties.connectionStringNames ?? connectionStrings,
          azureStorageAccounts: properties.azureStorageConfigNames ?? azureStorageAccounts,
        };
      }
      const names = {
        appSettingNames: [...site.sticky],
        connectionStringNames: [...site.stickyResources.connectionStrings],
        azureStorageConfigNames: [...site.stickyResources.azureStorageAccounts],
      };
      return config("slotConfigNames", names);
    }
    case "POST config/connectionstrings/list":
      return config("connectionstrings", slot.resources.connectionStrings);
    case "PUT config/connectionstrings": {
      const { properties } = await call.body(connectionsBody);
      requireIdle(site);
      requireUnlocked(slot);
      slot.resources = { ...slot.resources, connectionStrings: jsonRecord(properties) };
      return config("connectionstrings", slot.resources.connectionStrings);
    }
    case "POST config/azurestorageaccounts/list":
      return config("azurestorageaccounts", slot.resources.azureStorageAccounts);
    case "PUT config/azurestorageaccounts": {
      const { properties } = await call.body(mountsBody);
      requireIdle(site);
      requireUnlocked(slot);
      slot.resources = { ...slot.resources, azureStorageAccounts: jsonRecord(properties) };
      return config("azurestorageaccounts", slot.resources.azureStorageAccounts);
    }
    // People are not handed on by it.
    case "PATCH config/web": {
      const { properties } = await call.body(webBody);
      requireIdle(site);
      slot.config = { ...slot.config, ...jsonRecord(properties) };
      return config("web", slot.config);
    }
    case "GET config/web":
      return config("web", {
        linuxFxVersion: "NODE|24-lts",
        healthCheckPath: null,
        autoSwapSlotName: null,
        ...slot.config,
      });
    case "GET config/authsettingsv2":
    case "GET config/authsettingsv2/list":
      return config("authsettingsV2", { platform: { enabled: slot.isAuthOn } });
    case "PUT config/authsettingsv2":
      slot.isAuthOn = (await call.body(authBody)).properties.platform?.enabled ?? false;
      return config("authsettingsV2", { platform: { enabled: slot.isAuthOn } });
    case "POST config/publishingcredentials/list":
      // Basic authentication is switched off, as it should be: who deploys shows his bearer token.
      return config("publishingcredentials", {
        publishingUserName: `$${site.name}`,
        publishingPassword: null,
        scmUri: `https://${slot.scm.host}`,
      });
    default:
      return notPlayed(`${method} ${rest}`);
  }
}

const WITHOUT_RESTRICTIONS = { ipSecurityRestrictions: null, scmIpSecurityRestrictions: null };

async function makeSlot(
  world: World,
  site: Site,
  name: string,
  body: z.infer<typeof slotBody>,
): Promise<SandboxAnswer> {
  requireIdle(site);
  const there = site.slots.get(name.toLowerCase());
  if (there === undefined) world.requireRoom(site);
  else requireUnlocked(there);
  const { appSettings, connectionStrings, azureStorageAccounts, ...config } =
    body.properties?.siteConfig ?? {};
  const resources = {
    connectionStrings: Object.fromEntries(
      (connectionStrings ?? []).map((each) => [each.name, { value: each.connectionString, type: each.type }]),
    ),
    azureStorageAccounts: jsonRecord(azureStorageAccounts),
  };
  const settings =
    appSettings === undefined || appSettings === null
      ? undefined
      : Object.fromEntries(appSettings.map((each) => [each.name, each.value]));
  const own = siteProperties(body.properties ?? {});
  const tags = body.tags ?? {};
  const isOpen = there === undefined && world.faults.nextSlotIsOpen();
  const made = {
    config: { ...jsonRecord(config), ...(isOpen ? WITHOUT_RESTRICTIONS : {}) },
    site: own,
    tags,
    resources,
  };
  const slot = there ?? (await world.addSlot(site, name, settings ?? {}, made));
  const operation = world.begin(site, "CreateOrUpdateSlot", name, async () => {
    await world.pass(world.options.phases.provisionMs);
    if (there === undefined) return;
    there.settings = settings ?? there.settings;
    there.config = { ...there.config, ...jsonRecord(config) };
    there.site = { ...there.site, ...own };
    there.tags = tags;
    if (connectionStrings && azureStorageAccounts) there.resources = resources;
    await world.restartSlot(there);
  });
  return {
    status: 202,
    json: shownSlot(site, slot),
    headers: { "azure-asyncoperation": resultAddress(site, operation, "statuses"), ...waiting(world) },
  };
}

async function deleteSlot({ world, site, slot }: Call): Promise<SandboxAnswer> {
  if (slot.name === PRODUCTION) return notPlayed("DELETE of a site");
  requireIdle(site);
  requireUnlocked(slot);
  await world.removeSlot(site, slot);
  return { status: 200 };
}

async function swap(call: Call): Promise<SandboxAnswer> {
  const { world, site, slot } = call;
  // Also in the form without a slot: there production is the source, and it is what is warmed up.
  const operation = beginSwap(world, site, slot, await targetOf(call));
  return {
    status: 202,
    headers: { location: resultAddress(site, operation, "result"), ...waiting(world) },
  };
}

/** @throws SiteRefusal */
async function targetOf({ site, body }: Call): Promise<Slot> {
  const { targetSlot } = await body(swapBody);
  const target = site.slots.get(targetSlot.toLowerCase());
  if (target !== undefined) return target;
  throw new SiteRefusal(404, "NotFound", `Cannot find slot '${targetSlot}' of site '${site.name}'.`);
}

/** Where somebody asks how it goes; made absolute by the router's host in {@link absolute}. */
function resultAddress(site: Site, operation: Operation, kind: "statuses" | "result"): string {
  const as = kind === "statuses" ? "&as=status" : "";
  return `${idOf(site, operation.slot)}/operationresults/${operation.id}?api-version=${API_VERSION}${as}`;
}

function waiting(world: World): Record<string, string> {
  return { "retry-after": String(world.options.retryAfterSeconds) };
}

/** 202 until it has ended; the reason of a failed one comes only here. */
function operationResult({ world, site, slot, url }: Call, id: string): SandboxAnswer {
  const operation = site.operations.get(id);
  if (operation === undefined) return new SiteRefusal(404, "NotFound", `Cannot find operation ${id}.`).answer;
  if (url.searchParams.get("as") === "status") {
    return { status: 200, json: shownOperation(operation), headers: waiting(world) };
  }
  if (operation.ended === undefined) {
    return {
      status: 202,
      headers: { location: resultAddress(site, operation, "result"), ...waiting(world) },
    };
  }
  return operation.ended.failure?.answer ?? { status: 200, json: shownSlot(site, slot) };
}

/** What came as JSON, and was looked at as far as it is played. */
function jsonRecord(
  record: Readonly<Record<string, unknown>> | null | undefined,
): Readonly<Record<string, Json>> {
  return (record ?? {}) as Readonly<Record<string, Json>>;
}

function notPlayed(what: string): SandboxAnswer {
  return armError(501, "NotImplemented", `The sandbox does not play ${what}.`);
}
