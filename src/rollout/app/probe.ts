import { isHoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Web, WebAnswer } from "../../ports/web.ts";
import { inItsPlace } from "./not-the-app.ts";
import { namesOf, versionIn, type Build } from "./release-mark.ts";
import type { AppHealth } from "./settings.ts";

/** How an app answered when it was asked how it is. */
export type Probed =
  | { readonly kind: "well"; readonly build: string | undefined; readonly what: string }
  | { readonly kind: "ill"; readonly what: string }
  /** It is well, and another build than the one that is asked for. */
  | { readonly kind: "other"; readonly build: string; readonly what: string };

/** How long one answer is waited for: longer than that nobody calls an app well. */
const ANSWER_MS = 20_000;
const SHOWN = 60;

/**
 * Asks an app how it is, and which build.
 *
 * @param address without a path
 * @param wanted the build that it has to say it is; undefined where any may answer
 * @throws the signal's reason; a refusal or silence of the app is an answer
 */
export async function probe(
  web: Web,
  address: string,
  health: AppHealth,
  wanted: Pick<Build, "version" | "build"> | undefined,
  signal: AbortSignal,
): Promise<Probed> {
  const answer = await asked(web, address + health.path, signal);
  if (typeof answer === "string") return { kind: "ill", what: answer };
  const at = `${health.path} of ${address}`;
  if (answer.status !== health.status) {
    const instead = inItsPlace(answer);
    const why = instead === undefined ? "" : `: ${instead}`;
    return { kind: "ill", what: `${at} answers ${answer.status}, and not ${health.status}${why}` };
  }
  if (health.contains !== undefined && !answer.body.includes(health.contains)) {
    return { kind: "ill", what: `${at} answers ${answer.status} without the text that is asked for` };
  }
  if (health.build === undefined) return { kind: "well", build: undefined, what: `${at} is well` };
  const where = health.build.path ?? health.path;
  const told = where === health.path ? answer : await asked(web, address + where, signal);
  if (typeof told === "string") return { kind: "ill", what: told };
  const build = buildIn(told, health.build);
  if (build === undefined) {
    return { kind: "ill", what: `${where} of ${address} does not say which build it is` };
  }
  const shown = printableLine(build.slice(0, SHOWN));
  // Whoever hands the mark on as it is says more than the build, behind a blank.
  if (wanted === undefined || namesOf(wanted).includes(versionIn(build))) {
    return { kind: "well", build, what: `${at} is well, and is ${shown}` };
  }
  return { kind: "other", build, what: `${at} is well, and is ${shown} instead of ${namesOf(wanted)[0]!}` };
}

async function asked(web: Web, address: string, signal: AbortSignal): Promise<WebAnswer | string> {
  try {
    return await web.get(address, { signal, withinMs: ANSWER_MS });
  } catch (error) {
    if (isHoldfastError(error, "web.unreachable", "web.untrusted")) return error.message;
    throw error;
  }
}

function buildIn(
  { headers, body }: WebAnswer,
  { header, json }: NonNullable<AppHealth["build"]>,
): string | undefined {
  if (header !== undefined) return headers.get(header.toLowerCase());
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const key of json!.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
