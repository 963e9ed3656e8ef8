import { join } from "node:path";
import { isHoldfastError } from "../../kernel/errors.ts";
import { readSettings } from "../../nouns/settings/read-settings.ts";
import type { Section, Surroundings, Unreachable } from "../../nouns/settings/section.ts";
import { DEPENDENCIES } from "../dependencies/settings.ts";
import { coverage, policy, type Policy } from "./settings.ts";

/** What `pr-policy` reads of the settings file. */
export const POLICY_SECTIONS: readonly Section[] = [
  {
    name: "policy",
    schema: policy,
    absent: "defaults",
    unreachable: (value, around) => unreachable(value as Policy, around),
  },
  { name: "coverage", schema: coverage, absent: "defaults" },
  { name: "dependencies", schema: DEPENDENCIES, absent: "nothing" },
];

/** The section `policy` of a settings file, with its defaults. @throws input.malformed */
export function readPolicy(text: string, path: string): Policy {
  return readSettings(text, path, { policy }).policy ?? policy.parse({});
}

async function unreachable({ description }: Policy, around: Surroundings): Promise<Unreachable[]> {
  const { template } = description;
  try {
    await around.tree.file(join(around.root, template));
    return [];
  } catch (error) {
    if (!isHoldfastError(error, "source.missing")) throw error;
    return [{ path: ["description", "template"], message: `there is no template ${template}` }];
  }
}
