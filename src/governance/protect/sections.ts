import { join } from "node:path";
import type { Section, Surroundings, Unreachable } from "../../nouns/settings/section.ts";
import { protection, type Protection } from "./settings.ts";
import { mayProduce, producersOf } from "./workflows/producers.ts";
import { readWorkflows } from "./workflows/read-workflows.ts";

/** What `protect` reads of the settings file. */
export const PROTECTION_SECTIONS: readonly Section[] = [
  {
    name: "protection",
    schema: protection,
    absent: "defaults",
    unreachable: (value, around) => unreachable(value as Protection, around),
  },
];

/** Where GitHub looks for workflows. */
const WORKFLOWS = ".github/workflows";

/**
 * Required checks that no job reports. Which event a job starts on, and what may keep it from running,
 * `protect` says.
 */
async function unreachable({ branches }: Protection, around: Surroundings): Promise<Unreachable[]> {
  if (branches.every(({ checks }) => checks.length === 0)) return [];
  const read = await readWorkflows(around.tree, join(around.root, WORKFLOWS));
  const producers = producersOf(read.filter((each) => "jobs" in each));
  return branches.flatMap(({ checks }, set) =>
    checks.flatMap(({ name, app }, at) =>
      app !== "github-actions" || producers.some((each) => mayProduce(each, name))
        ? []
        : [
            {
              path: ["branches", set, "checks", at, "name"],
              message: `no job in ${WORKFLOWS} reports a check '${name}'`,
            },
          ],
    ),
  );
}
