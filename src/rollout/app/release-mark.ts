import type { Json } from "../../kernel/outcome.ts";
import type { SlotCall, SlotHost } from "../../ports/slot-host.ts";

/**
 * The setting that says which build a slot holds. It does not stick, so that it goes along with a swap: by it
 * the host alone tells what is where, also where no app answers. The app has it as a variable.
 */
export const RELEASE_MARK = "HOLDFAST_RELEASE";

/** A build of an app, as it is deployed. */
export interface Build {
  /** Without `v`: `1.3.0`. */
  readonly version: string;
  /** Build metadata of the artifact; undefined where there is none. */
  readonly build: string | undefined;
  /** SHA-256 of the package in hex. */
  readonly digest: string;
}

/** How much of a digest tells one package of a version from another. */
const DIGEST_SHOWN = 12;

/** `1.3.0+build.7 3fa9c1d20b7e`. */
export function markOf({ version, build, digest }: Build): string {
  return `${versionOf({ version, build })} ${digest.slice(0, DIGEST_SHOWN)}`;
}

/** `1.3.0+build.7`, or `1.3.0`. */
export function versionOf({ version, build }: Pick<Build, "version" | "build">): string {
  return build === undefined ? version : `${version}+${build}`;
}

/** What an app may call itself where it is this build. */
export function namesOf(build: Pick<Build, "version" | "build">): readonly string[] {
  const { version } = build;
  return [...new Set([versionOf(build), version])].flatMap((name) => [name, `v${name}`]);
}

/** The version in a mark: `1.3.0+build.7`. */
export function versionIn(mark: string): string {
  return mark.split(" ")[0]!;
}

/** What a slot is marked with; undefined where nothing of ours was deployed to it. */
export async function markAt(
  host: Pick<SlotHost, "settings">,
  slot: string,
  call: SlotCall,
): Promise<string | undefined> {
  const mark = (await host.settings(slot, call)).get(RELEASE_MARK)?.reveal();
  return mark === "" ? undefined : mark;
}

/**
 * The mark that production had, by what a swap has written down before it; null where it was nothing of ours.
 *
 */
export function productionIn(evidence: Json | undefined): string | null {
  const found = (evidence as { readonly production?: unknown } | null | undefined)?.production;
  return typeof found === "string" ? found : null;
}
