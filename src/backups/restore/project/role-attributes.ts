import { findingSentence } from "../../copy/judging/headline.ts";
import { compareProperties } from "../../../nouns/content/compare/compare-properties.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { ProjectPlan } from "./project-plan.ts";

/**
 * What the user's roles that were at the target before may do there otherwise than at the source. They are
 * left as they are; what a role that was made could not be given is told as that, and memberships by those
 * who give them.
 */
export function attributeNotes(
  expected: ContentRecord,
  actual: ContentRecord,
  { profile, roles }: Pick<ProjectPlan, "profile" | "roles">,
): readonly string[] {
  const others = new Set([...profile.roles, ...roles.map(({ name }) => name)]);
  const bare = (content: ContentRecord): ContentRecord => ({
    ...content,
    roles: content.roles.filter(({ name }) => !others.has(name)).map((role) => ({ ...role, memberOf: [] })),
  });
  return compareProperties(bare(expected), bare(actual))
    .filter(({ about }) => about === "role")
    .map(findingSentence);
}
