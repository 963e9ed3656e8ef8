import { HoldfastError } from "../../../kernel/errors.ts";
import type { ArtifactSet } from "../../copy/artifacts/artifact-set.ts";
import { ownerInEntry } from "../../copy/artifacts/schema-entry.ts";
import { likelyNamesOf } from "../../copy/artifacts/toc-names.ts";
import type { SetContents } from "../../copy/artifacts/set-contents.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import type { RestoreRequest } from "../request/request.ts";
import type { TargetState } from "./target.ts";

/**
 * Roles that own something in the archive must exist, be made, or be done without: decided now, not in the
 * middle.
 */
export async function lackingOwners(
  backup: Backup,
  set: ArtifactSet,
  contents: SetContents,
  target: TargetState,
  request: RestoreRequest,
): Promise<HoldfastError | undefined> {
  if (request.createRoles || request.noOwner || !set.hasSchema || target.missingRoles.length === 0) {
    return undefined;
  }
  const missing = new Set(target.missingRoles.map(({ name }) => name));
  const owners = new Set<string>();
  const { platform } = backup.manifest;
  const platforms = platform === undefined ? [] : profileOf(platform.name).roles;
  for (const entry of await contents.all()) {
    // Rights are on what has an entry of its own, or the server or an extension brings.
    const { owner } = likelyNamesOf(entry);
    // Where it is a platform's own role that owns `public`, it keeps the owner that it has here.
    const isPlatformsPublic =
      platforms.includes(owner) && ownerInEntry(entry, "public", backup.manifest.content) !== undefined;
    if (entry.type !== "ACL" && missing.has(owner) && !isPlatformsPublic) owners.add(owner);
  }
  if (owners.size === 0) return undefined;
  const names = [...owners].join(", ");
  return new HoldfastError(
    "database.lacks",
    `the target server lacks roles that own objects in backup ${backup.key.id}: ${names}`,
    {
      hint:
        "Create them, or use --create-roles (made without login), or --no-owner with --no-privileges. " +
        "Nothing was touched.",
    },
  );
}

/** Extensions of the backup that the target cannot have, where they are not to be done without. */
export function lackingExtensions(target: TargetState, request: RestoreRequest): HoldfastError | undefined {
  if (request.allowGaps || request.part === "data" || target.unavailableExtensions.length === 0) {
    return undefined;
  }
  const names = target.unavailableExtensions.map(extensionWords).join(", ");
  return new HoldfastError("database.lacks", `the target server cannot install ${names}`, {
    hint:
      "Install them on the server (or preload or allow them, if that is what it asks for), or use " +
      "--allow-gaps to restore without them and what depends on them. Nothing was touched.",
  });
}

function extensionWords({ name, version, reason }: TargetState["unavailableExtensions"][number]): string {
  return `${name} ${version}${reason === undefined ? "" : ` (${reason})`}`;
}
