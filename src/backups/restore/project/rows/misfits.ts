import { HoldfastError } from "../../../../kernel/errors.ts";
import { quantity } from "../../../../kernel/quantity.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { Unwritable } from "./foresee.ts";
import { gapsOfKeys, refusalOfKey, type KeyBehind } from "./keys-behind.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";
import { gapOfOwner, refusalsOfOwners, type OwnerOutOfReach } from "../definitions/owners-out-of-reach.ts";
import type { WhoseRows } from "../archive/whose-rows.ts";

/** What this role cannot bring: each ends the restore by name, or is a gap where that was allowed. */
export interface OutOfReach {
  readonly notAllowed: readonly NotAllowed[];
  readonly unwritable: readonly Unwritable[];
  readonly ownersOut: readonly OwnerOutOfReach[];
  readonly keysBehind: readonly KeyBehind[];
}

/** Where gaps are allowed. */
export function gapsOfMisfits(
  { notAllowed, unwritable, ownersOut, keysBehind }: OutOfReach,
  role: string,
): Finding[] {
  return [
    ...notAllowed.map(gapOfRight),
    ...unwritable.map(gapOfRows),
    ...ownersOut.map((one) => gapOfOwner(one, role)),
    ...gapsOfKeys(keysBehind),
  ];
}

/** Where they are not: a sentence for each. */
export function refusalsOfMisfits(
  { notAllowed, unwritable, ownersOut, keysBehind }: OutOfReach,
  role: string,
): string[] {
  return [
    ...refusalsOfRights(notAllowed, unwritable, role),
    ...refusalsOfOwners(ownersOut, role),
    ...keysBehind.map(refusalOfKey),
  ];
}

function gapOfRight({ title, why }: NotAllowed): Finding {
  return { severity: "gap", about: "platform", name: title, message: `was left out: ${why}` };
}

function gapOfRows({ table, rows }: Unwritable): Finding {
  return {
    severity: "gap",
    about: "table",
    name: table,
    message: `stays behind (${quantity(rows, "row")}): the role may not write it`,
  };
}

function refusalsOfRights(
  notAllowed: readonly NotAllowed[],
  unwritable: readonly Unwritable[],
  role: string,
): string[] {
  return [
    ...notAllowed.map(({ title, why }) => `role ${role} may not make ${title} (${why})`),
    ...unwritable.map(
      ({ table, rows }) =>
        `role ${role} may not write ${table}, and the backup has ${quantity(rows, "row")} of it`,
    ),
  ];
}

/** What a project gets from no backup: secrets, and large objects. */
export function gapsOfStaying(rows: WhoseRows, largeObjects: number): Finding[] {
  const secrets = rows.behind
    .filter((table) => table.kind === "secret" && table.rows > 0)
    .map(({ title, rows: count }): Finding => ({
      severity: "gap",
      about: "table",
      name: title,
      message:
        `stays behind (${quantity(count, "row")}): secrets are encrypted with a key that no dump holds; ` +
        "put them into the project anew",
    }));
  if (largeObjects === 0) return secrets;
  return [
    ...secrets,
    {
      severity: "gap",
      about: "large-objects",
      name: "large objects",
      message:
        `are not brought into a project (${largeObjects} in the backup); ` +
        "restore the backup into a database and copy them from there",
    },
  ];
}

/**
 * What does not fit, as what a restore ends with: one refusal that names a few.
 *
 * @param singly each by itself, for a dry run
 */
export function misfits(
  refusals: readonly string[],
  backup: string,
  project: string,
  singly: boolean,
): readonly HoldfastError[] {
  if (singly || refusals.length === 0) {
    return refusals.map((text) => new HoldfastError("refused.misfit", text));
  }
  const more = refusals.length > 3 ? ` and ${refusals.length - 3} more` : "";
  return [
    new HoldfastError(
      "refused.misfit",
      `backup ${backup} does not fit into project ${project}: ${refusals.slice(0, 3).join("; ")}${more}`,
      {
        hint:
          "Nothing was touched. --dry-run names everything. A column or table that is missing needs " +
          "a newer version of the platform at the target; rows that collide have to be changed or removed " +
          "at one end; what the role may not make, and keys to rows that stay behind, are left out " +
          "with --allow-gaps, and what it may not give away stays its own.",
      },
    ),
  ];
}
