import { keptOut } from "../../ports/kept-out.ts";
import type { WebAnswer } from "../../ports/web.ts";

/**
 * Why an answer, or silence, may have nothing to do with a release. A certificate, a limit of who asks too
 * much, who keeps this machine out, and a network of its own that is down are never mended by going back. Any
 * other status below 500 is what a wrong address or a sign-in answers as well: only where the same address
 * was well before has something changed.
 */
export type Doubt = "limit" | "certificate" | "network" | "kept-out" | "offline" | "address";

/**
 * Of statuses that stand for something between here and the app: certificates as nginx and Cloudflare tell
 * them (https://nginx.org/en/docs/http/ngx_http_ssl_module.html,
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/), and a
 * network that wants a sign-in (RFC 6585, which keeps 511 from whoever is asked).
 */
const BETWEEN: ReadonlyMap<number, Doubt> = new Map([
  [429, "limit"],
  [495, "certificate"],
  [496, "certificate"],
  [511, "network"],
  [525, "certificate"],
  [526, "certificate"],
]);

/** @param answer one that has not the status of a good answer */
export function doubtOf({ status, headers, body }: WebAnswer): Doubt | undefined {
  const isKeptOut =
    keptOut(status, body, headers.get("x-ms-forbidden-ip")) !== undefined ||
    // https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response
    headers.get("cf-mitigated") === "challenge";
  if (isKeptOut) return "kept-out";
  return BETWEEN.get(status) ?? (status < 500 ? "address" : undefined);
}

/** Whether it does not count as a failure. */
export function saysNothing(doubt: Doubt, wasWell: boolean): boolean {
  return doubt !== "address" || !wasWell;
}

const MENDING: Readonly<Record<Doubt, string>> = {
  limit: "Ask less often (--every), or let this machine ask as often as it does.",
  certificate: "Renew or correct the certificate of the address, or of what stands behind it.",
  network: "Sign this machine in at its network.",
  "kept-out": "Let this machine in where access is restricted or browsers are asked to prove themselves.",
  offline: "Look at this machine's network and name server; what nobody answers says nothing of the app.",
  address: "Correct --url or --status, or let this machine in.",
};

/** What people can do about such an answer. */
export function mendingOf(doubt: Doubt): string {
  return MENDING[doubt];
}

/** Why nobody can say that going back would mend it. */
export function whyOf(doubt: Doubt): string {
  return doubt === "address"
    ? "it was never well in this watch, and a wrong address, a sign-in or a firewall answers like that"
    : "going back to another release does not mend that";
}
