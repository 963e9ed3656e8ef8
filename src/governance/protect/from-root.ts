import { join, relative } from "node:path";
import { isHoldfastError } from "../../kernel/errors.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { Ports } from "../../ports/ports.ts";

/** Where GitHub looks for workflows. */
const DEFAULT_WORKFLOWS = ".github/workflows";

/**
 * The usual paths from the root of the checkout, whatever folder of it this runs in; others as they are
 * given, and all of them where there is no checkout.
 *
 * @throws source.missing
 */
export async function fromRoot<T extends { readonly settings: string; readonly workflows: string }>(
  inputs: T,
  ports: Pick<Ports, "sourceHistory">,
): Promise<T> {
  const { settings, workflows } = inputs;
  if (settings !== DEFAULT_SETTINGS && workflows !== DEFAULT_WORKFLOWS) return inputs;
  const root = await rootOf(ports);
  const below = (path: string, usual: string): string =>
    path === usual ? relative(".", join(root, path)) : path;
  return {
    ...inputs,
    settings: below(settings, DEFAULT_SETTINGS),
    workflows: below(workflows, DEFAULT_WORKFLOWS),
  };
}

async function rootOf(ports: Pick<Ports, "sourceHistory">): Promise<string> {
  try {
    return await (await ports.sourceHistory(".")).root();
  } catch (error) {
    if (isHoldfastError(error, "source.history")) return ".";
    throw error;
  }
}
