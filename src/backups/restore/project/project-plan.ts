import type { ArtifactRecord, Finding } from "../../../nouns/catalog/manifest.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { TargetState } from "../target/target.ts";
import type { NotMade } from "./not-made/not-made.ts";
import type { BothEnds } from "./ends/choose-into.ts";
import type { Brought } from "./users/brought.ts";
import type { RehearsedRows } from "./rows/rehearse-rows.ts";
import type { KeyBehind } from "./rows/keys-behind.ts";
import type { OwnerOutOfReach } from "./definitions/owners-out-of-reach.ts";
import type { KitItem } from "./rebuild-kit.ts";
import type { WhoseRows } from "./archive/whose-rows.ts";

/** What a restore into a project will do, beside what every restore's plan says. */
export interface ProjectPlan extends BothEnds, Omit<Brought, "gaps" | "notes">, RehearsedRows, NotMade {
  readonly profile: PlatformProfile;
  readonly rows: WhoseRows;
  /** Which extensions each entry of the archive needs. */
  readonly extensionsNeeded: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where definitions and rows lie. */
  readonly definitionsIn: ArtifactRecord;
  readonly rowsIn: ArtifactRecord;
  /** Nothing of the user's is there and no row of his: nothing is lost by a restore. */
  readonly fresh: boolean;
  /** All that is the user's at the target, as people read it: what is dropped must be among it. */
  readonly usersObjects: readonly string[];
  /** A few of the things that are there. */
  readonly holds: readonly string[];
  /** The user's at the target that the backup has not: they go. */
  readonly removed: readonly string[];
  /** What the role may make and not give to its owner. */
  readonly ownersOut: readonly OwnerOutOfReach[];
  /** Keys that the rows which are brought may not hold. */
  readonly keysBehind: readonly KeyBehind[];
  /** Roles of the user's that are made. */
  readonly roles: readonly RoleRecord[];
  /** What the backup has and a project does not get. */
  readonly gaps: readonly Finding[];
  readonly notes: readonly string[];
  readonly kit: readonly KitItem[];
  /** Nothing is done while there are any. */
  readonly refusals: readonly string[];
}

/** What a plan is made from. */
export interface ProjectInputs extends Chosen {
  readonly target: TargetState;
  readonly ends: BothEnds;
}
