import * as z from "zod";
import type { Json } from "../../kernel/outcome.ts";
import { parseDuration } from "../../kernel/duration.ts";

/**
 * The section `rollout` of the settings file: which app is deployed to, how it is known to be well, and which
 * build it says that it is (strategy I).
 */

const path = z
  .string()
  .max(500)
  .regex(/^\/[^\s\\]*$/, "is a path of the app, and begins with /")
  // With two slashes it would be an address of somebody else.
  .refine((text) => !text.startsWith("//"), "is a path of the app, and begins with one /");

const duration = z
  .string()
  .refine((text) => isDuration(text), "is no duration, such as 3m or 45s")
  .transform((text) => parseDuration(text, "duration"));

const build = z
  .strictObject({
    path: path.optional().describe("Where the app says it; the path of `health` by default."),
    header: z.string().min(1).max(100).optional().describe("The header that has it."),
    json: z
      .string()
      .regex(/^[\w-]+(?:\.[\w-]+)*$/, "is no path of keys, such as app.build")
      .optional()
      .describe("The key of a JSON body that has it; keys of keys are joined by dots."),
  })
  .refine(({ header, json }) => (header === undefined) !== (json === undefined), "names a header, or a json");

export const appHealth = z
  .strictObject({
    path: path.default("/health").describe("What is asked. Redirects are answers, and not followed."),
    status: z.int().min(100).max(599).default(200).describe("The status of an app that is well."),
    contains: z.string().min(1).max(1000).optional().describe("A text that the body has."),
    build: build
      .optional()
      .describe(
        "Where the app says which build it is. It is held against the version that is deployed, with its " +
          "build or without. The variable `HOLDFAST_RELEASE` has it for the app.",
      ),
    tries: z.int().min(1).max(1000).default(30).describe("How often a slot is asked until it is well."),
    every: duration.prefault("10s").describe("The pause between two tries."),
  })
  .prefault({});
export type AppHealth = z.infer<typeof appHealth>;

export const appTests = z
  .strictObject({
    paths: z
      .array(path)
      .max(100)
      .default([])
      .describe(
        "Paths that have to answer with less than 400, at the slot that is not yet production; a sign-in " +
          "of Azure in the app's place is no answer of it.",
      ),
    command: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe("A line of shell, with the slot's address in `HOLDFAST_ADDRESS`. 0 is good."),
    within: duration.prefault("15m").describe("How long the command may take."),
  })
  .prefault({});
export type AppTests = z.infer<typeof appTests>;

export const appSoak = z
  .strictObject({
    for: duration
      .prefault("3m")
      .describe("How long production is watched after a swap; `0s` for not at all."),
    every: duration.prefault("5s").describe("The pause between two requests."),
    failures: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe("The share of requests that may fail, from 0 to 1. Another build's answer may never come."),
  })
  .prefault({});
export type AppSoak = z.infer<typeof appSoak>;

export const appSwap = z
  .strictObject({
    "may-change": z
      .array(z.string().min(1).max(500))
      .max(500)
      .default([])
      .describe(
        "Names of app settings, connection strings and mounts that a deployment may change in production, " +
          "or take from it, because the slot has another value or none and they do not stick; `*` for all. " +
          "Any other ends it before it is begun.",
      ),
  })
  .prefault({});
export type AppSwap = z.infer<typeof appSwap>;

const name = (what: string): z.ZodString =>
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._()-]{0,89}$/, `is no name of ${what}`);

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
export const rollout = z.strictObject({
  app: z
    .strictObject({
      subscription: z
        .string()
        .regex(/^[0-9a-fA-F-]{36}$/, "is no id of a subscription")
        .describe("Id of the subscription."),
      group: name("a resource group").describe("The resource group."),
      site: name("an app").describe("The app."),
      slot: name("a slot")
        .default("staging")
        .describe(
          "The slot beside production that is deployed to, and holds the build of before after a swap.",
        ),
    })
    .optional()
    .describe("The app of Azure App Service."),
  health: appHealth,
  tests: appTests,
  soak: appSoak,
  swap: appSwap,
});
export type RolloutSettings = z.infer<typeof rollout>;

function isDuration(text: string): boolean {
  try {
    parseDuration(text, "duration");
    return true;
  } catch {
    return false;
  }
}

/** Settings by which a build is judged, as plans have them. */
export function judgedBy(settings: object): Json {
  return JSON.parse(JSON.stringify(settings)) as Json;
}
