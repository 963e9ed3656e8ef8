import { basename, dirname, join } from "node:path";
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
  if (await isThere(join(around.root, template), around)) return [];
  return [
    { path: ["description", "template"], message: `there is no file ${template}; a link is not followed` },
  ];
}

async function isThere(path: string, { tree }: Surroundings): Promise<boolean> {
  try {
    return (await tree.files(dirname(path), (each) => each === basename(path))).files.length > 0;
  } catch (error) {
    if (isHoldfastError(error, "source.missing")) return false;
    throw error;
  }
}
