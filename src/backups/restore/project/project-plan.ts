import type { ArtifactSet } from "../../copy/artifacts/artifact-set.ts";
import type { DefinitionText } from "../../copy/artifacts/definition-script.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import type { ArtifactRecord, Finding } from "../../../nouns/catalog/manifest.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import type { ToolSet } from "../../../ports/dump-tools.ts";
import type { RestoreRequest } from "../request/request.ts";
import type { TargetState } from "../target/target.ts";
import type { NotAllowed } from "../rights/not-allowed.ts";
import type { BothEnds } from "./ends/choose-into.ts";
import type { Defaults } from "./rows/defaults.ts";
import type { ProjectEntries } from "./users/entries.ts";
import type { Foreseen } from "./rows/foresee.ts";
import type { KeyBehind } from "./rows/keys-behind.ts";
import type { OwnerOutOfReach } from "./definitions/owners-out-of-reach.ts";
import type { NamedObject } from "./users/platform-tables.ts";
import type { KitItem } from "./rebuild-kit.ts";
import type { PublicationsToDo } from "./users/publication-options.ts";
import type { WhoseRows } from "./archive/whose-rows.ts";

/** What a restore into a project will do, beside what every restore's plan says. */
export interface ProjectPlan extends BothEnds {
  readonly profile: PlatformProfile;
  readonly entries: ProjectEntries;
  readonly rows: WhoseRows;
  /**
   * What stands on the platform's tables and was told to be the user's by holding it against the target's;
   * among the source's `users`.
   */
  readonly brought: readonly NamedObject[];
  /** Texts of entries that are no entries of the archive: parts of tables of the platform's. */
  readonly parts: readonly DefinitionText[];
  /** Which extensions each entry of the archive needs. */
  readonly extensionsNeeded: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where definitions and rows lie. */
  readonly definitionsIn: ArtifactRecord;
  readonly rowsIn: ArtifactRecord;
  readonly foreseen: Foreseen;
  readonly defaults: Defaults;
  /** How publications of the platform's have to publish. */
  readonly publications: PublicationsToDo;
  /** Nothing of the user's is there and no row of his: nothing is lost by a restore. */
  readonly fresh: boolean;
  /** All that is the user's at the target, as people read it: what is dropped must be among it. */
  readonly usersObjects: readonly string[];
  /** A few of the things that are there. */
  readonly holds: readonly string[];
  /** The user's at the target that the backup has not: they go. */
  readonly removed: readonly string[];
  /** What this role may not make there. */
  readonly notAllowed: readonly NotAllowed[];
  /** What the role may make and not give to its owner. */
  readonly ownersOut: readonly OwnerOutOfReach[];
  /** Keys that the rows which are brought may not hold. */
  readonly keysBehind: readonly KeyBehind[];
  /** Keys (`nameKey`) of what is there and may not be made again: it is not dropped, and is compared. */
  readonly stays: ReadonlySet<string>;
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
export interface ProjectInputs {
  readonly request: RestoreRequest;
  readonly backup: Backup;
  readonly set: ArtifactSet;
  readonly tools: ToolSet;
  readonly target: TargetState;
  readonly ends: BothEnds;
}
