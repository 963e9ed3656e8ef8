import { HoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import { findingSentence } from "../../copy/judging/headline.ts";
import { settingName } from "../../copy/judging/compare-database.ts";
import type { DatabaseProperties, DatabaseSetting } from "../../copy/judging/database-properties.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import type { DatabaseRecord } from "../../../nouns/content/record.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import {
  databaseRightsNotes,
  putDatabaseRights,
  type DatabaseRightsPut,
  type DatabaseRightsToDo,
} from "./database-rights.ts";
import { rightsIntoDatabase, type RightsIntoDatabase } from "./rights-into-database.ts";
import { setSettings, settingsToSet } from "./settings-into-database.ts";

/** What the source's database had, and what decides how much of it the target's gets. */
export interface PropertiesSource {
  readonly properties: DatabaseProperties;
  /**
   * As the manifest has it: the archive holds only how its rights differ from those that every database has.
   */
  readonly record: DatabaseRecord | undefined;
  readonly profile: PlatformProfile | undefined;
  readonly isNew: boolean;
  /** Roles that the restore makes. */
  readonly made: ReadonlySet<string>;
  /** Leaves rights alone: `--no-privileges`, and a project, which gives them by its own rule. */
  readonly withoutRights: boolean;
  /** Connections that the restore itself may need. */
  readonly connections: number;
}

/** What is done to the target's database; a plan shows it. */
export interface PropertiesToDo {
  readonly settings: readonly DatabaseSetting[];
  readonly comment: string | undefined;
  readonly connectionLimit: number | undefined;
  readonly rights: RightsIntoDatabase;
  /** What stays as it is, and why. */
  readonly notes: readonly string[];
}

/**
 * Holds what the source's database had against what the session's has. The target's own wins in everything:
 * it was set by whoever runs it, and may be right for this server alone.
 */
export async function propertiesToDo(
  session: DatabaseSession,
  source: PropertiesSource,
): Promise<PropertiesToDo> {
  const { properties, record, profile, made, isNew, withoutRights, connections } = source;
  const [here] = await session.query<{ comment: string | null; limit: number }>(`
    SELECT shobj_description(oid, 'pg_database') AS comment, datconnlimit AS "limit"
      FROM pg_database
     WHERE datname = current_database()
  `);
  const { comment, connectionLimit } = properties;
  const settings = await settingsToSet(session, properties.settings, profile, made);
  const rights =
    withoutRights || record?.rights === undefined
      ? { given: [], taken: [], notes: [] }
      : await rightsIntoDatabase(session, {
          rights: record.rights,
          owner: properties.owner,
          profile,
          isNew,
          made,
        });
  // So low a limit could keep out the comparison, and the application with it.
  const isLow = connectionLimit !== undefined && connectionLimit < connections;
  return {
    settings: settings.set,
    rights,
    comment: here!.comment === null ? comment : undefined,
    connectionLimit: here!.limit < 0 && !isLow ? connectionLimit : undefined,
    notes: [
      ...settings.notes,
      ...lostNotes(record, properties),
      ...rights.notes,
      ...(comment === undefined || here!.comment === null || here!.comment === comment
        ? []
        : [OTHER_COMMENT]),
      ...(connectionLimit === undefined || connectionLimit === here!.limit || (here!.limit < 0 && !isLow)
        ? []
        : [limitNote(connectionLimit, here!.limit)]),
      ...properties.others.map((what) => `the source's database had ${what}, which is not brought`),
    ],
  };
}

const OTHER_COMMENT = "the comment on the target's database is another than the source's, and stays";

/** What the manifest names and the archive lacks. */
function lostNotes(record: DatabaseRecord | undefined, { settings }: DatabaseProperties): string[] {
  const archived = new Set(settings.map(settingName));
  return (record?.settings ?? [])
    .filter((name) => !archived.has(name))
    .map(
      (name) =>
        `database setting ${name} was set for the source's database, and the archive does not hold it: ` +
        "validate the backup",
    );
}

function limitNote(source: number, here: number): string {
  const why =
    here < 0
      ? "is not set here, where it would keep out the restore's own sessions"
      : `is ${here} here, and stays`;
  return `the connection limit of the source's database was ${source}; it ${why}`;
}

/** What will be done, or was, in one line each. */
export function propertiesSentences({
  settings,
  comment,
  connectionLimit,
  rights,
}: PropertiesToDo): string[] {
  return [
    ...(settings.length === 0
      ? []
      : [`settings of the source's database: ${settings.map(settingName).join(", ")}`]),
    ...(comment === undefined ? [] : ["the comment of the source's database"]),
    ...(connectionLimit === undefined
      ? []
      : [`the connection limit of the source's database: ${connectionLimit}`]),
    ...databaseRightsNotes(rights),
  ];
}

/**
 * Does it, inside a transaction. Nothing of it ends the restore: what the server refuses is said.
 *
 * @param database the session's, by name
 * @returns what was done and what could not be
 */
export async function bringProperties(
  session: DatabaseSession,
  database: string,
  source: PropertiesSource,
): Promise<readonly string[]> {
  const toDo = await propertiesToDo(session, source);
  const name = quoteIdentifier(database);
  const { set, notes } = await setSettings(session, database, toDo.settings);
  const refused = [...notes];
  const attempt = async (what: string, statement: string): Promise<boolean> => {
    const error = await refusal(session, () => session.query(statement));
    if (error !== undefined) {
      refused.push(`the ${what} of the source's database could not be set: ${serverWords(error)}`);
    }
    return error === undefined;
  };
  const { comment, connectionLimit } = toDo;
  const commented =
    comment !== undefined &&
    (await attempt("comment", `COMMENT ON DATABASE ${name} IS ${quoteLiteral(comment)}`));
  const limited =
    connectionLimit !== undefined &&
    (await attempt("connection limit", `ALTER DATABASE ${name} CONNECTION LIMIT ${connectionLimit}`));
  const rights = source.withoutRights
    ? { done: NOTHING, notes: [] }
    : await bringRights(session, database, source);
  const done: PropertiesToDo = {
    settings: set,
    comment: commented ? comment : undefined,
    connectionLimit: limited ? connectionLimit : undefined,
    rights: { ...rights.done, notes: [] },
    notes: [],
  };
  return [
    ...propertiesSentences(done).map((sentence) => `brought: ${sentence}`),
    ...toDo.notes,
    ...refused,
    ...rights.notes,
  ];
}

const NOTHING: DatabaseRightsToDo = { given: [], taken: [] };

/** A role that could not connect any more is given back what it had. */
async function bringRights(
  session: DatabaseSession,
  database: string,
  { record, properties, profile, isNew, made }: PropertiesSource,
): Promise<{ readonly done: DatabaseRightsToDo; readonly notes: readonly string[] }> {
  const { rights } = record ?? {};
  const lost = (why: string): string => `rights on the database itself were not brought: ${why}`;
  if (rights === undefined) {
    return { done: NOTHING, notes: [lost("this backup does not say which there were")] };
  }
  let put: DatabaseRightsPut = { done: NOTHING, findings: [] };
  const error = await refusal(session, async () => {
    const ends = { rights, owner: properties.owner, profile, isNew, made };
    put = await putDatabaseRights(session, database, () => rightsIntoDatabase(session, ends), rights);
    const [row] = await session.query<{ may: boolean }>(
      "SELECT has_database_privilege(current_database(), 'CONNECT') AS may",
    );
    if (!row!.may) {
      throw new HoldfastError("database.permission", "the role that restores could not connect any more");
    }
  });
  return error === undefined
    ? { done: put.done, notes: put.findings.map(findingSentence) }
    : { done: NOTHING, notes: [lost(serverWords(error))] };
}
