import type { AppAddress } from "../../ports/slot-host.ts";

/** An app, the slot beside its production, and the environment that both belong to. */
export interface AppTarget {
  readonly address: AppAddress;
  readonly slot: string;
  /** Of which there is one change at a time, whoever makes it: `production`. */
  readonly environment: string;
}

/** `shop-rg/shop`: for people; the subscription is in the plan. */
export function nameOf({ address: { group, site } }: AppTarget): string {
  return `${group}/${site}`;
}

/** The app as Azure's own client names it, so that a line can be used as it stands. */
export function azOf({ subscription, group, site }: AppAddress): string {
  return `--name ${site} --resource-group ${group} --subscription ${subscription}`;
}

/** Azure compares names without their case. */
export function folderOf({ address: { subscription, group, site } }: AppTarget): string {
  return [subscription, group, site].map((each) => each.toLowerCase()).join("/");
}
