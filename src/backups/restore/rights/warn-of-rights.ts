import { ownerInEntry, ownerOfPublic } from "../../copy/artifacts/schema-entry.ts";
import type { SetContents } from "../../copy/artifacts/set-contents.ts";
import { madeAnew } from "./made-anew.ts";
import type { NotMadeHere } from "./not-made-here.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { RestoreMode } from "../request/restore-mode.ts";
import type { TargetState } from "../target/target.ts";
import { ownersOutOfReach, ownersWithoutRoom, publicKept, rightsWarnings } from "./rights.ts";

/** What tells which rights a restore needs. */
export interface NeedingRights extends Pick<Chosen, "request" | "backup" | "set"> {
  readonly target: TargetState;
  readonly mode: RestoreMode;
  readonly notMade: NotMadeHere;
}

/** What the role may not make or give away; a superuser may everything. */
export async function warnOfRights(
  { backup: { manifest }, set, target: { facts }, request, mode, notMade }: NeedingRights,
  contents: SetContents,
): Promise<string[]> {
  if (facts.superuser || !set.hasSchema || request.tables.length > 0) return [];
  const entries = await contents.first();
  // What a refusal names is not told again.
  const refused = new Set(mode === "beside" && !request.allowGaps ? notMade.all.map(({ id }) => id) : []);
  const missing = rightsWarnings(
    entries.filter(({ id }) => !refused.has(id)),
    facts,
    notMade,
    manifest.content,
  );
  const notes = [
    ...missing,
    ...(missing.length === 0 || mode !== "beside" || request.allowGaps
      ? []
      : [
          "mode beside puts no copy in place that lacks something: restore as a superuser, " +
            "or with --mode in-place",
        ]),
    ...(mode === "beside" ? await madeAnew(request.target, manifest.content.extensions, facts.role) : []),
  ];
  if (request.noOwner) return notes;
  await using session = await request.target.connect({ purpose: "restore plan" });
  const owner = ownerOfPublic(entries, manifest.content);
  const owners = await ownersOutOfReach(
    session,
    entries.filter((entry) => ownerInEntry(entry, "public", manifest.content) === undefined),
    facts.major,
  );
  const kept = owner === undefined ? [] : await publicKept(session, owner, facts, mode);
  const cramped = (await ownersWithoutRoom(session, entries, facts.major, mode === "beside")).filter(
    (name) => !owners.includes(name),
  );
  return [
    ...cramped.map(
      (name) =>
        `role ${name} may make nothing in schema public of the ${mode === "beside" ? "new " : ""}database, ` +
        "so nothing there can be given to it: " +
        (mode === "beside"
          ? "restore in place into a database that is its own"
          : `make the database its own (\`createdb --owner ${name}\`)`) +
        ", or use --no-owner",
    ),
    ...(owners.length === 0
      ? []
      : [
          `role ${facts.role} cannot give objects to ${owners.join(", ")}, which own some of backup ` +
            `${manifest.id}: they will belong to ${facts.role} (use --no-owner to want that, or GRANT ` +
            "those roles to it)",
        ]),
    ...kept,
    ...notes,
  ];
}
