/**
 * A hosting platform that keeps things of its own inside its customers' databases: schemas that its services
 * migrate, roles nobody may alter, event triggers that watch. What is the platform's comes from the platform;
 * what is the user's comes from a backup; and a restore that takes one for the other fails, or breaks
 * sign-ups in silence.
 *
 * A profile is data, with its sources. It is never a claim about one server: what a role may do there is
 * found by asking.
 */
export interface PlatformProfile {
  /** As a manifest names it. */
  readonly name: PlatformName;
  /** As people call it. */
  readonly title: string;
  /** Where the facts are from. */
  readonly sources: readonly string[];
  /**
   * By what a server is known: all of it has to be there, so that a schema of the same name alone does not
   * make a platform.
   */
  readonly marks: PlatformMarks;
  /** Roles that the platform makes and keeps; matched whole. */
  readonly roles: readonly string[];
  /**
   * Of these, the ones that nobody but the platform can be. What they own is the platform's, wherever it
   * stands and whether it is known here or not; what the others own may be anybody's who acts as them.
   */
  readonly onlyPlatform: readonly string[];
  /**
   * Schemas that the platform's services make and migrate; without any, nothing in a database is told to be
   * its own by where it stands.
   */
  readonly schemas: readonly PlatformSchema[];
  /** Event triggers that the platform makes; they belong to no schema. */
  readonly eventTriggers: readonly string[];
  /**
   * Settings that the platform gives the database, or roles in it: those of another project would be wrong
   * in this one.
   */
  readonly databaseSettings: readonly string[];
  /** Publications that the platform makes; its users fill them, but for {@link filledByItself}. */
  readonly publications: readonly string[];
  /** Of {@link publications}, those that the platform's services fill themselves. */
  readonly filledByItself: readonly string[];
  /** Functions whose triggers reach out of the database: such a trigger comes back switched off. */
  readonly webhookFunctions: readonly string[];
  /** Extensions that the platform's own services stand on; any other was enabled by a user. */
  readonly extensions: readonly string[];
  /** Extensions of users' that the platform alters when they are enabled, by its event triggers. */
  readonly alteredExtensions: readonly string[];
  /**
   * The role that people work as, where it is one of {@link roles}; what it owns is the user's, but for
   * {@link ownedByWorkingRole}.
   */
  readonly workingRole?: string;
  /**
   * What that role owns in the platform's schemas although the platform made it, as `[kind, identity]` of a
   * content record: it was made before the role stopped being a superuser.
   */
  readonly ownedByWorkingRole: readonly (readonly [kind: string, identity: string])[];
}

/** Names of the known platforms. */
export const PLATFORM_NAMES = [
  "supabase",
  "azure-flexible-server",
  "amazon-rds",
  "google-cloud-sql",
] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];

/** What has to be there for a server to be this platform's. */
export interface PlatformMarks {
  readonly roles: readonly string[];
  /** Tables, each with a role that owns it on the platform. */
  readonly tables: readonly {
    readonly schema: string;
    readonly name: string;
    readonly owners: readonly string[];
  }[];
}

/** A schema of the platform's. */
export interface PlatformSchema {
  readonly name: string;
  /** What it is for, in a few words. */
  readonly purpose: string;
  /**
   * Its tables whose rows are somebody's; rows of every other table of it are the platform's own and are left
   * alone.
   */
  readonly rows: readonly PlatformRows[];
  /**
   * Names of all indexes that the platform's service has ever made there, those of constraints left out; any
   * other is the user's. Absent: not known, and no index is told to be the user's by its name.
   */
  readonly indexes?: readonly string[];
  /**
   * Columns, as `table.column`, on which that service has ever put a comment; one on any other column is the
   * user's. Absent: not known.
   */
  readonly columnComments?: readonly string[];
  /**
   * Columns, as `table.column`, that some versions of that service fill from the row's other columns, with
   * the expression in SQL: what is in one is no loss, and where the backup has none it is made.
   */
  readonly computed?: Readonly<Record<string, string>>;
  /**
   * Table in which the platform's service keeps the versions it has applied, and the column that orders them.
   */
  readonly migrations?: {
    readonly table: string;
    readonly column: string;
    /**
     * The last version whose indexes and comments are known; of a later one, unknown names are the
     * platform's in doubt.
     */
    readonly known?: string;
  };
}

/** Rows of a table of the platform's that a project would miss. */
export interface PlatformRows {
  readonly table: string;
  readonly kind: RowsKind;
  /** They follow from rows of other tables: where a target has no such table, nothing is lost. */
  readonly derived?: true;
  /** The statement that makes them of the others, for a backup of a version that had no such table. */
  readonly fill?: string;
}

/**
 * What rows are, and so what a restore into a project does with them.
 *
 * - `user`: comes back. `session`: who is signed in, and steps of signing in that are under way; comes back
 *   only when asked for, because a session that was ended since would live again. `job`: comes back paused.
 *   `secret`: encrypted with a key that no dump holds; never comes back and is named. `log`: what has
 *   happened; stays behind. `bookkeeping`: the platform's own state, which must fit its own version.
 */
export type RowsKind = "user" | "session" | "job" | "secret" | "log" | "bookkeeping";
