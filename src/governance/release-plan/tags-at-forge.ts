import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { versionTags, type VersionTag } from "../versions/version-tags.ts";

/** What the forge says of the checkout's tags. */
export interface TagsAtForge {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Names that are told of many. */
const TOLD = 3;

/**
 * Holds the checkout's releases against those at the forge: a tag that was never fetched, or was moved since,
 * makes the next version a wrong one. Without a token nobody is asked, and that is said.
 *
 * @throws what asking a forge throws; forge.untold where this token is not told
 */
export async function tagsAtForge(
  here: readonly VersionTag[],
  { burned }: Pick<ReleaseSettings, "burned">,
  { repository, token }: { readonly repository: string | undefined; readonly token: Secret | undefined },
  ports: Pick<Ports, "openForge">,
): Promise<TagsAtForge> {
  const forge = await ports.openForge(repository, token).catch((error: unknown) => {
    if (isHoldfastError(error, "input.missing")) return undefined;
    throw error;
  });
  if (forge === undefined) {
    const why = "GitHub was not asked whether this checkout has every tag: it needs a repository and a token";
    return { problems: [], warnings: [why] };
  }
  const answer = await forge.tags.beginningWith("v");
  if (answer.kind !== "found") {
    const why = answer.kind === "hidden" ? `${answer.why}; it needs ${answer.permission}` : "not found";
    throw new HoldfastError("forge.untold", `${forge.repository} does not tell its tags: ${why}`, {
      hint: "Give the token that right, or leave GitHub out with --offline.",
    });
  }
  const there = versionTags(
    answer.value.map(({ name, object }) => ({ name, object, commit: object })),
  ).counting.filter(({ version }) => !burned.includes(version));
  const known = new Map(here.map(({ name, object }) => [name, object]));
  const missing = there.filter(({ name }) => !known.has(name));
  const moved = there.filter(({ name, object }) => known.has(name) && known.get(name) !== object);
  const names = new Set(there.map(({ name }) => name));
  const own = here.filter(({ name }) => !names.has(name));
  const fetch = "Run `git fetch --tags --force`, and again";
  return {
    problems: [
      ...(missing.length === 0
        ? []
        : [`this checkout lacks ${told(missing)}, which ${forge.repository} has. ${fetch}.`]),
      ...(moved.length === 0
        ? []
        : [`${told(moved)} is another commit at ${forge.repository} than here. ${fetch}.`]),
    ],
    warnings:
      own.length === 0 ? [] : [`${forge.repository} does not have ${told(own)}, which this checkout has`],
  };
}

function told(tags: readonly VersionTag[]): string {
  return listed(
    tags.map(({ name }) => name),
    TOLD,
  );
}
