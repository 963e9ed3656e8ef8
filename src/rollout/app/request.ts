import type { Secret } from "../../kernel/secret.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import { settingsText } from "../../nouns/settings/settings-file.ts";
import type { Ports } from "../../ports/ports.ts";
import { rollout, type RolloutSettings } from "./settings.ts";
import type { AppTarget } from "./target.ts";

/** Inputs of whatever brings a build to production. */
export interface AppInputs {
  readonly environment: string;
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly settings: string;
  readonly planHash: string | undefined;
  readonly resume: string | undefined;
  readonly dryRun: boolean;
  /** Path of a page with the run's timeline. */
  readonly timeline: string | undefined;
}

export type AppPorts = Pick<
  Ports,
  | "openStore"
  | "openSlotHost"
  | "web"
  | "disk"
  | "programs"
  | "sourceTree"
  | "clock"
  | "random"
  | "log"
  | "cancelled"
  | "run"
  | "remember"
>;

/** What the settings say of an app, and which it is. */
export interface AppSettings {
  readonly target: AppTarget;
  readonly settings: RolloutSettings;
}

/** @throws input.malformed; input.missing where no app is declared */
export async function readAppSettings(
  { settings: path, environment }: Pick<AppInputs, "settings" | "environment">,
  ports: Pick<AppPorts, "sourceTree">,
): Promise<AppSettings> {
  const text = await settingsText(await ports.sourceTree(), path);
  if (text === undefined && path !== DEFAULT_SETTINGS) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const settings = readSettings(text ?? "", path, { rollout }).rollout;
  if (settings?.app === undefined) {
    throw new HoldfastError("input.missing", `${path} declares no app to deploy to`, {
      hint: "Declare it there: rollout: { app: { subscription, group, site, slot } }. See docs/rollback.md.",
    });
  }
  const { slot, ...address } = settings.app;
  return { settings, target: { address, slot, environment } };
}
