import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Manifest } from "../../nouns/catalog/manifest.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import type { LoadedSet } from "../copy/recipe.ts";

/** In the words of majors up to 15 and since 16: https://www.postgresql.org/docs/16/release-16.html (SET option of memberships). */
const REFUSED = /must be (?:a )?member of role "((?:[^"]|"")+)"|must be able to SET ROLE "((?:[^"]|"")+)"/;

/**
 * A role of somebody's own scratch server that may not give objects to their owners says nothing about the backup: what it
 * makes differs from every source. So there is no verdict. What a platform's roles own is judged otherwise.
 *
 * @param described the scratch server
 * @throws database.permission
 */
export function requirePowers({ problems }: Pick<LoadedSet, "problems">, { platform }: Manifest, described: string): void {
  const platforms = platform === undefined ? [] : profileOf(platform.name).roles;
  const owners = problems.map(({ message }) => REFUSED.exec(message)).flatMap((found) => (found === null ? [] : [(found[1] ?? found[2])!]));
  const outOfReach = [...new Set(owners)].filter((owner) => !platforms.includes(owner));
  if (outOfReach.length === 0) return;
  throw new HoldfastError("database.permission", `the role that restores on ${described} may not give objects to their owners: ${listed(outOfReach)}`, {
    hint: "Give --scratch the URL of a superuser of a throw-away server, or make its role a member of those roles. Nothing is said about the backup, and no receipt was written.",
  });
}
